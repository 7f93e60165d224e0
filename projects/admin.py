from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminSelect2Widget

from accounts.action_admin import ActionAdmin, VisibleFilter, adopt
from accounts.permissions import actor_of, may_create_projects
from projects import time_zones
from projects.actions.env import delete_env
from projects.actions.file_links import delete_file_link
from projects.actions.keys import revoke_key
from projects.actions.members import add_member, remove_member
from projects.actions.projects import create_project, update_project
from projects.models import ApiKey, EnvVar, FileLink, Membership, Project, SlugAlias
from projects.permissions import Right
from projects.record_admin import CollectionAdmin, RecordAdmin, RecordImportAdmin

# Registered by being imported.
__all__ = ["CollectionAdmin", "EnvVarAdmin", "ProjectAdmin", "RecordAdmin", "RecordImportAdmin"]


class ProjectForm(forms.ModelForm[Project]):
    class Meta:
        model = Project
        fields = ("name", "slug", "color", "auto_start", "keep_runs", "time_zone")

    time_zone = forms.ChoiceField(
        label=capfirst(_("time zone")),
        choices=[(name, name) for name in time_zones.names()],
        initial=time_zones.UTC,
        help_text=_("Where the days of its goals begin."),
        widget=UnfoldAdminSelect2Widget,
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if "slug" in self.fields and self.instance._state.adding:
            self.fields["slug"].required = False
            self.fields["slug"].help_text = _("Made of the name where it is left empty.")


@admin.register(Project)
class ProjectAdmin(ActionAdmin):
    """Deleting asks for the slug, which the admin's own page does not: it is done on the project's page or by REST."""

    form = ProjectForm
    list_display = ("name", "slug", "color", "owner", "key_prefix", "auto_start", "created_at")
    list_filter = ("color", "auto_start")
    list_select_related = ("owner", "api_key")
    search_fields = ("name", "slug", "owner__email")
    fields = ("name", "slug", "color", "auto_start", "keep_runs", "time_zone")

    @admin.display(description=_("API key"))
    def key_prefix(self, project: Project) -> str:
        return project.api_key.prefix if hasattr(project, "api_key") else ""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and may_create_projects(actor_of(request))

    def has_change_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        return self.has_view_permission(request) and (
            obj is None or Right.OWN in obj.rights_of(actor_of(request))
        )

    def save_model(self, request: HttpRequest, obj: Project, form: ProjectForm, change: bool) -> None:
        actor, data = actor_of(request), form.cleaned_data
        if not change:
            adopt(obj, create_project(actor=actor, **data))
        else:
            changes = {key: data[key] for key in form.changed_data}
            adopt(obj, update_project(actor=actor, project=obj, **changes))


class OwnedAdmin(ActionAdmin):
    """What the owner of a project may take away."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ANN401
        return self.has_view_permission(request) and (
            obj is None or Right.OWN in obj.project.rights_of(actor_of(request))
        )


@admin.register(ApiKey)
class ApiKeyAdmin(OwnedAdmin):
    """Which keys there are. New ones are shown once, so they are made on the project's page or by REST."""

    list_display = ("prefix", "project", "created_by", "created_at", "last_used_at")
    list_filter = (("project", VisibleFilter), "created_at", "last_used_at")
    list_select_related = ("project", "created_by")
    search_fields = ("prefix", "project__slug")
    fields: ClassVar[tuple[str, ...]] = ("prefix", "project", "created_by", "created_at", "last_used_at")
    readonly_fields = fields

    def delete_model(self, request: HttpRequest, obj: ApiKey) -> None:
        revoke_key(actor=actor_of(request), project=obj.project)


class MembershipForm(forms.ModelForm[Membership]):
    """Projects are those of the person who asks; people are named by address, for not everybody sees them all."""

    email = forms.CharField(label=capfirst(_("e-mail")), max_length=254, widget=UnfoldAdminEmailInputWidget)

    class Meta:
        model = Membership
        fields = ("project",)


@admin.register(Membership)
class MembershipAdmin(OwnedAdmin):
    form = MembershipForm
    list_display = ("project", "user", "created_at")
    list_filter = (("project", VisibleFilter), "created_at")
    list_select_related = ("project", "user")
    search_fields = ("project__slug", "user__email", "user__name")

    def get_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        return ("project", "user", "created_at") if obj else ("project", "email")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return Membership.objects.filter(project__in=Project.objects.visible_to(actor_of(request)))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and self._owned(request).exists()

    @staticmethod
    def _owned(request: HttpRequest) -> QuerySet[Project]:
        """The projects whose members the person chooses."""
        actor = actor_of(request)
        seen = Project.objects.visible_to(actor)
        return seen if actor.sees_everything else seen.filter(owner=actor)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:  # noqa: ANN401
        kwargs["queryset"] = self._owned(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Membership, form: MembershipForm, change: bool) -> None:
        data = form.cleaned_data
        adopt(obj, add_member(actor=actor_of(request), project=data["project"], email=data["email"]))

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        remove_member(actor=actor_of(request), project=obj.project, user_id=obj.user_id)


@admin.register(SlugAlias)
class SlugAliasAdmin(ActionAdmin):
    """Former slugs that lead to the present one; they end by themselves."""

    list_display = ("slug", "project", "expires_at")
    list_filter = (("project", VisibleFilter), "expires_at")
    list_select_related = ("project",)
    search_fields = ("slug", "project__slug")
    fields: ClassVar[tuple[str, ...]] = ("slug", "project", "expires_at")
    readonly_fields = fields


@admin.register(EnvVar)
class EnvVarAdmin(ActionAdmin):
    """Which variables there are; they may be taken away; values are set on the project's page or by REST and never shown here."""

    list_display = ("key", "type", "project", "updated_at")
    list_filter = (("project", VisibleFilter), "type")
    list_select_related = ("project",)
    search_fields = ("key", "project__slug")
    fields: ClassVar[tuple[str, ...]] = ("project", "key", "type", "created_at", "updated_at")
    readonly_fields = fields

    def has_delete_permission(self, request: HttpRequest, obj: EnvVar | None = None) -> bool:
        return self.has_view_permission(request) and (
            obj is None or Right.WORK in obj.project.rights_of(actor_of(request))
        )

    def delete_model(self, request: HttpRequest, obj: EnvVar) -> None:
        delete_env(actor=actor_of(request), project=obj.project, key=obj.key)


@admin.register(FileLink)
class FileLinkAdmin(ActionAdmin):
    """Direct links, to look at and to revoke, which is what deleting does. They are made by REST."""

    list_display = ("path", "project", "download", "expires_at", "created_by", "created_at")
    list_filter = (("project", VisibleFilter), "download", "expires_at")
    list_select_related = ("project", "created_by")
    search_fields = ("path", "project__slug")
    fields: ClassVar[tuple[str, ...]] = (
        "project",
        "path",
        "download",
        "expires_at",
        "created_by",
        "created_at",
    )
    readonly_fields = fields

    def has_delete_permission(self, request: HttpRequest, obj: FileLink | None = None) -> bool:
        return self.has_view_permission(request) and (
            obj is None or Right.WORK in obj.project.rights_of(actor_of(request))
        )

    def delete_model(self, request: HttpRequest, obj: FileLink) -> None:
        delete_file_link(actor=actor_of(request), project=obj.project, link_id=obj.pk)
