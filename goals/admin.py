from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.db.models import BigIntegerField, ForeignKey, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.forms import Field, ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.action_admin import ActionAdmin, VisibleFilter, adopt
from accounts.permissions import actor_of
from goals.actions.goals import create_goal, delete_goal, reset_goal, update_goal
from goals.forms import GoalForm
from goals.models import Goal, GoalValue
from goals.permissions import may_edit
from projects.models import Project


@admin.register(Goal)
class GoalAdmin(ActionAdmin):
    """The goals that one sees. Members edit those of their projects, the root the global ones."""

    form = GoalForm
    list_display = ("name", "public_slug", "type", "project", "color", "total", "updated_at")
    list_filter = ("type", "color", ("project", VisibleFilter))
    list_select_related = ("project",)
    search_fields = ("name", "slug", "description", "project__slug")
    actions = ("reset",)
    autocomplete_fields = ("allowed_projects",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Goal]:
        found: QuerySet[Goal] = super().get_queryset(request)
        total = Coalesce(Sum("values__value"), 0, output_field=BigIntegerField())
        return found.annotate(total=total)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Goal | None = None) -> bool:
        return self.has_view_permission(request) and (obj is None or may_edit(actor_of(request), obj.project))

    def has_delete_permission(self, request: HttpRequest, obj: Goal | None = None) -> bool:
        return self.has_change_permission(request, obj)

    def get_fields(self, request: HttpRequest, obj: Goal | None = None) -> Sequence[str]:
        """Only the root lists projects, and only a global goal lists any."""
        fields = ["project", "name", "slug", "color", "type", "description"]
        lists = obj is None or obj.project is None
        return [*fields, "allowed_projects"] if lists and actor_of(request).sees_everything else fields

    def get_readonly_fields(self, request: HttpRequest, obj: Goal | None = None) -> Sequence[str]:
        return () if obj is None else ("project",)

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any], request: HttpRequest, **kwargs: Any
    ) -> Field | None:
        actor = actor_of(request)
        kwargs["queryset"] = Project.objects.visible_to(actor)
        kwargs["required"] = not actor.sees_everything
        found: Field | None = super().formfield_for_foreignkey(db_field, request, **kwargs)
        return found

    def save_model(self, request: HttpRequest, obj: Goal, form: GoalForm, change: bool) -> None:
        actor, data = actor_of(request), dict(form.cleaned_data)
        if "allowed_projects" in data:
            data["allowed_projects"] = [project.pk for project in data["allowed_projects"]]
        if not change:
            adopt(obj, create_goal(actor=actor, **{"project": None, **data}))
        else:
            changes = {key: data[key] for key in form.changed_data}
            adopt(obj, update_goal(actor=actor, goal=obj, **changes))

    def save_related(
        self, request: HttpRequest, form: ModelForm[Goal], formsets: object, change: bool
    ) -> None:
        """Nothing: the action saved the allowed projects."""

    def get_deleted_objects(
        self, objs: QuerySet[Goal] | Sequence[Goal], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """The goals alone: their values go along, and would fill pages."""
        return [str(goal) for goal in objs], {str(Goal._meta.verbose_name_plural): len(objs)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Goal) -> None:
        delete_goal(actor=actor_of(request), goal=obj, confirm=obj.slug)

    @admin.action(description=_("Reset the selected goals to 0"))
    def reset(self, request: HttpRequest, queryset: QuerySet[Goal]) -> HttpResponse | None:
        """Asks first."""
        goals = list(queryset.select_related("project"))
        if request.POST.get("confirmed") != "yes":
            context = {
                **self.admin_site.each_context(request),
                **{"title": gettext("Reset goals"), "opts": self.opts, "media": self.media},
                **{"goals": goals, "checkbox": ACTION_CHECKBOX_NAME},
            }
            return TemplateResponse(request, "goals/reset.html", context)
        with transaction.atomic():
            for goal in goals:
                reset_goal(actor=actor_of(request), goal=goal, confirm=goal.slug)
        done = ngettext("{count} goal counts at 0 again.", "{count} goals count at 0 again.", len(goals))
        self.message_user(request, done.format(count=len(goals)))
        return None

    @admin.display(description=_("total"), ordering="total")
    def total(self, goal: Goal) -> int:
        return goal.total  # type: ignore[attr-defined,no-any-return]


@admin.register(GoalValue)
class GoalValueAdmin(ActionAdmin):
    """What was counted, by day and project; it changes by counting and resetting alone."""

    list_display = ("goal", "project", "shown_day", "value", "updated_at")
    list_filter = (("project", VisibleFilter), "goal__type", "day")
    list_select_related = ("goal__project", "project")
    search_fields = ("goal__slug", "goal__name", "project__slug")
    fields: ClassVar[tuple[str, ...]] = ("goal", "project", "shown_day", "value", "updated_at")
    readonly_fields = fields

    @admin.display(description=_("day"), ordering="day", empty_value="—")
    def shown_day(self, value: GoalValue) -> object:
        return None if value.day == GoalValue.TOTAL else value.day
