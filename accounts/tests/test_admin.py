"""Nothing in the admin bypasses a rule."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.test import Client

from accounts.models import AuditEntry, User
from accounts.testing import People

GOOD = "correct horse battery"
PERSON = {"email": "new@example.org", "name": "New", "password": GOOD, "is_active": "on"}


class AdminCase(People):
    manager: User

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.manager = User.objects.create_user("manager@example.org", can_manage_users=True)

    def browser(self, user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client


class AskColumnsTest(AdminCase):
    def test_only_what_the_page_filters_by_may_be_asked(self) -> None:
        users, audit = "/admin/accounts/user/", "/admin/accounts/auditentry/"
        for path, query, code in (
            (users, "password__startswith=argon2", 400),
            (users, "password=x", 400),
            (users, "is_root__exact=1&password__regex=.", 400),
            (users, "is_active__password=x", 400),
            (users, "created_at__year=99999999999", 400),
            (audit, "actor__password__startswith=a", 400),
            (users, "is_active__exact=1&last_login__isnull=True", 200),
            (audit, "verb__exact=create_user&created_at__year=2026", 200),
        ):
            response = self.browser(self.manager).get(f"{path}?{query}")
            self.assertEqual(response.status_code, code, query)

    def test_a_search_of_too_many_words_is_no_fault(self) -> None:
        response = self.browser(self.manager).get(f"/admin/accounts/user/?q={'a+' * 3000}")
        self.assertRedirects(response, "/admin/accounts/user/?e=1")


class UserAdminTest(AdminCase):
    def post(self, actor: User, user: User, **changes: Any) -> Any:  # noqa: ANN401
        data = {"email": user.email, "name": user.name, "is_active": "on", **changes}
        return self.browser(actor).post(f"/admin/accounts/user/{user.pk}/change/", data)

    def test_pages_open_for_managers_alone(self) -> None:
        for path in ("", "add/", f"{self.bob.pk}/change/"):
            for actor, code in (
                (self.root, 200),
                (self.manager, 200),
                (self.alice, 403),
                (self.charlie, 403),
            ):
                response = self.browser(actor).get(f"/admin/accounts/user/{path}")
                self.assertEqual(response.status_code, code, (path, actor))

    def test_the_root_is_shown_and_not_edited(self) -> None:
        response = self.browser(self.manager).get(f"/admin/accounts/user/{self.root.pk}/change/")
        self.assertContains(response, "root@example.org")
        self.assertNotContains(response, 'name="password"')

    def test_adding_goes_through_the_action(self) -> None:
        response = self.browser(self.manager).post("/admin/accounts/user/add/", PERSON)
        self.assertEqual(response.status_code, 302)
        self.assertTrue(User.objects.get(email="new@example.org").check_password(GOOD))
        self.assertEqual(AuditEntry.objects.get(verb="create_user").actor, self.manager)

    def test_it_refuses_weak_passwords_and_lent_rights(self) -> None:
        weak = self.browser(self.manager).post("/admin/accounts/user/add/", {**PERSON, "password": "short"})
        self.assertContains(weak, "too short")
        lent = {**PERSON, "can_create_projects": "on", "is_root": "on", "can_manage_users": "on"}
        self.browser(self.manager).post("/admin/accounts/user/add/", lent)
        user = User.objects.get(email="new@example.org")
        self.assertEqual(
            (user.can_create_projects, user.can_manage_users, user.is_root), (False, True, False)
        )

    def test_changing_goes_through_the_action(self) -> None:
        self.assertEqual(self.post(self.manager, self.bob, name="Robert").status_code, 302)
        self.assertEqual(AuditEntry.objects.get(verb="update_user").after, {"name": "Robert"})

    def test_nobody_changes_the_own_rights(self) -> None:
        self.post(self.manager, self.manager, can_create_projects="on", name="M")
        self.manager.refresh_from_db()
        self.assertEqual((self.manager.name, self.manager.can_create_projects), ("", False))

    def test_the_own_password_has_its_own_page(self) -> None:
        before = self.manager.password
        self.post(self.manager, self.manager, password=GOOD)
        self.manager.refresh_from_db()
        self.assertEqual(self.manager.password, before)

    def test_a_password_lends_no_rights(self) -> None:
        self.assertEqual(self.post(self.manager, self.alice, password=GOOD).status_code, 403)
        self.alice.refresh_from_db()
        self.assertFalse(self.alice.has_usable_password())

    def test_the_root_is_out_of_reach(self) -> None:
        self.assertEqual(self.post(self.manager, self.root, name="Mine").status_code, 403)
        for actor in (self.manager, self.root):
            path = f"/admin/accounts/user/{self.root.pk}/delete/"
            self.assertEqual(self.browser(actor).post(path, {"post": "yes"}).status_code, 403)
            selected = {"action": "delete_selected", "_selected_action": [str(self.root.pk)], "post": "yes"}
            self.browser(actor).post("/admin/accounts/user/", selected)
        self.post(self.root, self.root, is_active="")
        self.root.refresh_from_db()
        self.assertTrue(self.root.is_root and self.root.is_active)

    def test_blocking_goes_through_the_actions(self) -> None:
        def act(name: str, *people: User) -> Any:  # noqa: ANN401
            data = {"action": name, "_selected_action": [str(person.pk) for person in people]}
            return self.browser(self.manager).post("/admin/accounts/user/", data, follow=True)

        self.assertContains(act("block", self.bob, self.alice), "Changed: 2")
        self.assertEqual(User.objects.filter(is_active=False).count(), 2)
        act("unblock", self.alice)
        self.assertTrue(User.objects.get(pk=self.alice.pk).is_active)
        self.assertEqual(AuditEntry.objects.filter(verb__in=("block_user", "unblock_user")).count(), 3)
        for protected in (self.root, self.manager):
            self.assertContains(act("block", self.charlie, protected), "account")
            self.assertTrue(User.objects.get(pk=self.charlie.pk).is_active, "all of them or none")
        self.assertEqual(self.browser(self.alice).post("/admin/accounts/user/", {}).status_code, 403)

    def test_deleting_goes_through_the_action(self) -> None:
        self.browser(self.manager).post(f"/admin/accounts/user/{self.bob.pk}/delete/", {"post": "yes"})
        selected = {"action": "delete_selected", "_selected_action": [str(self.charlie.pk)], "post": "yes"}
        self.browser(self.manager).post("/admin/accounts/user/", selected)
        self.assertEqual(AuditEntry.objects.filter(verb="delete_user").count(), 2)


class AuditAdminTest(AdminCase):
    def test_the_root_reads_it_and_nobody_writes_it(self) -> None:
        AuditEntry.objects.create(actor_label="x", verb="v", target_type="t", target_id="1", target_label="l")
        entry = AuditEntry.objects.get()
        for path, code in (
            ("", 200),
            (f"{entry.pk}/change/", 200),
            ("add/", 403),
            (f"{entry.pk}/delete/", 403),
        ):
            self.assertEqual(
                self.browser(self.root).get(f"/admin/accounts/auditentry/{path}").status_code, code, path
            )
        foreign = f"/admin/accounts/auditentry/{entry.pk}/change/"
        listed = self.browser(self.manager).get("/admin/accounts/auditentry/")
        self.assertEqual(listed.context["cl"].result_count, 0, "a manager sees what was done to users alone")
        self.assertEqual(self.browser(self.manager).get(foreign).status_code, 302)
        self.assertEqual(self.browser(self.alice).get("/admin/accounts/auditentry/").status_code, 403)
        with self.assertRaises(TypeError):
            entry.save()


class SiteTest(AdminCase):
    def test_foreign_admins_are_gone(self) -> None:
        registered = {model._meta.app_label for model in admin.site._registry}
        self.assertFalse(registered & {"auth", "django_celery_beat", "token_blacklist"})

    def test_login_is_throttled_here_too(self) -> None:
        self.bob.set_password(GOOD)
        self.bob.save()
        client = Client()
        good = {"username": "BOB@example.org", "password": GOOD}
        self.assertEqual(client.post("/admin/login/?next=/admin/", good).status_code, 302)
        for _attempt in range(10):
            client.post("/admin/login/", {**good, "password": "wrong"})
        response = client.post("/admin/login/", good)
        self.assertContains(response, "Too many attempts")

    def test_the_own_password_goes_through_the_action(self) -> None:
        self.bob.set_password(GOOD)
        self.bob.save()
        new = "another horse battery"
        browser = self.browser(self.bob)
        self.assertEqual(browser.get("/admin/password_change/").status_code, 200)
        data = {"old_password": GOOD, "new_password1": new, "new_password2": new}
        self.assertEqual(browser.post("/admin/password_change/", data).status_code, 302)
        self.assertEqual(AuditEntry.objects.get(verb="change_password").actor, self.bob)
        self.assertEqual(browser.get("/admin/password_change/done/").status_code, 200)

    def test_the_blocked_are_out(self) -> None:
        browser = self.browser(self.bob)
        User.objects.filter(pk=self.bob.pk).update(is_active=False)
        self.assertEqual(browser.get("/admin/").status_code, 302)
