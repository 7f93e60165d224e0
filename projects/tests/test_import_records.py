from __future__ import annotations

import csv
import io
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.errors import NotFoundError, UserError
from accounts.models import AuditEntry
from projects.actions.import_runs import run_import
from projects.actions.imports import cancel_import, create_import
from projects.choices import ImportStatus
from projects.collections.imports import import_file, split_list
from projects.models import Record, RecordImport
from projects.tasks.imports import start_import, sweep_imports
from projects.tests.test_records_api import DATA, RecordsCase


class ImportCase(RecordsCase):
    def begin(self, text: str | bytes, form: str = "csv", **options: Any) -> RecordImport:
        data = text.encode() if isinstance(text, str) else text
        return create_import(actor=self.bob, collection=self.customers, pieces=[data], format=form, **options)

    def run_one(self, text: str | bytes, form: str = "csv", **options: Any) -> RecordImport:
        row = self.begin(text, form, **options)
        run_import(import_id=row.pk, worker="test")
        row.refresh_from_db()
        self.count()
        return row

    def emails(self) -> list[str]:
        rows = Record.objects.filter(collection=self.customers).order_by("pk")
        return [one.data["email"] for one in rows]

    def files(self) -> set[Path]:
        folder = Path(settings.DATA_DIR) / "imports"
        return set(folder.iterdir()) if folder.exists() else set()

    def told(self, row: RecordImport) -> list[tuple[int, str, str]]:
        return [(one["line"], one["pointer"], one["code"]) for one in row.errors]


class ImportRecordsTest(ImportCase):
    def test_it_imports_csv_json_and_lines(self) -> None:
        for form, text in (
            ("csv", "email,age,plan\r\na,1,pro\r\nb,,free\r\n"),
            ("csv", "\ufeffage;email\n3;e\n"),
            ("csv", "email\tage\nf\t4\n"),
            ("json", '[{"email": "g"}, {"email": "h", "age": 5.5}]'),
            ("jsonl", '{"email": "i"}\n\n{"email": "j"}'),
        ):
            row = self.run_one(text, form)
            self.assertEqual((row.status, row.errors), (ImportStatus.DONE, []), text)
            self.assertEqual((row.total, row.processed, row.inserted), (row.total, row.total, row.total))
            self.assertFalse(import_file(row).exists())
        self.assertEqual(self.emails(), ["a", "b", "e", "f", "g", "h", "i", "j"])
        self.assertEqual([one.data.get("age") for one in Record.objects.order_by("pk")][:2], [1, None])

    def test_one_wrong_line_keeps_all_out(self) -> None:
        row = self.run_one("email,age\na,1\nb,old\n,3\na,4\nc,5,6\n")
        self.assertEqual((row.status, row.failed, self.count()), (ImportStatus.FAILED, 4, 0))
        self.assertEqual(
            self.told(row),
            [
                (3, "/age", "type_wrong"),
                (4, "/email", "required"),
                (5, "/email", "record_not_unique"),
                (6, "", "cells_too_many"),
            ],
        )

    def test_skip_leaves_wrong_lines_out(self) -> None:
        row = self.run_one("email,age\na,1\nb,old\nc,3\na,4\n", on_error="skip")
        self.assertEqual((row.status, row.inserted, row.failed), (ImportStatus.DONE, 2, 2))
        self.assertEqual(self.emails(), ["a", "c"])

    def test_text_that_is_not_utf8_is_said(self) -> None:
        row = self.run_one("email\nпочта\n".encode("cp1251"), on_error="skip")
        self.assertIn("UTF-8", row.errors[0]["detail"])
        with self.assertRaises(UserError) as caught:
            self.begin("почта\na\n".encode("cp1251"))
        self.assertEqual(caught.exception.code, "import_not_utf8")

    def test_integers_are_not_rounded(self) -> None:
        row = self.run_one('{"email": "a", "age": 18446744073709551616}', "jsonl", on_error="skip")
        self.assertEqual(self.told(row), [(1, "", "out_of_range")])

    def test_a_dry_run_writes_nothing(self) -> None:
        for text, status in (("email\na\nb\n", ImportStatus.DONE), ("email\na\na\n", ImportStatus.FAILED)):
            row = self.run_one(text, dry_run=True)
            self.assertEqual((row.status, row.processed, self.count()), (status, 2, 0))

    def test_upsert_by_a_unique_field_and_by_id(self) -> None:
        kept = self.create(email="a", age=1, plan="pro")
        row = self.run_one("email,age\na,2\nb,3\nb,4\n", mode="upsert", key="email")
        self.assertEqual((row.status, row.inserted, row.updated), (ImportStatus.DONE, 1, 2), row.errors)
        values = {one.data["email"]: one.data for one in Record.objects.all()}
        self.assertEqual((values["a"]["age"], values["a"]["plan"], values["b"]["age"]), (2, "pro", 4))
        row = self.run_one(f"id,email\n{kept['id']},z\n", mode="upsert")
        self.assertEqual((row.updated, self.emails()), (1, ["z", "b"]))
        row = self.run_one(f"id,email\n{kept['id']},y\n")
        self.assertEqual(self.told(row), [(2, "/id", "record_exists")])

    def test_what_cannot_be_read_is_refused_at_once(self) -> None:
        client = self.client_of(self.bob)
        before = self.files()
        for text, query, code in (
            ("colour\nred\n", "", "import_header_invalid"),
            ("email,email\n", "", "import_header_invalid"),
            ("", "", "import_empty"),
            ('{"email": 1}', "?format=json", "import_not_json"),
            ("email\na\n", "?mode=upsert&key=age", "import_key_invalid"),
            ("email\na\n", "?mode=other", "invalid"),
        ):
            answer = client.generic("POST", f"{DATA}/import{query}", text, content_type="text/csv")
            self.assertEqual((answer.status_code, answer.json()["code"]), (400, code), text)
        self.assertEqual(self.files(), before)
        unknown = client.generic("POST", f"{DATA}/import", "x", content_type="text/plain")
        self.assertEqual(unknown.status_code, 415)

    def test_a_broken_file_fails_with_its_line(self) -> None:
        for form, text, code, line in (
            ("csv", b'email\na\n"b\nc\n', "import_not_csv", 4),
            ("json", b'[{"email": "a"}, {"email": ]', "import_not_json", 2),
            ("json", b'[{"email": "a"} {"email": "b"}]', "import_not_json", 2),
        ):
            row = self.run_one(text, form)
            self.assertEqual((row.status, self.count()), (ImportStatus.FAILED, 0), text)
            self.assertEqual((row.errors[-1]["code"], row.errors[-1]["line"]), (code, line), text)
        row = self.run_one(b"email\n\xff\n{\x00\n", on_error="skip")
        self.assertEqual(self.told(row), [(2, "/email", "text_invalid"), (3, "/email", "text_invalid")])
        row = self.run_one(b'{"email": NaN}\n5\n[' + b"[" * 5000 + b"\n", "jsonl", on_error="skip")
        codes = [code for _line, _pointer, code in self.told(row)]
        self.assertEqual(codes, ["import_not_json", "type_wrong", "import_not_json"])

    def test_errors_are_kept_up_to_a_thousand(self) -> None:
        row = self.run_one("email\n" + "a\n" * 1300, on_error="skip")
        self.assertEqual((row.inserted, row.failed, len(row.errors)), (1, 1299, 1000))

    def test_the_limit_of_records_ends_it(self) -> None:
        type(self.customers).objects.filter(pk=self.customers.pk).update(record_limit=600)
        row = self.run_one("email\n" + "".join(f"u{number}\n" for number in range(1200)))
        self.assertEqual(
            (row.status, row.errors[-1]["code"], self.count()), (ImportStatus.FAILED, "records_too_many", 500)
        )

    def test_a_killed_import_goes_on_where_it_ended(self) -> None:
        text = "email,age\n" + "".join(f"u{number},{number}\n" for number in range(1300))
        for on_error in ("abort", "skip"):
            Record.objects.all().delete()
            type(self.customers).objects.filter(pk=self.customers.pk).update(record_count=0)
            row = self.begin(text, on_error=on_error)
            asked: list[int] = []

            def dies(asked: list[int] = asked, last: int = 5 if on_error == "abort" else 2) -> bool:
                asked.append(1)
                if len(asked) == last:
                    raise KeyboardInterrupt
                return False

            with self.assertRaises(KeyboardInterrupt):
                run_import(import_id=row.pk, worker="first", stopping=dies)
            row.refresh_from_db()
            self.assertEqual((row.status, row.inserted, self.count()), (ImportStatus.RUNNING, 500, 500))
            run_import(import_id=row.pk, worker="early")
            row.refresh_from_db()
            self.assertEqual((row.inserted, row.worker), (500, "first"))
            RecordImport.objects.filter(pk=row.pk).update(
                lease_expires_at=timezone.now() - timedelta(seconds=1)
            )
            run_import(import_id=row.pk, worker="second")
            row.refresh_from_db()
            self.assertEqual(
                (row.status, row.inserted, self.count()), (ImportStatus.DONE, 1300, 1300), row.errors
            )
            self.assertEqual(self.emails(), [f"u{number}" for number in range(1300)])

    def test_one_who_lost_the_lease_writes_nothing(self) -> None:
        row = self.begin("email\n" + "".join(f"u{number}\n" for number in range(700)), on_error="skip")
        asked: list[int] = []

        def taken() -> bool:
            asked.append(1)
            if len(asked) == 2:
                RecordImport.objects.filter(pk=row.pk).update(epoch=9)
            return False

        run_import(import_id=row.pk, worker="test", stopping=taken)
        row.refresh_from_db()
        self.assertEqual((row.status, self.count()), (ImportStatus.RUNNING, 500))

    def test_cancelled_it_ends(self) -> None:
        row = self.begin("email\n" + "".join(f"u{number}\n" for number in range(700)), on_error="skip")
        asked: list[int] = []

        def cancels() -> bool:
            asked.append(1)
            if len(asked) == 2:
                cancel_import(actor=self.bob, row=row)
            return False

        with self.captureOnCommitCallbacks(execute=True):
            run_import(import_id=row.pk, worker="test", stopping=cancels)
        row.refresh_from_db()
        self.assertEqual((row.status, self.count()), (ImportStatus.CANCELLED, 500))
        self.assertFalse(import_file(row).exists())
        cancel_import(actor=self.bob, row=row)
        self.assertFalse(RecordImport.objects.filter(pk=row.pk).exists())

    def test_references_among_lines_of_one_file(self) -> None:
        from projects.actions.collections import update_collection  # noqa: PLC0415

        fields = [*self.customers.schema.as_json(), {"key": "boss", "type": "ref", "target": "customers"}]
        self.customers = update_collection(actor=self.bob, collection=self.customers, fields=fields)
        first, second = "01900000-0000-7000-8000-000000000001", "01900000-0000-7000-8000-000000000002"
        row = self.run_one(f"id,email,boss\n{first},a,\n{second},b,{first}\n")
        self.assertEqual((row.status, row.inserted), (ImportStatus.DONE, 2), row.errors)
        row = self.run_one(f"email,boss\nc,{self.customers.pk}\n")
        self.assertEqual(self.told(row), [(2, "/boss", "reference_missing")])

    def test_it_is_audited_without_values(self) -> None:
        row = self.run_one("email\nsecret@example.org\n")
        entries = AuditEntry.objects.filter(target_id=str(row.pk)).order_by("pk")
        self.assertEqual([one.verb for one in entries], ["create_import", "finish_import"])
        self.assertNotIn("secret@", json.dumps([[one.before, one.after] for one in entries]))


class ImportsApiTest(ImportCase):
    def test_a_form_and_its_progress(self) -> None:
        client = self.client_of(self.bob)
        file = SimpleUploadedFile("people.csv", b"email,age\na,1\n")
        answer = client.post(f"{DATA}/import?on_error=skip", {"file": file}, format="multipart")
        self.assertEqual(answer.status_code, 202, answer.content)
        body = answer.json()
        self.assertEqual(
            (body["status"], body["format"], answer["Location"]), ("pending", "csv", body["url"])
        )
        run_import(import_id=RecordImport.objects.get().pk, worker="test")
        shown = client.get(body["url"]).json()
        self.assertEqual((shown["status"], shown["total"], shown["inserted"]), ("done", 1, 1))
        self.assertEqual(client.get(f"{DATA}/imports").json()["results"], [shown])
        self.assertEqual(client.delete(body["url"]).status_code, 204)
        self.assertEqual(client.get(body["url"]).status_code, 404)

    def test_a_pending_one_is_cancelled(self) -> None:
        client = self.client_of(self.bob)
        body = client.generic("POST", f"{DATA}/import", "email\na\n", content_type="text/csv").json()
        self.assertEqual(client.delete(body["url"]).status_code, 204)
        self.assertEqual(client.get(body["url"]).json()["status"], "cancelled")
        run_import(import_id=RecordImport.objects.get().pk, worker="test")
        self.assertEqual(self.count(), 0)

    def test_not_too_many_at_once(self) -> None:
        for _number in range(5):
            self.begin("email\na\n")
        answer = self.client_of(self.bob).generic(
            "POST", f"{DATA}/import", "email\na\n", content_type="text/csv"
        )
        self.assertEqual((answer.status_code, answer.json()["code"]), (409, "imports_too_many"))

    def test_charlie_sees_and_changes_nothing(self) -> None:
        row = self.begin("email\na\n")
        client = self.client_of(self.charlie)
        for answer in (
            client.generic("POST", f"{DATA}/import", "email\na\n", content_type="text/csv"),
            client.get(f"{DATA}/imports"),
            client.get(f"{DATA}/imports/{row.pk}"),
            client.delete(f"{DATA}/imports/{row.pk}"),
        ):
            self.assertEqual((answer.status_code, answer.json()["code"]), (404, "project_not_found"))
        with self.assertRaises(NotFoundError):
            create_import(actor=self.charlie, collection=self.customers, pieces=[b"email\na\n"], format="csv")
        with self.assertRaises(NotFoundError):
            cancel_import(actor=self.charlie, row=row)
        self.assertEqual(RecordImport.objects.get().status, ImportStatus.PENDING)

    def test_the_sweep_starts_what_is_forgotten_and_removes_what_is_over(self) -> None:
        forgotten, over = self.begin("email\na\n"), self.run_one("email\nb\n")
        RecordImport.objects.filter(pk=over.pk).update(finished_at=timezone.now() - timedelta(days=8))
        orphan = import_file(RecordImport(collection=self.customers))
        orphan.write_bytes(b"x")
        os.utime(orphan, (0, 0))
        with mock.patch("projects.tasks.imports.start_command") as start:
            sweep_imports()
        start.assert_called_once_with("run_import", str(forgotten.pk))
        self.assertEqual(list(RecordImport.objects.all()), [forgotten])
        self.assertEqual((orphan.exists(), import_file(forgotten).exists()), (False, True))

    def test_while_a_process_starts_no_second_one_does(self) -> None:
        row = self.begin("email\na\n")
        self.assertTrue(row.reserve())
        self.assertFalse(row.reserve())
        self.assertFalse(RecordImport.objects.forgotten().exists())
        first, second = RecordImport.objects.get(), RecordImport.objects.get()
        self.assertEqual(
            [first.claim("one"), second.claim("two"), first.claim("one again")], [True, False, False]
        )


class StartImportsTest(ImportCase):
    def test_ticks_start_one_process_for_each_and_few_at_once(self) -> None:
        """A process that has not taken its lease yet looks as if there were none."""
        rows = [self.begin(f"email\n{number}@x\n") for number in range(5)]
        with mock.patch("projects.tasks.imports.start_command") as start:
            for _tick in range(3):
                sweep_imports()
                start_import(str(rows[4].pk))
            self.assertEqual(start.call_count, 4)
            RecordImport.objects.get(pk=rows[0].pk).claim("one")
            self.assertTrue(RecordImport.objects.get(pk=rows[0].pk).finish(ImportStatus.DONE))
            sweep_imports()
            self.assertEqual(start.call_args.args, ("run_import", str(rows[4].pk)))


class ExportRecordsTest(ImportCase):
    def test_what_is_exported_is_imported_again(self) -> None:
        texts = ["plain", 'quo"ted', "com,ma", "=1+1", " space ", "ünï", "a;b"]
        for number, text in enumerate(texts):
            self.create(email=text, **({"age": number / 2} if number else {}))
        client = self.client_of(self.bob)
        before = client.get(DATA).json()["results"]
        for form in ("csv", "json", "jsonl"):
            answer = client.get(f"{DATA}/export?format={form}")
            content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
            self.assertIn(f'filename="customers.{form}"', answer["Content-Disposition"])
            self.assertEqual(
                client.post(f"{DATA}/bulk-delete", {"filter": {}, "confirm": True}).status_code, 200
            )
            row = self.run_one(content, form)
            self.assertEqual((row.status, row.errors), (ImportStatus.DONE, []))
            after = client.get(DATA).json()["results"]
            plain = [{**one, "created_at": "", "updated_at": ""} for one in after]
            self.assertEqual(plain, [{**one, "created_at": "", "updated_at": ""} for one in before])

    def test_a_filter_and_an_order_choose(self) -> None:
        for number in range(5):
            self.create(email=str(number), age=number)
        answer = self.client_of(self.bob).get(f"{DATA}/export?bom=true&sort=-age&filter[age][gt]=2")
        content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        self.assertTrue(content.startswith(b"\xef\xbb\xbfid,created_at"))
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
        self.assertEqual([one["email"] for one in rows], ["4", "3"])
        for wrong in ("format=xml", "colour=1", "filter={"):
            self.assertEqual(self.client_of(self.bob).get(f"{DATA}/export?{wrong}").status_code, 400)
        empty = self.client_of(self.bob).get(f"{DATA}/export?format=json&search=nothing")
        self.assertEqual(json.loads(b"".join(empty.streaming_content)), [])  # type: ignore[attr-defined]


class SplitListTest(ImportCase):
    def test_parts_that_cross_pieces_stay_whole(self) -> None:
        parts = [{"a": "x" * length, "n": 12345} for length in (0, 10, 65_000, 70_000, 300_000)] + [
            {"ü": "]},{"}
        ] * 50
        folder = Path(settings.DATA_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        source, target = folder / "list.json", folder / "list.lines"
        source.write_bytes(b"\xef\xbb\xbf" + json.dumps(parts, indent=1, ensure_ascii=False).encode())
        split_list(source, target)
        self.assertEqual([json.loads(line) for line in target.read_text().splitlines()], parts)
        source.write_bytes(b" [ ] ")
        split_list(source, target)
        self.assertEqual(target.read_bytes(), b"")
