"""Access to projects, given by who manages people and sees none of the projects."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.exceptions import PermissionDenied
from django.test import Client

from accounts.actions.users import create_user, update_user
from accounts.errors import NotFoundError, UserError
from accounts.models import AuditEntry, KeyActor, User
from projects.actions.members import add_member, remove_member
from projects.actions.projects import create_project, delete_project, update_project
from projects.models import Membership, Project
from projects.permissions import Right, require
from projects.testing import ProjectCase

GOOD = "correct horse battery"


class PeopleCase(ProjectCase):
    manager: User

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.manager = User.objects.create_user("manager@example.org", can_manage_users=True)
        AuditEntry.objects.all().delete()

    def projects_of(self, user: User) -> set[str]:
        return set(Membership.objects.filter(user=user).values_list("project__slug", flat=True))


class ProjectAccessTest(PeopleCase):
    def test_it_is_membership(self) -> None:
        wanted = [self.project.pk, self.foreign.pk]
        user = create_user(actor=self.manager, email="n@example.org", password=GOOD, project_access=wanted)
        self.assertEqual(self.projects_of(user), {"shop", "foreign"})
        update_user(actor=self.manager, user=user, project_access=[self.foreign.pk])
        self.assertEqual(self.projects_of(user), {"foreign"})
        update_user(actor=self.manager, user=user, name="N")
        self.assertEqual(self.projects_of(user), {"foreign"}, "what is left out stays")
        entry = AuditEntry.objects.filter(verb="update_user").last()
        assert entry
        self.assertEqual(entry.after, {"project_access": [str(self.foreign.pk)]})
        verbs = AuditEntry.objects.of_project(self.project.pk).values_list("verb", flat=True)
        self.assertEqual(set(verbs), {"add_member", "remove_member"})

    def test_it_is_given_to_the_blocked_too(self) -> None:
        update_user(actor=self.manager, user=self.bob, is_active=False, project_access=[])
        update_user(actor=self.manager, user=self.bob, project_access=[self.foreign.pk])
        self.assertEqual(self.projects_of(self.bob), {"foreign"})

    def test_all_or_nothing(self) -> None:
        for wanted in ([self.foreign.pk, uuid.uuid4()],):
            with self.assertRaises(UserError) as caught:
                update_user(actor=self.manager, user=self.bob, name="B", project_access=wanted)
            self.assertEqual(caught.exception.code, "project_unknown")
        with self.assertRaises(UserError):
            update_user(actor=self.manager, user=self.charlie, project_access=[self.foreign.pk])
        with self.assertRaises(UserError):
            create_user(
                actor=self.manager, email="n@example.org", password=GOOD, project_access=[uuid.uuid4()]
            )
        self.assertFalse(User.objects.filter(email="n@example.org").exists())
        self.bob.refresh_from_db()
        self.assertEqual((self.bob.name, self.projects_of(self.bob)), ("Bob", {"shop"}))
        self.assertFalse(AuditEntry.objects.exists())

    def test_nobody_gives_it_to_himself(self) -> None:
        for actor in (self.manager, self.root):
            with self.assertRaises(PermissionDenied):
                update_user(actor=actor, user=actor, project_access=[self.project.pk])
        with self.assertRaises(PermissionDenied):
            add_member(actor=self.manager, project=self.project, user_id=self.manager.pk)
        with self.assertRaises(PermissionDenied):
            update_user(actor=self.charlie, user=self.bob, project_access=[self.foreign.pk])


class ManageMembersTest(PeopleCase):
    def test_managers_choose_members_and_see_nothing_else(self) -> None:
        add_member(actor=self.manager, project=self.project, email=self.charlie.email)
        remove_member(actor=self.manager, project=self.project, user_id=self.bob.pk)
        self.assertEqual(list(self.project.members.all()), [self.charlie])
        for right in (Right.VIEW, Right.WORK, Right.OWN):
            with self.assertRaises(NotFoundError):
                require(self.manager, self.project, right)
        with self.assertRaises(NotFoundError):
            update_project(actor=self.manager, project=self.project, name="Mine")
        with self.assertRaises(NotFoundError):
            delete_project(actor=self.manager, project=self.project, confirm="shop")

    def test_others_choose_nobody(self) -> None:
        key = KeyActor(self.project.pk, "m3m_ab12cd34")
        with self.assertRaises(PermissionDenied):
            add_member(actor=self.bob, project=self.project, email=self.charlie.email)
        with self.assertRaises(PermissionDenied):
            add_member(actor=key, project=self.project, email=self.charlie.email)
        with self.assertRaises(NotFoundError):
            add_member(actor=self.charlie, project=self.project, email=self.charlie.email)
        self.manager.is_active = False
        with self.assertRaises(NotFoundError):
            add_member(actor=self.manager, project=self.project, email=self.charlie.email)

    def test_by_rest(self) -> None:
        client = self.client_of(self.manager)
        for path in ("", "/members", "/env", "/audit"):
            self.assertEqual(client.get(f"/api/projects/shop{path}").status_code, 404, path)
        members = "/api/projects/shop/members"
        self.assertEqual(client.post(members, {"user_id": str(self.charlie.pk)}).status_code, 201)
        self.assertEqual(client.delete(f"{members}/{self.charlie.pk}").status_code, 204)
        self.assertEqual(client.post(members, {"user_id": str(self.manager.pk)}).status_code, 403)
        self.assertEqual(self.client_of(self.charlie).post(members, {"email": "x"}).status_code, 404)

    def test_its_pages_are_not_there(self) -> None:
        browser = Client()
        browser.force_login(self.manager)
        self.assertEqual(browser.get("/admin/projects/shop/").status_code, 404)
        self.assertNotContains(browser.get("/admin/projects/project/"), "shop")


class UsersApiTest(PeopleCase):
    def test_access_is_read_and_written(self) -> None:
        client = self.client_of(self.manager)
        path = f"/api/users/{self.bob.pk}"
        self.assertEqual(client.get(path).json()["permissions"]["project_access"], [str(self.project.pk)])
        wanted = {"permissions": {"project_access": [str(self.foreign.pk)]}}
        body = client.put(path, wanted).json()
        self.assertEqual(body["permissions"]["project_access"], [str(self.foreign.pk)])
        again = client.patch(path, {"permissions": {"project_access": [str(uuid.uuid4())]}})
        self.assertEqual(
            (again.status_code, again.json()["code"], again.json()["errors"][0]["pointer"]),
            (400, "project_unknown", "/permissions/project_access"),
        )

    def test_others_learn_of_projects_that_they_see_alone(self) -> None:
        path = f"/api/users/{self.bob.pk}"
        for actor, seen in ((self.alice, [str(self.project.pk)]), (self.charlie, [])):
            body = self.client_of(actor).get(path).json()
            self.assertEqual(body["permissions"]["project_access"], seen)
        mine = self.client_of(self.bob).get("/api/users/me").json()
        self.assertEqual(mine["permissions"]["project_access"], [str(self.project.pk)])

    def test_managers_see_the_names_of_all_projects(self) -> None:
        body = self.client_of(self.manager).get("/api/users/projects").json()
        self.assertEqual(body["count"], 2)
        self.assertEqual(set(body["results"][0]), {"id", "name", "slug", "color"})
        found = self.client_of(self.manager).get("/api/users/projects?search=sho").json()
        self.assertEqual([one["slug"] for one in found["results"]], ["shop"])
        for actor, code in ((self.alice, 403), (self.charlie, 403), (None, 401)):
            self.assertEqual(self.client_of(actor).get("/api/users/projects").status_code, code)


class DeleteOwnerTest(PeopleCase):
    def delete(self, actor: User, user: User, heir: object = None) -> Any:  # noqa: ANN401
        query = f"?transfer_to={heir}" if heir is not None else ""
        return self.client_of(actor).delete(f"/api/users/{user.pk}{query}")

    def test_it_says_what_the_person_owns(self) -> None:
        answer = self.delete(self.manager, self.alice)
        self.assertEqual((answer.status_code, answer.json()["code"]), (409, "owns_projects"))
        self.assertEqual([one["slug"] for one in answer.json()["projects"]], ["shop"])

    def test_projects_go_to_the_heir(self) -> None:
        self.assertEqual(self.delete(self.manager, self.alice, self.bob.pk).status_code, 204)
        self.project.refresh_from_db()
        self.assertEqual(self.project.owner, self.bob)
        self.assertEqual(self.projects_of(self.bob), set(), "an owner is no member")
        self.assertFalse(User.objects.filter(pk=self.alice.pk).exists())
        entry = AuditEntry.objects.get(verb="transfer_project")
        self.assertEqual(
            (entry.before, entry.after), ({"owner": "alice@example.org"}, {"owner": "bob@example.org"})
        )

    def test_it_refuses_other_heirs(self) -> None:
        User.objects.filter(pk=self.charlie.pk).update(is_active=False)
        for heir, code in (
            (self.manager.pk, 403),  # nobody gives himself rights
            (self.alice.pk, 400),
            (self.charlie.pk, 400),
            (uuid.uuid4(), 400),
            ("x", 400),
            ("%00", 400),
        ):
            self.assertEqual(self.delete(self.manager, self.alice, heir).status_code, code, heir)
        self.assertEqual(self.delete(self.bob, self.alice, self.bob.pk).status_code, 403)
        self.project.refresh_from_db()
        self.assertEqual(self.project.owner, self.alice)

    def test_the_root_takes_them(self) -> None:
        self.assertEqual(self.delete(self.root, self.alice, self.root.pk).status_code, 204)
        self.project.refresh_from_db()
        self.assertEqual(self.project.owner, self.root)


class ProjectAuditTest(PeopleCase):
    def test_members_read_their_own_projects(self) -> None:
        update_project(actor=self.alice, project=self.project, name="Shop 2")
        update_project(actor=self.charlie, project=self.foreign, name="Foreign 2")
        for actor in (self.alice, self.bob, self.root):
            body = self.client_of(actor).get("/api/projects/shop/audit").json()
            self.assertEqual([one["after"] for one in body["results"]], [{"name": "Shop 2"}], actor)
        refused: tuple[tuple[User | None, int], ...] = (
            (self.charlie, 404),
            (self.manager, 404),
            (None, 401),
        )
        for asking, code in refused:
            self.assertEqual(self.client_of(asking).get("/api/projects/shop/audit").status_code, code)
        empty = self.client_of(self.bob).get("/api/projects/shop/audit?verb=nothing").json()
        self.assertEqual(empty["count"], 0)

    def test_entries_outlive_the_project(self) -> None:
        key = self.project.pk
        delete_project(actor=self.alice, project=self.project, confirm="shop")
        entry = AuditEntry.objects.of_project(key).get(verb="delete_project")
        self.assertEqual(entry.target_label, "shop")
        body = self.client_of(self.root).get(f"/api/audit?project={key}").json()
        self.assertEqual(body["results"][0]["verb"], "delete_project")


class AdminTest(PeopleCase):
    def browser(self, user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    def test_access_is_a_field_of_the_form(self) -> None:
        path = f"/admin/accounts/user/{self.bob.pk}/change/"
        page = self.browser(self.manager).get(path)
        self.assertContains(page, f'<option value="{self.project.pk}" selected>')
        self.assertContains(page, f'<option value="{self.foreign.pk}">')
        form = {"email": self.bob.email, "name": "Bob", "is_active": "on"}
        self.browser(self.manager).post(path, {**form, "project_access": [str(self.foreign.pk)]})
        self.assertEqual(self.projects_of(self.bob), {"foreign"})
        wrong = self.browser(self.manager).post(path, {**form, "project_access": [str(uuid.uuid4()), "x"]})
        self.assertEqual(wrong.status_code, 200)
        self.assertEqual(self.projects_of(self.bob), {"foreign"})

    def test_it_is_given_to_new_people(self) -> None:
        form = {"email": "n@example.org", "password": GOOD, "is_active": "on"}
        answer = self.browser(self.manager).post(
            "/admin/accounts/user/add/", {**form, "project_access": [str(self.project.pk)]}
        )
        self.assertEqual(answer.status_code, 302)
        self.assertEqual(self.projects_of(User.objects.get(email="n@example.org")), {"shop"})

    def test_nobody_finds_it_on_the_own_page(self) -> None:
        for actor in (self.root, self.manager):
            page = self.browser(actor).get(f"/admin/accounts/user/{actor.pk}/change/")
            self.assertEqual(page.status_code, 200)
            self.assertNotContains(page, "project_access")
        form = {"email": self.root.email, "is_active": "on", "project_access": [str(self.project.pk)]}
        self.browser(self.root).post(f"/admin/accounts/user/{self.root.pk}/change/", form)
        self.assertEqual(self.projects_of(self.root), set())

    def test_an_owner_is_not_deleted_with_the_projects(self) -> None:
        path = f"/admin/accounts/user/{self.alice.pk}/delete/"
        self.browser(self.manager).post(path, {"post": "yes"})
        self.assertTrue(User.objects.filter(pk=self.alice.pk).exists())
        self.assertTrue(Project.objects.filter(pk=self.project.pk).exists())

    def test_a_project_of_two_people_has_its_queries_bounded(self) -> None:
        create_project(actor=self.alice, name="Third")
        client = self.client_of(self.manager)
        with self.assertNumQueries(3):
            client.get("/api/users")
