from __future__ import annotations

import uuid

from django.core.exceptions import PermissionDenied

from accounts.errors import ConflictError, NotFoundError, UserError
from accounts.models import SYSTEM, AuditEntry, User
from projects.actions.members import add_member, remove_member
from projects.models import Project
from projects.permissions import Right, require
from projects.testing import ProjectCase


class AddMemberTest(ProjectCase):
    def test_it_lets_in_by_address_or_id(self) -> None:
        add_member(actor=self.alice, project=self.project, email="CHARLIE@example.org")
        self.assertIn(Right.WORK, self.project.rights_of(self.charlie))
        add_member(actor=self.alice, project=self.project, user_id=self.root.pk)
        self.assertEqual(self.project.members.count(), 3)

    def test_again_is_no_error_and_no_second_entry(self) -> None:
        AuditEntry.objects.all().delete()
        add_member(actor=self.alice, project=self.project, email=self.bob.email)
        self.assertFalse(AuditEntry.objects.exists())

    def test_it_refuses_the_owner_the_unknown_and_nobody(self) -> None:
        with self.assertRaises(ConflictError):
            add_member(actor=self.alice, project=self.project, email=self.alice.email)
        with self.assertRaises(UserError):
            add_member(actor=self.alice, project=self.project)
        with self.assertRaises(NotFoundError):
            add_member(actor=self.alice, project=self.project, email="nobody@example.org")
        with self.assertRaises(NotFoundError):
            add_member(actor=self.alice, project=self.project, user_id=uuid.uuid4())

    def test_only_the_owner_may(self) -> None:
        with self.assertRaises(PermissionDenied):
            add_member(actor=self.bob, project=self.project, email=self.charlie.email)
        with self.assertRaises(NotFoundError):
            add_member(actor=self.charlie, project=self.project, email=self.charlie.email)


class RemoveMemberTest(ProjectCase):
    def test_the_owner_lets_go(self) -> None:
        remove_member(actor=self.alice, project=self.project, user_id=self.bob.pk)
        self.assertFalse(self.project.rights_of(self.bob))

    def test_a_member_leaves(self) -> None:
        remove_member(actor=self.bob, project=self.project, user_id=self.bob.pk)
        self.assertFalse(self.project.rights_of(self.bob))

    def test_others_may_not(self) -> None:
        add_member(actor=self.alice, project=self.project, email=self.root.email)
        with self.assertRaises(PermissionDenied):
            remove_member(actor=self.bob, project=self.project, user_id=self.root.pk)
        for user in (self.bob, self.charlie):
            with self.assertRaises(NotFoundError):
                remove_member(actor=self.charlie, project=self.project, user_id=user.pk)

    def test_who_is_no_member_is_not_found(self) -> None:
        for user_id in (self.charlie.pk, uuid.uuid4()):
            with self.assertRaises(NotFoundError):
                remove_member(actor=self.alice, project=self.project, user_id=user_id)


class VisibleTest(ProjectCase):
    def test_who_sees_what(self) -> None:
        for actor, seen in (
            (SYSTEM, {"shop", "foreign"}),
            (self.root, {"shop", "foreign"}),
            (self.alice, {"shop"}),
            (self.bob, {"shop"}),
            (self.charlie, {"foreign"}),
        ):
            self.assertEqual({project.slug for project in Project.objects.visible_to(actor)}, seen, actor)
            for project in (self.project, self.foreign):
                self.assertEqual(bool(project.rights_of(actor)), project.slug in seen, (actor, project))

    def test_the_blocked_see_nothing(self) -> None:
        for user in User.objects.exclude(is_root=True):
            user.is_active = False
            self.assertFalse(Project.objects.visible_to(user).exists())
            self.assertFalse(self.project.rights_of(user) or self.foreign.rights_of(user))

    def test_lookup_takes_id_and_slug(self) -> None:
        for key in (self.project.pk, str(self.project.pk), self.project.pk.hex, "shop"):
            self.assertEqual(Project.objects.lookup(self.bob, key), self.project)
        for key in ("", "nothing", str(uuid.uuid4()), "foreign", "sh%op", "a\x00", "SHOP", "é"):
            with self.subTest(key), self.assertRaises(NotFoundError):
                Project.objects.lookup(self.bob, key)

    def test_require(self) -> None:
        for right in Right:
            require(self.alice, self.project, right)
            require(SYSTEM, self.project, right)
            with self.assertRaises(NotFoundError):
                require(self.charlie, self.project, right)
        require(self.bob, self.project, Right.WORK)
        with self.assertRaises(PermissionDenied):
            require(self.bob, self.project, Right.OWN)
