"""Runs, attempts, nodes and limits in the admin: for reading, save limits, which the root sets."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.action_admin import ActionAdmin, VisibleFilter, adopt
from accounts.permissions import actor_of
from projects.models import Project
from runtime.actions.limits import delete_limit, set_limit
from runtime.models import Attempt, LimitOverride, Node, Run


@admin.register(Run)
class RunAdmin(ActionAdmin):
    """The runs of the projects one sees; starting and stopping is done on the project's page."""

    list_display = ("project", "label", "status", "reason", "restarts", "created_at", "finished_at", "node")
    list_display_links = ("project", "label")
    list_filter = (("project", VisibleFilter), "status", "reason", "created_at")
    list_select_related = ("project", "node")
    search_fields = ("project__slug", "project__name", "version", "branch", "error")
    fields: ClassVar[tuple[str, ...]] = (
        "project",
        "version",
        "branch",
        "status",
        "reason",
        "error",
        "restarts",
        "epoch",
        "node",
        "requested_by",
        "created_at",
        "started_at",
        "finished_at",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        found: QuerySet[Run] = super().get_queryset(request)
        return found.defer("files", "routes")

    @admin.display(description=_("code"))
    def label(self, run: Run) -> str:
        return run.label


@admin.register(Attempt)
class AttemptAdmin(ActionAdmin):
    list_display = ("project", "epoch", "node", "started_at", "ended_at", "reason")
    list_filter = (("run__project", VisibleFilter), "reason", "started_at")
    list_select_related = ("run__project", "node")
    search_fields = ("run__project__slug",)
    fields: ClassVar[tuple[str, ...]] = ("run", "epoch", "node", "started_at", "ended_at", "reason")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attempt]:
        projects = Project.objects.visible_to(actor_of(request))
        return Attempt.objects.filter(run__project__in=projects).defer("run__files", "run__routes")

    @admin.display(description=_("project"))
    def project(self, attempt: Attempt) -> Project:
        return attempt.run.project


class RootAdmin(ActionAdmin):
    """What the platform as a whole has: for the root alone."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.model._default_manager.all()  # type: ignore[no-any-return]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ANN401
        return super().has_view_permission(request) and actor_of(request).sees_everything


@admin.register(Node)
class NodeAdmin(RootAdmin):
    list_display = ("name", "alive", "pid", "registered_at", "lease_expires_at")
    list_filter = ("registered_at", "lease_expires_at")
    search_fields = ("name",)
    fields: ClassVar[tuple[str, ...]] = ("name", "alive", "pid", "registered_at", "lease_expires_at")
    readonly_fields = fields

    @admin.display(description=_("alive"), boolean=True)
    def alive(self, node: Node) -> bool:
        return node.lease_expires_at > timezone.now()


@admin.register(LimitOverride)
class LimitOverrideAdmin(RootAdmin):
    list_display = ("project", "name", "value")
    list_filter = (("project", VisibleFilter), "name")
    list_select_related = ("project",)
    search_fields = ("project__slug",)
    fields = ("project", "name", "value")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: LimitOverride | None = None) -> bool:
        return self.has_view_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: LimitOverride | None = None) -> bool:
        return self.has_view_permission(request)

    def get_readonly_fields(self, request: HttpRequest, obj: LimitOverride | None = None) -> tuple[str, ...]:
        """Which limit of which project it is stays; only the value changes."""
        return ("project", "name") if obj else ()

    def save_model(self, request: HttpRequest, obj: LimitOverride, form: Any, change: bool) -> None:  # noqa: ANN401
        adopt(obj, set_limit(actor=actor_of(request), project=obj.project, name=obj.name, value=obj.value))

    def delete_model(self, request: HttpRequest, obj: LimitOverride) -> None:
        delete_limit(actor=actor_of(request), project=obj.project, name=obj.name)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[LimitOverride]) -> None:
        for limit in queryset.select_related("project"):
            self.delete_model(request, limit)
