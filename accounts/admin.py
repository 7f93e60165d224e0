"""People and the audit in the admin. What changes anything goes through actions; the rest is for reading."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.filters import RelatedFieldListFilter
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Field, ForeignObjectRel, Model, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

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

# A filter lists no more than this; the search finds the rest.
_MOST_CHOICES = 200

Page = TypeVar("Page", bound=Callable[..., HttpResponse])


def says_errors(page: Page) -> Page:
    """A UserError becomes a message on the same page; everything it interrupted is rolled back by Django."""

    @wraps(page)
    def wrapped(self: object, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return page(self, request, *args, **kwargs)
        except UserError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(request.get_full_path())

    return wrapped  # type: ignore[return-value]


class VisibleFilter(RelatedFieldListFilter):
    """Offers what the person sees; Django's own would name all there is, to everybody."""

    def field_choices(
        self,
        field: Field[Any, Any] | ForeignObjectRel,
        request: HttpRequest,
        model_admin: admin.ModelAdmin[Any],
    ) -> list[tuple[str, Any]]:
        found = field.remote_field.model.objects.visible_to(actor_of(request))  # type: ignore[union-attr]
        return [(str(one.pk), self.label_of(one)) for one in self.ready(found)[:_MOST_CHOICES]]

    def ready(self, found: QuerySet[Any]) -> QuerySet[Any]:
        """In order, with what the labels need."""
        return found

    def label_of(self, one: Model) -> str:
        return str(one)


class ActionAdmin(ModelAdmin):  # type: ignore[misc]
    """Shows what `visible_to` shows, and by itself permits nothing but reading."""

    show_full_result_count = False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """What the filters of the list ask, and nothing else.

        Django allows every column of the model: who may read the list could then spell out digests of passwords and
        keys by asking how they begin.
        """
        offered = self.list_filter if request is None else self.get_list_filter(request)
        names = {one[0] if isinstance(one, (list, tuple)) else one for one in offered} | {self.date_hierarchy}
        return any(
            lookup == name or lookup.startswith(f"{name}{LOOKUP_SEP}")
            for name in names
            if isinstance(name, str)
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.model.objects.visible_to(actor_of(request))  # type: ignore[no-any-return]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ANN401
        return isinstance(request.user, User) and request.user.is_active

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ANN401
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ANN401
        return False

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """All of them or none, each by its action."""
        with transaction.atomic():
            for obj in queryset:
                self.delete_model(request, obj)

    @says_errors
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().changeform_view(request, *args, **kwargs)  # type: ignore[no-any-return]

    @says_errors
    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Raises BadRequest for what no form of the list sends and databases choke on."""
        if any("\0" in value for _name, values in request.GET.lists() for value in values):
            raise BadRequest("NUL in a filter")
        try:
            for key in request.POST.getlist(ACTION_CHECKBOX_NAME):
                self.opts.pk.to_python(key)
        except ValidationError as error:
            raise BadRequest("not a key") from error
        return super().changelist_view(request, *args, **kwargs)  # type: ignore[no-any-return]

    @says_errors
    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().delete_view(request, *args, **kwargs)  # type: ignore[no-any-return]


def adopt(shown: Model, saved: Model) -> None:
    """Make the object that the admin goes on with the one that an action saved."""
    shown.__dict__.update(saved.__dict__)


def allowed(check: Callable[..., None], *args: object) -> bool:
    try:
        check(*args)
    except PermissionDenied:
        return False
    return True


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
