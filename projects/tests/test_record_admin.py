from __future__ import annotations

import json
from typing import Any
from unittest import mock

from django.contrib.admin.models import LogEntry
from django.test import Client

from accounts.models import User
from projects.models import Collection, Record, RecordImport
from projects.tests.test_import_records import ImportCase

COLLECTIONS = "/admin/projects/collection/"


class RecordAdminTest(ImportCase):
    def browser(self, user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    def form(self, **changes: Any) -> dict[str, Any]:
        present = {
            "name": "Customers",
            "slug": "customers",
            "fields": json.dumps(self.customers.fields),
            "table_config": json.dumps(self.customers.table_config),
            "form_config": json.dumps(self.customers.form_config),
            "record_limit": "",
        }
        return {**present, **changes}

    def test_lists_show_what_one_sees(self) -> None:
        self.create(email="ada@example.org")
        self.begin("email\na\n")
        for path, text in (
            (COLLECTIONS, "customers"),
            ("/admin/projects/record/?q=ada", "ada@example.org"),
            ("/admin/projects/recordimport/", "customers"),
        ):
            self.assertContains(self.browser(self.bob).get(path), text)
            answer = self.browser(self.charlie).get(path)
            self.assertEqual(answer.status_code, 200)
            self.assertNotIn(text, answer.content.decode().replace("?q=ada", "").replace('value="ada"', ""))

    def test_filters_name_what_one_sees(self) -> None:
        """Both people see two collections, or there would be no filter to look at."""
        for project, names in ((self.project, ("mine", "ours")), (self.foreign, ("theirs", "zzunseen"))):
            for name in names:
                Collection.objects.create(project=project, name=name, slug=name)
        for path in (COLLECTIONS, "/admin/projects/record/"):
            page = self.browser(self.bob).get(path)
            self.assertNotContains(page, "zzunseen")
            self.assertNotContains(page, self.foreign.slug)
        self.assertContains(page, "ours")
        self.assertContains(self.browser(self.charlie).get("/admin/projects/record/"), "zzunseen")

    def test_pages_of_one_are_not_for_strangers(self) -> None:
        record = Record.objects.get(pk=self.create(email="a")["id"])
        for path in (f"{COLLECTIONS}{self.customers.pk}", f"/admin/projects/record/{record.pk}"):
            self.assertEqual(self.browser(self.bob).get(f"{path}/change/").status_code, 200, path)
            self.assertEqual(self.browser(self.charlie).get(f"{path}/change/").status_code, 302, path)
            self.assertEqual(
                self.browser(self.charlie).post(f"{path}/delete/", {"post": "yes"}).status_code, 302
            )
        self.assertEqual(self.count(), 1)

    def test_adding_and_changing_go_through_the_actions(self) -> None:
        client = self.browser(self.bob)
        data = self.form(project=str(self.project.pk), name="More", slug="")
        self.assertEqual(client.post(f"{COLLECTIONS}add/", data).status_code, 302)
        self.assertEqual(len(Collection.objects.get(slug="more").fields), 4)
        path = f"{COLLECTIONS}{self.customers.pk}/change/"
        self.assertEqual(client.post(path, self.form(name="Clients", record_limit="5")).status_code, 302)
        self.customers.refresh_from_db()
        self.assertEqual((self.customers.name, self.customers.record_limit), ("Clients", None))
        self.assertEqual(self.browser(self.root).post(path, self.form(record_limit="5")).status_code, 302)
        self.customers.refresh_from_db()
        self.assertEqual(self.customers.record_limit, 5)

    def test_a_foreign_project_is_no_choice(self) -> None:
        data = self.form(project=str(self.foreign.pk), name="More", slug="")
        self.assertEqual(self.browser(self.bob).post(f"{COLLECTIONS}add/", data).status_code, 200)
        self.assertEqual(Collection.objects.count(), 1)

    def test_a_change_that_loses_values_asks(self) -> None:
        self.create(email="a", age=1)
        path = f"{COLLECTIONS}{self.customers.pk}/change/"
        fewer = self.form(fields=json.dumps(self.customers.fields[:1]))
        self.assertContains(self.browser(self.bob).post(path, fewer, follow=True), "Values would be lost")
        self.assertEqual(len(Collection.objects.get().fields), 4)
        self.browser(self.bob).post(path, {**fewer, "confirm": "on"})
        self.assertEqual(len(Collection.objects.get().fields), 1)

    def test_what_is_refused_stays_in_the_form(self) -> None:
        path = f"{COLLECTIONS}{self.customers.pk}/change/"
        odd = json.dumps([*self.customers.fields, {"key": "no good", "type": "string"}])
        page = self.browser(self.bob).post(path, self.form(fields=odd))
        self.assertEqual(page.status_code, 200)
        form = page.context["adminform"].form
        self.assertIn("4/key", form.errors["fields"][0])
        self.assertIn("no good", form["fields"].value())
        self.customers.refresh_from_db()
        self.assertEqual(len(self.customers.fields), 4)

    def test_records_are_added_and_changed(self) -> None:
        client, lists = self.browser(self.bob), "/admin/projects/record/"
        wanted = {"collection": str(self.customers.pk), "data": json.dumps({"email": "ada@example.org"})}
        self.assertEqual(client.post(f"{lists}add/", wanted).status_code, 302)
        record = Record.objects.get()
        path = f"{lists}{record.pk}/change/"
        self.assertContains(client.get(path), record.etag.strip('"'))
        changed = {"data": json.dumps({"email": "eve@example.org", "age": 7}), "seen": record.etag}
        self.assertEqual(client.post(path, changed).status_code, 302)
        record.refresh_from_db()
        self.assertEqual((record.data["email"], record.data["age"]), ("eve@example.org", 7))
        late = client.post(path, {**changed, "data": json.dumps({"email": "late@example.org"})})
        self.assertContains(late, "late@example.org")
        odd = client.post(path, {"data": json.dumps({"email": "a", "age": "odd"}), "seen": record.etag})
        self.assertContains(odd, "age: ")
        record.refresh_from_db()
        self.assertEqual(record.data["email"], "eve@example.org")

    def test_a_foreign_collection_takes_no_record(self) -> None:
        other = Collection.objects.create(project=self.foreign, name="theirs", slug="theirs")
        data = {"collection": str(other.pk), "data": "{}"}
        page = self.browser(self.bob).post("/admin/projects/record/add/", data)
        self.assertEqual(page.status_code, 200)
        self.assertFalse(Record.objects.exists())

    def test_deleting_many_is_bounded_as_by_rest(self) -> None:
        keys = [self.create(email=f"{number}@example.org")["id"] for number in range(3)]
        chosen = {"action": "delete_selected", "_selected_action": keys, "post": "yes"}
        with mock.patch("projects.actions.records.DELETED_AT_ONCE", 2):
            page = self.browser(self.bob).post("/admin/projects/record/", chosen, follow=True)
        self.assertEqual((page.status_code, self.count()), (200, 3))
        self.browser(self.bob).post("/admin/projects/record/", chosen)
        self.assertEqual(self.count(), 0)

    def test_what_json_may_not_be_is_said(self) -> None:
        for text in ("[" * 3000, "9" * 5000, r'{"email": "\ud800"}', '{"age": 18446744073709551616}'):
            data = {"collection": str(self.customers.pk), "data": text}
            page = self.browser(self.bob).post("/admin/projects/record/add/", data)
            self.assertEqual((page.status_code, self.count()), (200, 0), text[:30])

    def test_there_is_no_second_audit(self) -> None:
        record = self.create(email="a")
        page = self.browser(self.bob).get(f"/admin/projects/record/{record['id']}/history/")
        self.assertEqual(page.status_code, 404)
        self.browser(self.bob).post(f"/admin/projects/record/{record['id']}/delete/", {"post": "yes"})
        self.assertFalse(LogEntry.objects.exists())
        years = self.browser(self.bob).get(f"/admin/projects/record/?updated_at__year={10**20}")
        self.assertEqual(years.status_code, 400)

    def test_deleting_goes_through_the_actions(self) -> None:
        record = self.create(email="a")
        row = self.begin("email\na\n")
        client = self.browser(self.bob)
        path = f"{COLLECTIONS}{self.customers.pk}/delete/"
        self.assertContains(client.post(path, {"post": "yes"}, follow=True), "Deletion is final")
        self.assertEqual(
            client.post(f"/admin/projects/record/{record['id']}/delete/", {"post": "yes"}).status_code, 302
        )
        self.assertEqual(self.count(), 0)
        client.post(f"/admin/projects/recordimport/{row.pk}/delete/", {"post": "yes"})
        self.assertEqual(RecordImport.objects.get().status, "cancelled")
        self.assertEqual(client.post(path, {"post": "yes"}).status_code, 302)
        self.assertEqual(Collection.objects.count(), 0)
