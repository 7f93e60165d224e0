"""Who asks, and what a person may do to people."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.models import SYSTEM, KeyActor, SystemActor, User

if TYPE_CHECKING:
    from rest_framework.views import APIView

Actor: TypeAlias = User | KeyActor | SystemActor

__all__ = [
    "SYSTEM",
    "Actor",
    "IsKnown",
    "KeyActor",
    "SystemActor",
    "actor_of",
    "asking",
    "may_create_projects",
    "may_manage_users",
    "require_create_projects",
    "require_edit_user",
    "require_manage_users",
    "require_root",
]


def actor_of(request: HttpRequest | Request) -> User:
    """The person behind a request; raises NotAuthenticated for nobody, for the blocked and for a project's key."""
    if isinstance(getattr(request, "auth", None), KeyActor):
        raise NotAuthenticated(_("An API key works in its own project alone; for this, log in."))
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        raise NotAuthenticated
    return user


def asking(request: HttpRequest | Request) -> User | KeyActor:
    """The actor behind a request: a person, or whoever holds a project's key. Raises NotAuthenticated."""
    key = getattr(request, "auth", None)
    return key if isinstance(key, KeyActor) else actor_of(request)


class IsKnown(BasePermission):
    """What every REST door asks unless it says otherwise: a person who is not blocked, or a project's key."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Raises NotAuthenticated."""
        asking(request)
        return True


def may_create_projects(actor: Actor) -> bool:
    if isinstance(actor, SystemActor):
        return True
    if isinstance(actor, KeyActor):
        return False
    return actor.is_active and (actor.is_root or actor.can_create_projects)


def require_create_projects(actor: Actor) -> None:
    """Raises PermissionDenied."""
    if not may_create_projects(actor):
        raise PermissionDenied(_("You may not create projects."))


def require_root(actor: Actor) -> None:
    """Raises PermissionDenied."""
    if isinstance(actor, SystemActor) or (isinstance(actor, User) and actor.is_active and actor.is_root):
        return
    raise PermissionDenied(_("Only the root of this platform may do that."))


def may_manage_users(actor: Actor) -> bool:
    if isinstance(actor, SystemActor):
        return True
    if isinstance(actor, KeyActor):
        return False
    return actor.is_active and (actor.is_root or actor.can_manage_users)


def require_manage_users(actor: Actor) -> None:
    """Raises PermissionDenied."""
    if not may_manage_users(actor):
        raise PermissionDenied(_("You may not manage users."))


def require_edit_user(actor: Actor, user: User) -> None:
    """Managers of users edit others alone; the root is edited by itself alone. Raises PermissionDenied."""
    if user.is_root:
        if not isinstance(actor, User) or actor.pk != user.pk:
            raise PermissionDenied(_("The root account is changed by itself alone."))
        return
    require_manage_users(actor)
    if user == actor:
        raise PermissionDenied(_("Nobody manages the own account; the profile is yours to change."))
