"""What the platform says of itself."""

from __future__ import annotations

import json

from django.conf import settings

from accounts.testing import People
from m3m_site import __version__


class SystemTest(People):
    def test_everybody_may_know_the_version(self) -> None:
        answer = self.client_of(None).get("/api/version")
        self.assertEqual(answer.json(), {"name": "M3M", "version": __version__, "api": "3.1.0"})

    def test_the_root_sees_the_installation_without_secrets(self) -> None:
        answer = self.client_of(self.root).get("/api/system/info")
        self.assertEqual(answer.status_code, 200)
        body = answer.json()
        self.assertEqual((body["counts"]["users"], body["versions"]["m3m"]), (4, __version__))
        told = json.dumps(body)
        for secret in (settings.SECRET_KEY, settings.SIMPLE_JWT["SIGNING_KEY"], settings.ENCRYPTION_KEY):
            self.assertNotIn(secret, told)
        self.assertEqual(self.client_of(self.root).get("/api/system/nodes").json(), [])

    def test_charlie_sees_neither(self) -> None:
        for path in ("/api/system/info", "/api/system/nodes"):
            self.assertEqual(self.client_of(self.charlie).get(path).status_code, 403)
