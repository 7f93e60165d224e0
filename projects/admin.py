from __future__ import annotations

from typing import ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin import ActionAdmin, adopt
from accounts.permissions import actor_of, may_create_projects
from projects.actions.projects import create_project, update_project
from projects.models import EnvVar, Project
from projects.permissions import Right
from projects.record_admin import CollectionAdmin, RecordAdmin, RecordImportAdmin

# Registered by being imported.
__all__ = ["CollectionAdmin", "EnvVarAdmin", "ProjectAdmin", "RecordAdmin", "RecordImportAdmin"]


class ProjectForm(forms.ModelForm[Project]):
    class Meta:
        model = Project
        fields = ("name", "slug", "color", "auto_start", "keep_runs")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if "slug" in self.fields and self.instance._state.adding:
            self.fields["slug"].required = False
            self.fields["slug"].help_text = _("Made of the name where it is left empty.")


@admin.register(Project)
class ProjectAdmin(ActionAdmin):
    """Deleting asks for the slug, which the admin's own page does not: it is done on the project's page or by REST."""

    form = ProjectForm
    list_display = ("name", "slug", "color", "owner", "auto_start", "created_at")
    list_filter = ("color", "auto_start")
    list_select_related = ("owner",)
    search_fields = ("name", "slug")
    fields = ("name", "slug", "color", "auto_start", "keep_runs")

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


@admin.register(EnvVar)
class EnvVarAdmin(ActionAdmin):
    """Which variables there are; values are set on the project's page or by REST and never shown here."""

    list_display = ("key", "type", "project", "updated_at")
    list_filter = ("type",)
    list_select_related = ("project",)
    search_fields = ("key", "project__slug")
    fields: ClassVar[tuple[str, ...]] = ("project", "key", "type", "created_at", "updated_at")
    readonly_fields = fields
