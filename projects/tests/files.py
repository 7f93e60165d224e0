"""What tests of files share."""

from __future__ import annotations

from typing import Any

from rest_framework.test import APIClient

from projects.files.project_files import ProjectFiles
from projects.testing import ProjectCase


class FilesCase(ProjectCase):
    """Alice's project, its files, and Bob's client."""

    def setUp(self) -> None:
        super().setUp()
        self.files = ProjectFiles(self.project.pk)
        self.addCleanup(self.files.store.destroy)
        self.client_of_bob = self.client_of(self.bob)
        self.base = f"/api/projects/{self.project.slug}/storage"

    def put(self, path: str, data: bytes = b"x") -> None:
        self.files.write_stream(path, [data], overwrite=True)

    def paths(self, path: str = "") -> list[str]:
        return [entry.path for entry in self.files.list(path, recursive=True)[:]]

    def content(self, path: str) -> bytes:
        return self.files.read(path, 10**9)[1]

    def ask(self, method: str, path: str = "", data: Any = None, **options: Any) -> Any:  # noqa: ANN401
        """Bob's request below `…/storage`."""
        return getattr(self.client_of_bob, method)(f"{self.base}{path}", data, **options)

    def refused(self, response: Any, code: str) -> None:  # noqa: ANN401
        body = response.json()
        self.assertEqual((body["code"], body["status"]), (code, response.status_code), body)

    def client_of_charlie(self) -> APIClient:
        return self.client_of(self.charlie)
