"""People and the audit in the admin. What changes anything goes through actions; the rest is for reading."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.action_admin import ActionAdmin, adopt, allowed
from accounts.actions.users import (
    RIGHTS,
    block_user,
    create_user,
    delete_user,
    set_password,
    unblock_user,
    update_user,
)
from accounts.errors import UserError
from accounts.forms import UserForm
from accounts.models import AuditEntry, User
from accounts.permissions import actor_of, require_edit_user, require_manage_users


@admin.register(User)
class UserAdmin(ActionAdmin):
    form = UserForm
    list_display = (
        "email",
        "name",
        "is_active",
        "is_root",
        "can_create_projects",
        "can_manage_users",
        "last_login",
    )
    list_filter = ("is_active", "is_root", "can_create_projects", "can_manage_users", "last_login")
    search_fields = ("email", "name")
    ordering = ("email",)
    fields = (
        "email",
        "name",
        "password",
        "is_active",
        "can_create_projects",
        "can_manage_users",
        "project_access",
    )
    actions = ("block", "unblock")

    def has_view_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_view_permission(request) and allowed(require_manage_users, request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        if obj is None:
            return self.has_view_permission(request)
        return self.has_view_permission(request) and allowed(require_edit_user, request.user, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        removable = obj is None or (not obj.is_root and obj != request.user)
        return removable and self.has_change_permission(request, obj)

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        hidden = set()
        if obj is not None and not self.has_change_permission(request, obj):
            hidden = {"password", "project_access"}
        elif obj is not None and obj == request.user:
            hidden = {"project_access"}
        return [name for name in self.fields if name not in hidden]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """The own rights, and those that the person who edits lacks."""
        actor = actor_of(request)
        if obj is not None and obj.pk == actor.pk:
            return ["is_active", *RIGHTS]
        return [right for right in RIGHTS if not (actor.is_root or getattr(actor, right))]

    @admin.action(description=gettext_lazy("Block: logins and sessions end"), permissions=["change"])
    def block(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._each(request, queryset, block_user)

    @admin.action(description=gettext_lazy("Unblock"), permissions=["change"])
    def unblock(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._each(request, queryset, unblock_user)

    def _each(self, request: HttpRequest, queryset: QuerySet[User], act: Callable[..., User]) -> None:
        """All of them or none."""
        try:
            with transaction.atomic():
                done = [act(actor=actor_of(request), user=user) for user in queryset]
        except (PermissionDenied, UserError) as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Changed: {count}").format(count=len(done)))

    def save_model(self, request: HttpRequest, obj: User, form: UserForm, change: bool) -> None:
        actor, data = actor_of(request), dict(form.cleaned_data)
        password = data.pop("password", "")
        if not change:
            active = data.pop("is_active", True)
            saved = create_user(actor=actor, password=password, **data)
            if not active:
                saved = update_user(actor=actor, user=saved, is_active=False)
            return adopt(obj, saved)
        if password and obj.pk == actor.pk:
            raise UserError(
                "own_password", _("Change your own password on its own page, with the present one.")
            )
        adopt(
            obj,
            update_user(
                actor=actor, user=obj, **{key: data[key] for key in form.changed_data if key in data}
            ),
        )
        if password:
            set_password(actor=actor, user=obj, password=password)
        return None

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        delete_user(actor=actor_of(request), user=obj)


@admin.register(AuditEntry)
class AuditEntryAdmin(ActionAdmin):
    list_display = ("created_at", "actor_label", "verb", "target_type", "target_label", "ip")
    list_filter = ("verb", "target_type")
    search_fields = ("actor_label", "target_label", "target_id", "request_id")
    date_hierarchy = "created_at"
    readonly_fields: ClassVar[tuple[str, ...]] = (
        "created_at",
        "actor_label",
        "verb",
        "target_type",
        "target_id",
        "target_label",
        "project_id",
        "before",
        "after",
        "ip",
        "request_id",
    )
    fields = readonly_fields

    def has_view_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return super().has_view_permission(request) and allowed(require_manage_users, request.user)
