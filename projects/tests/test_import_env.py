"""A pasted `.env` text."""

from __future__ import annotations

import time
from typing import Any

from accounts.models import AuditEntry
from projects.actions.env import replace_env
from projects.models import EnvVar
from projects.testing import ProjectCase

TEXT = """\
# mail
SMTP_HOST=mail.example.org
export SMTP_PORT = 25

QUOTED='single # quoted'   # a comment
DOUBLE="two\\nlines"
EMPTY=
REFERENCE=${SMTP_HOST}/x
"""


class ImportEnvTest(ProjectCase):
    def setUp(self) -> None:
        self.http = self.client_of(self.bob)

    def send(self, text: object, query: str = "", **more: object) -> Any:  # noqa: ANN401  (an answer)
        return self.http.post(f"/api/projects/shop/env/import{query}", {"text": text, **more})

    def values(self) -> dict[str, Any]:
        return EnvVar.objects.values_for(self.project)

    def test_it_reads_what_shells_read(self) -> None:
        response = self.send(TEXT)
        self.assertEqual(response.status_code, 200, response.content)
        self.assertEqual(
            self.values(),
            {
                "SMTP_HOST": "mail.example.org",
                "SMTP_PORT": "25",
                "QUOTED": "single # quoted",
                "DOUBLE": "two\nlines",
                "EMPTY": "",
                "REFERENCE": "${SMTP_HOST}/x",
            },
        )
        self.assertEqual(response.json()["created"], list(self.values()))
        self.assertEqual(EnvVar.objects.get(key="DOUBLE").type, "text")
        entry = AuditEntry.objects.get(verb="import_env")
        self.assertNotIn("mail.example.org", str(entry.after))

    def test_what_is_there_keeps_its_type_and_place(self) -> None:
        before: list[dict[str, Any]] = [
            {"key": "A", "type": "integer", "value": 1},
            {"key": "S", "type": "secret", "value": "old"},
            {"key": "Z", "type": "boolean", "value": True},
        ]
        replace_env(actor=self.bob, project=self.project, variables=before)
        response = self.send("NEW=1\nZ=true\nS=planted\nA=2")
        self.assertEqual(
            response.json(), {"created": ["NEW"], "updated": ["S", "A"], "unchanged": ["Z"], "deleted": []}
        )
        self.assertEqual(self.values(), {"A": 2, "S": "planted", "Z": True, "NEW": "1"})
        self.assertEqual(EnvVar.objects.get(key="S").type, "secret")
        self.assertEqual(
            self.send("B=1", replace=True, secret=True).json()["deleted"], ["A", "S", "Z", "NEW"]
        )
        self.assertEqual([(one.key, one.type) for one in EnvVar.objects.all()], [("B", "secret")])

    def test_it_is_whole_or_not_at_all(self) -> None:
        response = self.send("GOOD=1\n9BAD=1\nALONE\nplanted secret here\n")
        body = response.json()
        self.assertEqual((response.status_code, body["code"]), (400, "env_text_invalid"))
        self.assertEqual([line["line"] for line in body["lines"]], [2, 3, 4])
        self.assertNotIn("planted", response.content.decode())
        self.assertEqual(self.values(), {})
        replace_env(
            actor=self.bob, project=self.project, variables=[{"key": "N", "type": "integer", "value": 1}]
        )
        refused = self.send("A=1\nN=planted")
        self.assertEqual((refused.status_code, refused.json()["lines"][0]["line"]), (400, 2))
        self.assertNotIn("planted", refused.content.decode())
        self.assertEqual(self.values(), {"N": 1})

    def test_a_dry_run_only_tells(self) -> None:
        response = self.send("A=1", "?dry_run=true")
        self.assertEqual((response.status_code, response.json()["created"]), (200, ["A"]))
        self.assertEqual(self.values(), {})
        self.assertFalse(AuditEntry.objects.filter(verb="import_env").exists())
        for misspelled in ("?dry_run=perhaps", "?dryrun=true"):
            self.assertEqual(self.send("A=1", misspelled).status_code, 400)
        self.assertEqual(self.values(), {})

    def test_the_last_of_a_key_counts(self) -> None:
        self.send("A=1\nB=1\nA=2")
        self.assertEqual(list(self.values().items()), [("A", "2"), ("B", "1")])

    def test_limits_hold(self) -> None:
        many = "\n".join(f"K{number}=1" for number in range(65))
        self.assertEqual(self.send(many).json()["code"], "env_too_many")
        self.send("\n".join(f"K{number}=1" for number in range(64)))
        self.assertEqual(self.send("MORE=1").json()["code"], "env_too_many")
        self.assertEqual(len(self.values()), 64)
        self.assertEqual(self.send("A=" + "x" * 6000).json()["code"], "env_text_invalid")
        self.assertEqual(self.send("x" * 400_001).status_code, 400)
        odds: tuple[Any, ...] = (None, 1, [], {}, "A=\0")
        for odd in odds:
            self.assertEqual(self.send(odd).status_code, 400, repr(odd))

    def test_hostile_texts_take_no_time(self) -> None:
        begun = time.monotonic()
        for text in (
            "A='" + "x\\'" * 130_000,
            'A="\n' * 90_000,
            " " * 399_999 + "x",
            "export " * 57_000,
            "A=b" + " " * 399_000 + "c",
        ):
            self.assertEqual(self.send(text).status_code, 400)
        self.assertLess(time.monotonic() - begun, 10)

    def test_who_may(self) -> None:
        for user, code in ((None, 401), (self.charlie, 404), (self.bob, 200), (self.alice, 200)):
            self.http = self.client_of(user)
            self.assertEqual(self.send("A=1").status_code, code, user)


class RevealEnvTest(ProjectCase):
    def setUp(self) -> None:
        secret = {"key": "TOKEN", "type": "secret", "value": "planted"}
        replace_env(actor=self.alice, project=self.project, variables=[secret])

    def test_the_owner_sees_a_secret_and_the_audit_knows(self) -> None:
        client = self.client_of(self.alice)
        self.assertIsNone(client.get("/api/projects/shop/env/TOKEN").json()["value"])
        response = client.post("/api/projects/shop/env/TOKEN/reveal")
        self.assertEqual((response.status_code, response.json()), (200, {"key": "TOKEN", "value": "planted"}))
        self.assertEqual(response["Cache-Control"], "no-store")
        entry = AuditEntry.objects.get(verb="reveal_env")
        self.assertEqual((entry.actor, entry.after), (self.alice, {"key": "TOKEN"}))

    def test_an_unknown_one_is_not_found(self) -> None:
        for key in ("NONE", "%00", "a%0ab", "я"):
            for method, path in (("get", key), ("post", f"{key}/reveal"), ("delete", key)):
                response = getattr(self.client_of(self.alice), method)(f"/api/projects/shop/env/{path}")
                self.assertEqual(response.status_code, 404, path)

    def test_one_that_was_sealed_elsewhere_is_said(self) -> None:
        with self.settings(ENCRYPTION_KEY="another"):
            response = self.client_of(self.alice).post("/api/projects/shop/env/TOKEN/reveal")
        self.assertEqual((response.status_code, response.json()["code"]), (409, "env_unreadable"))

    def test_who_may(self) -> None:
        for user, code in ((None, 401), (self.charlie, 404), (self.bob, 403), (self.root, 200)):
            response = self.client_of(user).post("/api/projects/shop/env/TOKEN/reveal")
            self.assertEqual(response.status_code, code, user)
        for user, code in ((None, 401), (self.charlie, 404), (self.bob, 200)):
            self.assertEqual(self.client_of(user).get("/api/projects/shop/env/TOKEN").status_code, code)
