"""What an actor may do to a project."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from accounts.errors import NotFoundError
from accounts.permissions import Actor
from projects.choices import Right
from projects.models import Project

__all__ = ["Right", "require"]


def require(actor: Actor, project: Project, right: Right) -> None:
    """Raises NotFoundError to who does not see the project and PermissionDenied to a member who lacks the right."""
    rights = project.rights_of(actor)
    if right in rights:
        return
    if Right.VIEW not in rights:
        raise NotFoundError("project_not_found", _("There is no such project."))
    raise PermissionDenied(_("Only the owner of the project may do that."))
