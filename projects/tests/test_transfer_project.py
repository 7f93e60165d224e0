from __future__ import annotations

import uuid

from accounts.models import AuditEntry
from projects.actions.members import transfer_project
from projects.models import Membership
from projects.testing import ProjectCase


class TransferProjectTest(ProjectCase):
    def test_the_owners_change_places(self) -> None:
        response = self.client_of(self.alice).put("/api/projects/shop/owner", {"user_id": str(self.bob.pk)})
        self.assertEqual(response.status_code, 200)
        body = response.json()
        self.assertEqual(
            (body["owner"]["email"], body["members"][0]["email"]), (self.bob.email, self.alice.email)
        )
        self.assertEqual(Membership.objects.filter(project=self.project).count(), 1)
        entry = AuditEntry.objects.get(verb="transfer_project")
        self.assertEqual(
            (entry.before, entry.after), ({"owner": self.alice.email}, {"owner": self.bob.email})
        )
        self.assertEqual(self.client_of(self.alice).put("/api/projects/shop", {"name": "x"}).status_code, 403)
        self.assertEqual(self.client_of(self.bob).put("/api/projects/shop", {"name": "x"}).status_code, 200)

    def test_somebody_from_outside_may_get_it(self) -> None:
        done = transfer_project(actor=self.alice, project=self.project, email="CHARLIE@example.org")
        self.assertEqual(done.owner, self.charlie)
        self.assertEqual({user.email for user in done.members.all()}, {self.alice.email, self.bob.email})

    def test_it_needs_a_living_person(self) -> None:
        client = self.client_of(self.alice)
        self.bob.is_active = False
        self.bob.save()
        rows: tuple[tuple[dict[str, str], int, str], ...] = (
            ({}, 400, "member_missing"),
            ({"user_id": str(self.alice.pk)}, 409, "is_owner"),
            ({"user_id": str(self.bob.pk)}, 404, "user_not_found"),
            ({"user_id": str(uuid.uuid4())}, 404, "user_not_found"),
            ({"user_id": "x"}, 400, "invalid"),
        )
        for body, status, code in rows:
            response = client.put("/api/projects/shop/owner", body)
            self.assertEqual((response.status_code, response.json()["code"]), (status, code), body)

    def test_who_may(self) -> None:
        wanted = {"user_id": str(self.charlie.pk)}
        for user, code in ((None, 401), (self.charlie, 404), (self.bob, 403), (self.root, 200)):
            self.assertEqual(
                self.client_of(user).put("/api/projects/shop/owner", wanted).status_code, code, user
            )
