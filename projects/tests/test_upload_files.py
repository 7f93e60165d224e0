from __future__ import annotations

import io
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, TransactionTestCase, override_settings
from django.utils import timezone

from accounts.errors import UserError
from accounts.models import AuditEntry, User
from accounts.permissions import SYSTEM
from projects.actions.projects import create_project
from projects.files.project_files import ProjectFiles
from projects.models import StorageReservation, StorageUsage
from projects.tests.files import FilesCase

BINARY = "application/octet-stream"


def file(name: str, data: bytes = b"x") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


class UploadFilesTest(FilesCase):
    def form(self, query: str = "", **fields: object) -> Any:  # noqa: ANN401
        return self.ask("post", f"/upload{query}", fields, format="multipart")

    def raw(self, *arguments: Any, **extra: Any) -> Any:  # noqa: ANN401
        """A request with headers and a body as no client would make them."""
        return self.client_of_bob.generic(*arguments, **extra)

    def left(self) -> list[str]:
        """What stands in the temporary folder."""
        return os.listdir(settings.STORAGE_ROOT / str(self.project.pk) / "tmp")

    def test_a_form_with_files(self) -> None:
        large = os.urandom(3_000_000)
        response = self.form(path="docs", file=[file("a.txt", b"1"), file("b.bin", large)])
        self.assertEqual(response.status_code, 201)
        self.assertEqual([one["path"] for one in response.json()], ["docs/a.txt", "docs/b.bin"])
        self.assertEqual(self.content("docs/b.bin"), large)
        self.assertEqual(self.left(), [])
        self.assertEqual((self.files.figures().used, self.files.figures().files), (3_000_001, 3))
        self.assertFalse(StorageReservation.objects.exists())
        entry = AuditEntry.objects.filter(verb="upload_file").latest("created_at")
        self.assertEqual(entry.after, {"path": "docs/b.bin"})

    def test_the_path_may_come_after_the_file_or_in_the_query(self) -> None:
        body = (
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello\r\n'
            b'--b\r\nContent-Disposition: form-data; name="path"\r\n\r\nlate\r\n--b--\r\n'
        )
        response = self.ask(
            "post", "/upload?path=early", body, content_type="multipart/form-data; boundary=b"
        )
        self.assertEqual(response.status_code, 201, response.content)
        self.assertEqual(self.content("late/a.txt"), b"hello")
        self.form("?path=early", file=[file("a.txt")])
        self.assertEqual(self.content("early/a.txt"), b"x")

    def test_a_body_is_a_file(self) -> None:
        for kind in (BINARY, "image/png", "application/x-www-form-urlencoded", "application/json"):
            response = self.ask("post", "/upload?path=a/b.bin&overwrite=true", b"{a=b", content_type=kind)
            self.assertEqual(response.status_code, 201, kind)
            self.assertEqual([one["path"] for one in response.json()], ["a/b.bin"])
            self.assertEqual(self.content("a/b.bin"), b"{a=b")
        self.assertEqual(self.ask("post", "/upload?path=empty", b"", content_type=BINARY).status_code, 201)
        self.assertEqual(self.content("empty"), b"")

    def test_nothing_is_replaced_unasked(self) -> None:
        self.put("a.txt", b"old")
        self.refused(self.form(file=[file("b.txt"), file("a.txt")]), "file_exists")
        self.refused(self.form(file=[file("b.txt"), file("b.txt")]), "file_exists")
        self.refused(self.ask("post", "/upload?path=a.txt", b"new", content_type=BINARY), "file_exists")
        self.assertEqual((self.paths(), self.content("a.txt")), (["a.txt"], b"old"))
        self.assertEqual(self.form(file=[file("a.txt", b"new")], overwrite="true").status_code, 201)
        self.assertEqual(self.content("a.txt"), b"new")
        self.assertEqual(self.left(), [])

    def test_if_match(self) -> None:
        self.put("a.txt", b"old")
        etag = self.files.stat("a.txt").etag
        query = "/upload?path=a.txt&overwrite=true"
        headers = {"If-Match": etag}
        first = self.ask("post", query, b"one", content_type=BINARY, headers=headers)
        self.assertEqual(first.status_code, 201)
        self.refused(self.ask("post", query, b"two", content_type=BINARY, headers=headers), "stale")
        self.assertEqual(self.content("a.txt"), b"one")

    def test_hostile_names_lead_nowhere(self) -> None:
        names = ("../../evil.txt", "/etc/evil.txt", "C:\\evil.txt", "..\\..\\evil.txt", "a/b/evil.txt")
        for number, name in enumerate(names):
            body = (
                f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n.\r\n--b--\r\n'
            ).encode()
            kind = "multipart/form-data; boundary=b"
            response = self.ask("post", f"/upload?path={number}", body, content_type=kind)
            self.assertEqual(response.status_code, 201, response.content)
            self.assertEqual([one["path"] for one in response.json()], [f"{number}/evil.txt"])

    def test_it_refuses(self) -> None:
        multipart = "multipart/form-data; boundary=b"
        part = b'--b\r\nContent-Disposition: form-data; name="%s"; filename="a"\r\n\r\nx\r\n--b--\r\n'
        for query, body, kind, code in (
            ("", b"x", BINARY, "path_missing"),
            ("?path=../x", b"x", BINARY, "path_invalid"),
            ("?path=a&overwrite=perhaps", b"x", BINARY, "invalid"),
            ("", b"x", "multipart/form-data", "form_invalid"),
            ("", b"", multipart, "file_missing"),
            ("", b"no form at all", multipart, "file_missing"),
            ("", part % b"other", multipart, "field_unknown"),
            ("?path=..", part % b"file", multipart, "path_invalid"),
            ("", b"".join(part[:-7] % b"file" for _ in range(101)), multipart, "form_invalid"),
        ):
            with self.subTest(query=query, body=body[:40], kind=kind):
                self.refused(self.ask("post", f"/upload{query}", body, content_type=kind), code)
        self.assertEqual(self.paths(), [])
        self.assertFalse(StorageReservation.objects.exists())

    def test_what_is_too_large_is_refused_before_it_is_read(self) -> None:
        class Untouched(io.RawIOBase):
            def read(self, size: int = -1) -> bytes:
                raise AssertionError("the body was read")

        for limit, kind, code in (
            ("upload_limit", BINARY, "file_too_large"),
            ("project_limit", BINARY, "storage_limit_reached"),
            ("project_limit", "multipart/form-data; boundary=b", "storage_limit_reached"),
        ):
            with override_settings(STORAGE=settings.STORAGE.model_copy(update={limit: 100})):
                response = self.raw(
                    "POST",
                    f"{self.base}/upload?path=a",
                    b"",
                    content_type=kind,
                    CONTENT_LENGTH="1000000",
                    **{"wsgi.input": Untouched()},
                )
                self.refused(response, code)

    def test_limits_hold_while_a_form_streams(self) -> None:
        chosen = {"upload_limit": 1_000_000, "project_limit": 1_500_000}
        with override_settings(STORAGE=settings.STORAGE.model_copy(update=chosen)):
            self.refused(self.form(file=[file("a", b"x" * 1_000_001)]), "file_too_large")
            files = [file("a", b"x" * 900_000), file("b", b"x" * 600_001)]
            self.refused(self.form(file=files), "storage_limit_reached")
            self.assertEqual(self.paths(), [])
            files[1] = file("b", b"x" * 600_000)
            files[0].seek(0)
            self.assertEqual(self.form(file=files).status_code, 201)
        self.assertEqual(self.left(), [])

    def test_a_client_that_goes_away_leaves_nothing(self) -> None:
        for kind, query, body in (
            (BINARY, "?path=a", b"x" * 300_000),
            (
                "multipart/form-data; boundary=b",
                "",
                b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + b"x" * 300_000,
            ),
        ):
            response = self.raw(
                "POST",
                f"{self.base}/upload{query}",
                b"",
                content_type=kind,
                CONTENT_LENGTH="600000",
                **{"wsgi.input": io.BytesIO(body)},
            )
            self.refused(response, "upload_incomplete")
        self.assertEqual((self.paths(), self.left()), ([], []))
        self.assertFalse(StorageReservation.objects.exists())

    def test_a_body_without_a_length_is_refused(self) -> None:
        response = self.raw(
            "POST",
            f"{self.base}/upload?path=a",
            b"",
            content_type=BINARY,
            CONTENT_LENGTH="",
            HTTP_TRANSFER_ENCODING="chunked",
        )
        self.refused(response, "length_required")

    def test_sessions_need_the_csrf_token_and_their_body_is_not_spooled(self) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(self.bob)
        address = f"{self.base}/upload?path=docs"
        self.assertEqual(client.post(address, {"file": file("a")}).status_code, 403)
        client.get("/admin/projects/")
        token = client.cookies["m3m_csrf"].value
        headers = {"X-CSRFToken": token}
        with tempfile.TemporaryDirectory() as spool, override_settings(FILE_UPLOAD_TEMP_DIR=f"{spool}/none"):
            response = client.post(address, {"file": file("a", b"x" * 4_000_000)}, headers=headers)
        self.assertEqual(response.status_code, 201, response.content)


class StoreUploadTest(TransactionTestCase):
    """With real processes and threads: the database has to be seen by all."""

    def setUp(self) -> None:
        self.alice = User.objects.create_user("alice@example.org", can_create_projects=True)
        self.project = create_project(actor=SYSTEM, owner=self.alice, name="Shop", slug="shop")
        self.files = ProjectFiles(self.project.pk)
        self.addCleanup(self.files.store.destroy)

    def test_uploads_at_once_do_not_pass_the_limit_together(self) -> None:
        StorageUsage.objects.create(project=self.project, limit=1_000_000)
        outcomes: list[str] = []
        start = threading.Barrier(8)

        def upload(number: int) -> None:
            from django.db import connection  # noqa: PLC0415  (of this thread)

            try:
                start.wait()
                self.files.write_stream(f"{number}", [b"x" * 100_000, b"x" * 100_000])
                outcomes.append("stored")
            except UserError as error:
                outcomes.append(error.code)
            finally:
                connection.close()

        threads = [threading.Thread(target=upload, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        stored = outcomes.count("stored")
        self.assertEqual(set(outcomes), {"stored", "storage_limit_reached"})
        self.assertLessEqual(stored, 5)
        self.assertGreaterEqual(stored, 1)
        self.assertEqual(self.files.figures().used, stored * 200_000)
        self.assertEqual(self.files.store.usage().bytes, stored * 200_000)

    def test_a_process_killed_in_the_middle_leaves_a_temporary_file_alone(self) -> None:
        script = (
            "import django, os, sys; django.setup()\n"
            "from projects.files.project_files import ProjectFiles\n"
            f"upload = ProjectFiles(__import__('uuid').UUID('{self.project.pk}')).upload()\n"
            "upload.write(b'x' * 2_000_000)\n"
            "print('written', flush=True)\n"
            "sys.stdin.read()\n"
        )
        with self._child(script) as child:
            assert child.stdout
            self.assertEqual(child.stdout.readline(), b"written\n")
            child.send_signal(signal.SIGKILL)
        tmp = settings.STORAGE_ROOT / str(self.project.pk) / "tmp"
        self.assertEqual(len(os.listdir(tmp)), 1)
        self.assertEqual(len(self.files.list()), 0)
        self.assertEqual(self.files.figures().used, 0)
        self.assertEqual(StorageReservation.objects.count(), 1)
        later = timezone.now() + StorageReservation.LIFETIME
        self.assertEqual(self.files.store.sweep(later), 1)
        StorageReservation.objects.update(expires_at=timezone.now())
        self.assertTrue(self.files.space.recount(self.files.store.usage))
        self.assertFalse(StorageReservation.objects.exists())

    def test_a_full_disk_is_said_and_mends_itself(self) -> None:
        with small_disk() as folder, override_settings(STORAGE_ROOT=folder):
            files = ProjectFiles(self.project.pk)
            files.write_stream("a", [b"x" * 500_000])
            with self.assertRaises(UserError) as raised:
                files.write_stream("b", [b"x" * 100_000] * 20)
            self.assertEqual((raised.exception.code, raised.exception.status), ("storage_full", 507))
            self.assertEqual([entry.path for entry in files.list()[:]], ["a"])
            with self.assertRaises(UserError):
                for number in range(10):
                    files.copy("a", f"copy-{number}")
            files.delete("a")
            files.write_stream("c", [b"x" * 100_000])
            self.assertEqual(files.store.usage().bytes, files.figures().used)

    @contextmanager
    def _child(self, script: str) -> Iterator[subprocess.Popen[bytes]]:
        from django.db import connection  # noqa: PLC0415

        name = str(connection.settings_dict["NAME"])
        config = f"from m3m_site.settings import *\nDATABASES['default']['NAME'] = {name!r}\n"
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "child_settings.py").write_text(config)
            environment = {
                **os.environ,
                "PYTHONPATH": f"{folder}:{settings.BASE_DIR}",
                "DJANGO_SETTINGS_MODULE": "child_settings",
            }
            child = subprocess.Popen(  # noqa: S603
                [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
            )
            with child:
                try:
                    yield child
                finally:
                    child.kill()


@contextmanager
def small_disk() -> Iterator[Path]:
    """A folder on a file system of 1 MB where this process may mount one; else files of 1 MB are the largest."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]
        mounted = subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        try:
            if not mounted:
                resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
            yield Path(folder)
        finally:
            if mounted:
                subprocess.run(["umount", "-l", folder], check=True)  # noqa: S603, S607
            else:
                resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
