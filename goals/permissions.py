"""What an actor may do to a goal."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from accounts.permissions import Actor
from projects.models import Project
from projects.permissions import Right, require

__all__ = ["may_edit", "require_edit"]


def require_edit(actor: Actor, project: Project | None) -> None:
    """To make, change, reset or delete a goal: members for those of their project, the root for global ones.

    Raises NotFoundError to a stranger of the project, PermissionDenied.
    """
    if project is not None:
        require(actor, project, Right.WORK)
    elif not may_edit(actor, None):
        raise PermissionDenied(_("Global goals belong to the root."))


def may_edit(actor: Actor, project: Project | None) -> bool:
    """What `require_edit` would let pass. One query for who is neither owner nor root."""
    if project is not None:
        return Right.WORK in project.rights_of(actor)
    return actor.sees_everything
