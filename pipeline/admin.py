"""Branches, their history and releases in the admin: everything that changes them goes through actions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.contrib import admin
from django.db.models import BigIntegerField, ExpressionWrapper, F, QuerySet
from django.db.models.functions import Cast
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.action_admin import ActionAdmin, VisibleFilter, adopt
from accounts.errors import UserError
from accounts.permissions import actor_of
from pipeline.actions.branches import delete_branch, rename_branch, restore_revision
from pipeline.actions.releases import activate_release, delete_release, purge_releases
from pipeline.models import Branch, BranchRevision, Release
from projects.models import Project

# One number that sorts as versions do, without overflowing where integers are small.
_IN_ORDER = ExpressionWrapper(
    Cast("major", BigIntegerField()) * 2**31 + F("minor"), output_field=BigIntegerField()
)


@admin.register(Branch)
class BranchAdmin(ActionAdmin):
    """Code is edited on the project's page or by REST; a branch may be renamed and deleted here."""

    list_display = ("name", "project", "revision", "parent_branch", "created_from_release", "updated_at")
    list_select_related = ("project",)
    list_filter = (("project", VisibleFilter), "updated_at")
    search_fields = ("name", "project__slug", "project__name")
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
    readonly_fields = tuple(name for name in fields if name != "name")

    def has_change_permission(self, request: HttpRequest, obj: Branch | None = None) -> bool:
        return self.has_view_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Branch | None = None) -> bool:
        return self.has_view_permission(request)

    def save_model(self, request: HttpRequest, obj: Branch, form: ModelForm[Branch], change: bool) -> None:
        former = form.initial["name"]
        adopt(
            obj,
            rename_branch(actor=actor_of(request), project=obj.project, name=former, new_name=obj.name),
        )

    def get_deleted_objects(
        self, objs: Iterable[Branch], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """A branch takes its history along, which nobody deletes by itself."""
        gone, counts, refused, kept = super().get_deleted_objects(objs, request)
        return gone, counts, refused - {BranchRevision._meta.verbose_name}, kept

    def delete_model(self, request: HttpRequest, obj: Branch) -> None:
        delete_branch(actor=actor_of(request), project=obj.project, name=obj.name)

    @admin.display(description=gettext_lazy("code"))
    def code(self, branch: Branch) -> SafeString:
        return files_as_html(branch.as_files())


@admin.register(BranchRevision)
class BranchRevisionAdmin(ActionAdmin):
    list_display = ("revision", "branch", "project", "kind", "author_label", "count", "size", "created_at")
    list_select_related = ("branch__project",)
    list_filter = (("branch__project", VisibleFilter), "kind", "created_at")
    search_fields = ("branch__name", "branch__project__slug", "author_label")
    ordering = ("-created_at", "-pk")
    actions = ("restore",)
    fields: ClassVar[tuple[str, ...]] = (
        "branch",
        "revision",
        "kind",
        "author_label",
        "size",
        "created_at",
        "code",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[BranchRevision]:
        found: QuerySet[BranchRevision] = super().get_queryset(request)
        return found.defer("packed")

    @admin.display(description=gettext_lazy("project"))
    def project(self, revision: BranchRevision) -> Project:
        return revision.branch.project

    @admin.action(description=gettext_lazy("Restore the selected revision"))
    def restore(self, request: HttpRequest, queryset: QuerySet[BranchRevision]) -> None:
        if queryset.count() != 1:
            raise UserError("one_revision", _("Select exactly one revision."))
        found = queryset.select_related("branch__project").get()
        branch = restore_revision(
            actor=actor_of(request),
            project=found.branch.project,
            name=found.branch.name,
            revision=found.revision,
        )
        words = _("Branch {branch} holds revision {revision} again.")
        self.message_user(request, words.format(branch=branch.name, revision=found.revision))

    @admin.display(description=gettext_lazy("code"))
    def code(self, revision: BranchRevision) -> SafeString:
        return files_as_html(revision.as_files())


@admin.register(Release)
class ReleaseAdmin(ActionAdmin):
    list_display = ("shown_version", "project", "tag", "is_active", "author_label", "comment", "created_at")
    list_filter = (("project", VisibleFilter), "tag", "is_active", "created_at")
    list_select_related = ("project",)
    search_fields = ("project__slug", "project__name", "comment", "author_label", "branch")
    actions = ("activate", "purge")
    fields: ClassVar[tuple[str, ...]] = (
        "project",
        "shown_version",
        "tag",
        "comment",
        "branch",
        "author_label",
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

    @admin.display(description=gettext_lazy("version"), ordering=_IN_ORDER)
    def shown_version(self, release: Release) -> str:
        return release.version

    @admin.action(description=gettext_lazy("Activate the selected release"))
    def activate(self, request: HttpRequest, queryset: QuerySet[Release]) -> None:
        if queryset.count() != 1:
            raise UserError("one_release", _("Select exactly one release."))
        release = queryset.select_related("project").get()
        activate_release(actor=actor_of(request), project=release.project, version=release.version)
        self.message_user(request, _("Release {version} is active now.").format(version=release.version))

    @admin.action(description=gettext_lazy("Purge the projects of the selected releases"))
    def purge(self, request: HttpRequest, queryset: QuerySet[Release]) -> None:
        """All releases of those projects go, but the active ones and those that run."""
        gone: list[str] = []
        for project in Project.objects.filter(pk__in=queryset.order_by().values("project")):
            versions = purge_releases(actor=actor_of(request), project=project)
            gone += [f"{project.slug} {version}" for version in versions]
        words = _("Deleted: {releases}.").format(releases=", ".join(gone)) if gone else _("Nothing to purge.")
        self.message_user(request, words)

    @admin.display(description=gettext_lazy("code"))
    def code(self, release: Release) -> SafeString:
        return files_as_html(release.as_files())


def files_as_html(files: dict[str, str]) -> SafeString:
    """Each file under its name, in frames that scroll by themselves."""
    shape = '<details class="m-source" open><summary>{}</summary><pre tabindex="0">{}</pre></details>'
    return format_html_join("", shape, files.items())
