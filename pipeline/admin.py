from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin import ActionAdmin
from accounts.errors import UserError
from accounts.permissions import actor_of
from pipeline.actions.branches import delete_branch
from pipeline.actions.releases import activate_release, delete_release
from pipeline.models import Branch, Release


@admin.register(Branch)
class BranchAdmin(ActionAdmin):
    """Code is edited on the project's page or by REST."""

    list_display = ("name", "project", "revision", "updated_at")
    list_select_related = ("project",)
    search_fields = ("name", "project__slug")
    fields: ClassVar[tuple[str, ...]] = (
        "project",
        "name",
        "revision",
        "parent_branch",
        "created_from_release",
        "created_at",
        "updated_at",
        "code",
    )
    readonly_fields = fields

    def has_delete_permission(self, request: HttpRequest, obj: Branch | None = None) -> bool:
        return self.has_view_permission(request)

    def delete_model(self, request: HttpRequest, obj: Branch) -> None:
        delete_branch(actor=actor_of(request), project=obj.project, name=obj.name)

    @admin.display(description=gettext_lazy("code"))
    def code(self, branch: Branch) -> SafeString:
        return files_as_html(branch.as_files())


@admin.register(Release)
class ReleaseAdmin(ActionAdmin):
    list_display = ("version", "project", "tag", "is_active", "author", "comment", "created_at")
    list_filter = ("tag", "is_active")
    list_select_related = ("project", "author")
    search_fields = ("project__slug", "comment")
    actions = ("activate",)
    fields: ClassVar[tuple[str, ...]] = (
        "project",
        "version",
        "tag",
        "comment",
        "branch",
        "author",
        "is_active",
        "created_at",
        "code",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Release]:
        found: QuerySet[Release] = super().get_queryset(request)
        return found.defer("files")

    def has_delete_permission(self, request: HttpRequest, obj: Release | None = None) -> bool:
        return self.has_view_permission(request) and not (obj and obj.is_active)

    def delete_model(self, request: HttpRequest, obj: Release) -> None:
        delete_release(actor=actor_of(request), project=obj.project, version=obj.version)

    @admin.action(description=gettext_lazy("Activate the selected release"))
    def activate(self, request: HttpRequest, queryset: QuerySet[Release]) -> None:
        if queryset.count() != 1:
            raise UserError("one_release", _("Select exactly one release."))
        release = queryset.select_related("project").get()
        activate_release(actor=actor_of(request), project=release.project, version=release.version)
        self.message_user(request, _("Release {version} is active now.").format(version=release.version))

    @admin.display(description=gettext_lazy("code"))
    def code(self, release: Release) -> SafeString:
        return files_as_html(release.as_files())


def files_as_html(files: dict[str, str]) -> SafeString:
    return format_html_join("", "<h3>{}</h3><pre>{}</pre>", files.items())
