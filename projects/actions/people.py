"""What accounts asks of projects: people's access to them, and what becomes of those whose owner goes."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.errors import UserError
from accounts.models import User
from accounts.permissions import Actor, may_manage_users
from projects.actions.members import add_member, remove_member
from projects.models import Membership, Project


class ProjectsOfPeople:
    """See accounts.facets, which it is registered with."""

    def access(self, users: Sequence[User], viewer: Actor) -> dict[UUID, list[UUID]]:
        found = Membership.objects.filter(user__in=users)
        if not may_manage_users(viewer):
            found = found.filter(project__in=Project.objects.visible_to(viewer))
        access: dict[UUID, list[UUID]] = {}
        for user_id, project_id in found.order_by("pk").values_list("user_id", "project_id"):
            access.setdefault(user_id, []).append(project_id)
        return access

    def set_access(self, actor: Actor, user: User, wanted: Sequence[UUID]) -> None:
        """Raises UserError for an unknown project, ConflictError for one that the person owns, PermissionDenied."""
        present = {one.project_id: one for one in user.memberships.select_related("project")}
        new = Project.objects.in_bulk(set(wanted) - present.keys())
        if unknown := set(wanted) - present.keys() - new.keys():
            message = _("There is no project {id}.").format(id=min(unknown))
            raise UserError("project_unknown", message, pointer="/permissions/project_access")
        for project in new.values():
            add_member(actor=actor, project=project, user=user)
        for key in present.keys() - set(wanted):
            remove_member(actor=actor, project=present[key].project, user_id=user.pk)

    def choices(self) -> list[tuple[str, str]]:
        rows = Project.objects.values_list("pk", "name", "slug")
        return [(str(key), name if name == slug else f"{name} ({slug})") for key, name, slug in rows]

    def owned_by(self, user: User) -> list[dict[str, str]]:
        names = ("id", "name", "slug", "color")
        rows = Project.objects.filter(owner=user).values_list(*names)
        return [dict(zip(names, map(str, row), strict=True)) for row in rows]

    def hand_over(self, actor: Actor, owner: User, heir: User) -> None:
        """The caller has asked whether the actor may: the owner is about to be deleted."""
        for project in Project.objects.select_for_update(no_key=True).filter(owner=owner):
            project.owner = heir
            project.save(update_fields=["owner", "updated_at"])
            project.memberships.filter(user=heir).delete()
            before, after = {"owner": owner.email}, {"owner": heir.email}
            record(actor=actor, verb="transfer_project", target=project, before=before, after=after)
