"""Export and import of a project as one archive."""

from __future__ import annotations

import io
import json
import stat
import struct
import time
import zipfile
from collections.abc import Mapping
from typing import Any
from unittest import mock

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import TransactionTestCase

from accounts.errors import UserError
from accounts.models import SYSTEM, AuditEntry, User
from projects import parts
from projects.actions.archives import export_project, import_project
from projects.actions.env import replace_env
from projects.actions.projects import create_project, update_project
from projects.archives.reading import Reader
from projects.archives.writing import Writer
from projects.models import EnvVar, Project
from projects.parts import ArchiveReader, ArchiveWriter, ExportOptions
from projects.testing import ProjectCase

VARIABLES: list[dict[str, Any]] = [
    {"key": "GREETING", "type": "string", "value": "Hello"},
    {"key": "TOKEN", "type": "secret", "value": "planted"},
    {"key": "LIST", "type": "json", "value": [1, {"a": None}]},
]
MANIFEST = {
    "kind": "m3m-project",
    "format": 1,
    "m3m": "0.1.0",
    "parts": [],
    "project": {"name": "Odd", "slug": "odd"},
}


def zipped(files: Mapping[str, object], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip file of texts, bytes and JSON values, with a manifest unless one is given."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, value in {"manifest.json": MANIFEST, **files}.items():
            archive.writestr(name, value if isinstance(value, str | bytes) else json.dumps(value))
    return target.getvalue()


class MoveCase(ProjectCase):
    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        settings: dict[str, Any] = {
            "color": "teal",
            "keep_runs": 7,
            "auto_start": False,
            "time_zone": "Asia/Tokyo",
        }
        cls.project = update_project(actor=cls.alice, project=cls.project, **settings)
        replace_env(actor=cls.alice, project=cls.project, variables=VARIABLES)

    def exported(self) -> bytes:
        with export_project(actor=self.alice, project=self.project, options=ExportOptions()) as file:
            return file.read()

    def send(self, archive: bytes, query: str = "", user: User | None = None) -> Any:  # noqa: ANN401  (an answer)
        client = self.client_of(user or self.charlie)
        return client.generic("POST", f"/api/projects/import{query}", archive, content_type="application/zip")  # type: ignore[arg-type]  # bytes are taken too

    def code(self, archive: bytes) -> tuple[int, str]:
        answer = self.send(archive)
        return answer.status_code, answer.json()["code"]


class ExportProjectTest(MoveCase):
    def test_it_answers_a_zip_file(self) -> None:
        client = self.client_of(self.alice)
        answer = client.get("/api/projects/shop/export", headers={"Accept": "application/zip"})
        self.assertEqual((answer.status_code, answer["Content-Type"]), (200, "application/zip"))
        self.assertRegex(answer["Content-Disposition"], r'attachment; filename="shop-\d{8}-\d{6}\.zip"')
        data = answer.getvalue()
        self.assertEqual(int(answer["Content-Length"]), len(data))
        archive = zipfile.ZipFile(io.BytesIO(data))
        self.assertIsNone(archive.testzip())
        manifest = json.loads(archive.read("manifest.json"))
        self.assertEqual((manifest["format"], manifest["project"]["time_zone"]), (1, "Asia/Tokyo"))
        self.assertEqual(manifest["parts"], [part.name for part in parts.registered()])
        self.assertEqual(manifest["options"], {"records": True, "files": False})

    def test_it_holds_no_secret(self) -> None:
        archive = zipfile.ZipFile(io.BytesIO(self.exported()))
        texts = b"".join(archive.read(name) for name in archive.namelist())
        self.assertIn(b"TOKEN", texts)
        self.assertNotIn(b"planted", texts)

    def test_the_audit_knows(self) -> None:
        self.client_of(self.alice).get("/api/projects/shop/export?records=false&files=true").getvalue()
        entry = AuditEntry.objects.get(verb="export_project")
        self.assertEqual((entry.actor, entry.after), (self.alice, {"records": False, "files": True}))

    def test_who_may(self) -> None:
        for user, code in ((None, 401), (self.charlie, 404), (self.bob, 403), (self.root, 200)):
            answer = self.client_of(user).get("/api/projects/shop/export")
            self.assertEqual(answer.status_code, code, user)
            answer.getvalue()
        wrong = self.client_of(self.alice).get("/api/projects/shop/export?records=perhaps")
        self.assertEqual(wrong.status_code, 400)

    def test_what_no_import_would_take_is_refused(self) -> None:
        with mock.patch("projects.archives.writing.ARCHIVE_CONTENT_BYTES", 100):
            answer = self.client_of(self.alice).get("/api/projects/shop/export")
        self.assertEqual((answer.status_code, answer.json()["code"]), (413, "archive_too_large"))
        with mock.patch("projects.archives.writing.ARCHIVE_ENTRIES", 1), self.assertRaises(UserError):
            self.exported()
        free = mock.patch("projects.archives.writing.ARCHIVE_FREE_BYTES", 1000)
        with free, self.assertRaises(UserError), Writer(io.BytesIO()) as writer:
            writer.part("x").put_lines("y", iter(["a" * 1000] * 1000))


class ImportProjectTest(MoveCase):
    def test_it_makes_the_same_project(self) -> None:
        answer = self.send(self.exported(), "?name=Copy&slug=copy")
        self.assertEqual(answer.status_code, 201, answer.content)
        body = answer.json()
        self.assertEqual(body["missing_secrets"], ["TOKEN"])
        told = body["project"]
        self.assertEqual(
            (told["name"], told["slug"], told["owner"]["email"]), ("Copy", "copy", self.charlie.email)
        )
        self.assertEqual((told["color"], told["keep_runs"], told["auto_start"]), ("teal", 7, False))
        self.assertEqual((told["time_zone"], told["status"]), ("Asia/Tokyo", "stopped"))
        made = Project.objects.get(slug="copy")
        self.assertEqual(EnvVar.objects.values_for(made), {"GREETING": "Hello", "LIST": [1, {"a": None}]})
        self.assertTrue(AuditEntry.objects.filter(verb="import_project", target_id=str(made.pk)).exists())

    def test_a_taken_slug_gets_a_number(self) -> None:
        archive = self.exported()
        for slug in ("shop-2", "shop-3"):
            self.assertEqual(self.send(archive).json()["project"]["slug"], slug)
        answer = self.send(archive, "?slug=shop")
        self.assertEqual((answer.status_code, answer.json()["code"]), (409, "slug_taken"))

    def test_a_form_is_taken_too(self) -> None:
        file = SimpleUploadedFile("shop.zip", self.exported(), "application/zip")
        client = self.client_of(self.charlie)
        answer = client.post("/api/projects/import", {"archive": file, "slug": "formed"}, format="multipart")
        self.assertEqual((answer.status_code, answer.json()["project"]["slug"]), (201, "formed"))
        answer = client.post("/api/projects/import", {"slug": "formed"}, format="multipart")
        self.assertEqual((answer.status_code, answer.json()["errors"][0]["pointer"]), (400, "/archive"))

    def test_who_may(self) -> None:
        archive = self.exported()
        self.assertEqual(self.send(archive, user=self.bob).status_code, 403)
        answer = self.client.generic("POST", "/api/projects/import", archive, content_type="application/zip")
        self.assertEqual(answer.status_code, 401)

    def test_the_system_names_an_owner(self) -> None:
        done = import_project(actor=SYSTEM, owner=self.bob, archive=io.BytesIO(self.exported()))
        self.assertEqual(done.project.owner, self.bob)


class RefuseArchiveTest(MoveCase):
    def test_what_is_no_archive(self) -> None:
        whole = self.exported()
        rows = (
            b"x",
            b"PK",
            whole[:-30],
            whole[:200],
            b"PK\x05\x06" + bytes(18),
            zipped({"manifest.json": "["}),
        )
        for wrong in (
            *rows,
            zipped({"manifest.json": {}}),
            zipped({"manifest.json": {**MANIFEST, "project": 1}}),
        ):
            self.assertEqual(self.code(wrong), (422, "archive_invalid"), wrong[:40])
        self.assertEqual(self.send(b"").status_code, 400)
        self.assertEqual(Project.objects.count(), 2)

    def test_a_damaged_file(self) -> None:
        data = bytearray(zipped({"env/variables.json": "[" + " " * 5000 + "]"}, zipfile.ZIP_STORED))
        data[data.index(b"     ") + 50] = 65
        self.assertEqual(self.code(bytes(data)), (422, "archive_invalid"))

    def test_other_formats_and_parts(self) -> None:
        newer = {**MANIFEST, "format": 2, "m3m": "9.1"}
        answer = self.send(zipped({"manifest.json": newer}))
        self.assertEqual((answer.status_code, answer.json()["code"]), (422, "archive_format_unknown"))
        self.assertIn("9.1", answer.json()["detail"])
        unknown = {**MANIFEST, "parts": ["env", "teleport"]}
        self.assertEqual(self.code(zipped({"manifest.json": unknown})), (422, "archive_part_unknown"))

    def test_names_that_lead_elsewhere(self) -> None:
        for name in (
            "../x",
            "/x",
            "a/../x",
            "a//x",
            "./x",
            "a\\x",
            "C:x",
            "a\x1fx",
            "..",
            "x" * 1300,
            "a/./b",
        ):
            self.assertEqual(self.code(zipped({name: "x"})), (422, "archive_invalid"), name)
        link = zipfile.ZipInfo("files/link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr(link, "/etc/passwd")
        self.assertEqual(self.code(target.getvalue()), (422, "archive_invalid"))

    def test_a_name_that_is_there_twice(self) -> None:
        target = io.BytesIO()
        with self.assertWarns(UserWarning), zipfile.ZipFile(target, "w") as archive:
            for _ in range(2):
                archive.writestr("manifest.json", json.dumps(MANIFEST))
        self.assertEqual(self.code(target.getvalue()), (422, "archive_invalid"))

    def test_hostile_settings_and_variables(self) -> None:
        rows: tuple[Mapping[str, object], ...] = (
            {"name": "a\0b"},
            {"name": 1},
            {"name": "x", "keep_runs": True},
            {"name": "x", "keep_runs": 10**30},
            {"name": "x" * 1000},
            {"name": "x", "color": "beige"},
            {"name": "x", "time_zone": "../UTC"},
        )
        for project in rows:
            answer = self.send(zipped({"manifest.json": {**MANIFEST, "project": project}}))
            self.assertIn(answer.status_code, (400, 422), project)
        good = {"key": "A", "type": "string", "value": "x"}
        wrong: tuple[Any, ...] = (
            {},
            [1],
            [{}],
            [{**good, "key": 1}],
            [{**good, "value": {}}],
            [{**good, "type": []}],
            [good, good],
        )
        for variables in wrong:
            answer = self.send(zipped({"env/variables.json": variables}))
            self.assertIn(answer.status_code, (400, 422), variables)
        self.assertEqual(Project.objects.count(), 2)

    def test_bombs_go_off_outside(self) -> None:
        bombs = {
            "zeros": zipped({"env/variables.json": bytes(80 * 1024**2)}),
            "shared bytes": self.overlapping(),
            "entries": self.crowded(),
        }
        for name, bomb in bombs.items():
            begun = time.monotonic()
            status = self.send(bomb).status_code
            self.assertIn(status, (413, 422), name)
            self.assertLess(time.monotonic() - begun, 3, name)

    def test_a_manifest_is_short(self) -> None:
        answer = self.send(zipped({"manifest.json": b"[" + b"[]," * 40_000 + b"[]]"}))
        self.assertEqual((answer.status_code, answer.json()["code"]), (413, "archive_too_large"))

    def overlapping(self) -> bytes:
        """Many entries that all point to the same bytes, each modest."""
        data = zipped({"a": bytes(4 * 1024**2)})
        return self.repeated(data, 2000)

    def crowded(self) -> bytes:
        """More entries than the end of the directory admits to."""
        return self.repeated(zipped({}), 200_000, told=3)

    def repeated(self, data: bytes, times: int, told: int | None = None) -> bytes:
        end = data.rindex(b"PK\x05\x06")
        entries = data[data.index(b"PK\x01\x02") : end]
        last = entries[entries.rindex(b"PK\x01\x02") :]
        count = told or min(times, 0xFFFF)
        length = len(last) * times
        tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, length, end - len(entries), 0)
        return data[: end - len(entries)] + last * times + tail

    def test_too_much_is_refused_before_it_is_read(self) -> None:
        client = self.client_of(self.charlie)
        with mock.patch("projects.api.archives.ARCHIVE_BYTES", 10):
            answer = client.generic(
                "POST",
                "/api/projects/import",
                bytes(70_000),  # type: ignore[arg-type]  # bytes are taken too
                content_type="application/zip",
            )
        self.assertEqual((answer.status_code, answer.json()["code"]), (413, "too_large"))

    def test_a_part_that_stumbles_leaves_nothing(self) -> None:
        class Stumbling:
            name = "stumbling"

            def dump(self, project: Project, archive: ArchiveWriter, options: ExportOptions) -> None:
                archive.put_json("x.json", {})

            def load(self, project: Project, archive: ArchiveReader, actor: object) -> None:
                project.name = archive.get_json("x.json")["missing"]

        with mock.patch.dict(parts._parts):
            parts.register(Stumbling())
            self.assertEqual(self.code(self.exported()), (422, "archive_invalid"))
        self.assertEqual(Project.objects.count(), 2)


class ReaderTest(ProjectCase):
    def test_parts_read_what_parts_wrote(self) -> None:
        target = io.BytesIO()
        with Writer(target) as writer:
            writer.put_json("manifest.json", MANIFEST)
            part = writer.part("p")
            part.put_json("a.json", {"ä": 1})
            part.put_lines("rows/1.jsonl", iter([{"n": n} for n in range(1000)]))
            part.put_stream("files/deep/x", io.BytesIO(b"\0" * 300_000))
        read = Reader(target).part("p")
        self.assertEqual(read.names(), ["a.json", "files/deep/x", "rows/1.jsonl"])
        self.assertEqual(read.names("files/"), ["files/deep/x"])
        self.assertEqual(read.get_json("a.json"), {"ä": 1})
        self.assertEqual(read.get_json("none", 5), 5)
        self.assertEqual([row["n"] for row in read.get_lines("rows/1.jsonl")], list(range(1000)))
        self.assertEqual(list(read.get_lines("none")), [])
        self.assertEqual(read.get_stream("files/deep/x").read(), b"\0" * 300_000)
        with self.assertRaises(UserError):
            read.get_stream("../manifest.json")


class SnapshotTest(TransactionTestCase):
    def test_an_export_is_of_one_moment_and_holds_nobody_up(self) -> None:
        root = User.objects.create_superuser("root@example.org")
        project = create_project(actor=root, name="Shop")
        replace_env(actor=root, project=project, variables=VARIABLES[:1])

        class Meddling:
            """Lets another process change what the next part is going to write."""

            name = "a-meddling"

            def dump(self, project: Project, archive: ArchiveWriter, options: ExportOptions) -> None:
                list(EnvVar.objects.filter(project=project))
                meddle(str(project.pk))

            def load(self, project: Project, archive: ArchiveReader, actor: object) -> None: ...

        with mock.patch.dict(parts._parts):
            parts.register(Meddling())
            with export_project(actor=root, project=project, options=ExportOptions()) as file:
                exported = zipfile.ZipFile(file).read("env/variables.json")
        self.assertEqual(EnvVar.objects.count(), 0, "the other one was not held up")
        self.assertIn(b"Hello", exported)


def meddle(project: str) -> None:
    """Delete variables over a connection of its own."""
    other = connection.copy(alias="default")
    try:
        with other.cursor() as cursor:
            cursor.execute("DELETE FROM projects_envvar")
    finally:
        other.close()
