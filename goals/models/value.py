"""What was counted: one row for each goal, project and day."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Self

from django.db import connection, models
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Actor
from goals.days import today
from goals.limits import VALUE
from goals.models.goal import Goal
from projects.models import Project

# On PostgreSQL both rows are locked against their deletion, first the project's and then the goal's, as a deletion does;
# a goal that got another type meanwhile is not found. A sum out of range is not written, and then returns no row.
_ADD = """
WITH counting AS (SELECT id FROM projects_project WHERE id = %s {lock})
INSERT INTO goals_goalvalue (goal_id, project_id, day, value, updated_at)
SELECT goal.id, counting.id, %s, %s, %s
FROM counting, goals_goal goal
WHERE goal.id = %s AND goal.type = %s
{lock_goal}
ON CONFLICT (goal_id, day, project_id) DO UPDATE
SET value = goals_goalvalue.value + excluded.value, updated_at = excluded.updated_at
WHERE goals_goalvalue.value + excluded.value BETWEEN %s AND %s
RETURNING value
"""
_ADD_LOCKED = _ADD.format(lock="FOR KEY SHARE", lock_goal="FOR KEY SHARE OF goal")
_ADD_ALONE = _ADD.format(lock="", lock_goal="")


class GoalValueQuerySet(models.QuerySet["GoalValue"]):
    def visible_to(self, actor: Actor) -> Self:
        """What was counted by projects that the actor sees; of deleted ones, to whoever sees everything."""
        seen = self.filter(goal__in=Goal.objects.visible_to(actor))
        if actor.sees_everything:
            return seen
        return seen.filter(project__in=Project.objects.visible_to(actor))

    def add(self, goal: Goal, project: Project, value: int, day: date) -> int | None:
        """Add to the project's value of a day by one atomic statement: the new value.

        None where goal or project are gone, the goal's type is another, or the sum would be out of range.
        """
        operations, prepare = connection.ops, Goal._meta.pk.get_db_prep_value
        given = [
            prepare(project.pk, connection),
            operations.adapt_datefield_value(day),
            value,
            operations.adapt_datetimefield_value(timezone.now()),
            prepare(goal.pk, connection),
            goal.type,
            *(-VALUE, VALUE),
        ]
        locks = connection.features.has_select_for_no_key_update
        with connection.cursor() as cursor:
            cursor.execute(_ADD_LOCKED if locks else _ADD_ALONE, given)
            row = cursor.fetchone()
        return row[0] if row else None

    def total(self) -> int:
        """The sum of all; 0 of none."""
        return int(self.aggregate(total=Sum("value"))["total"] or 0)


class GoalValue(models.Model):
    """A project's share in a goal: of one day, or of all days in TOTAL. Of deleted projects the sum remains."""

    # Stands in `day` where a goal does not count by days: NULL would be different from itself in the unique key.
    TOTAL: ClassVar[date] = date(1, 1, 1)

    goal = models.ForeignKey(
        Goal, models.CASCADE, related_name="values", db_index=False, verbose_name=_("goal")
    )
    # The shares of a deleted project stay with a global goal as they are; several of one day are simply added up.
    project = models.ForeignKey(
        Project, models.SET_NULL, null=True, related_name="goal_values", verbose_name=_("project")
    )
    day = models.DateField(_("day"), default=TOTAL)
    value = models.BigIntegerField(_("value"), default=0)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = GoalValueQuerySet.as_manager()

    class Meta:
        verbose_name = _("day value")
        verbose_name_plural = _("day values")
        ordering = ("-day", "pk")
        constraints = (
            models.UniqueConstraint(fields=["goal", "day", "project"], name="one_value_per_goal_day_project"),
        )

    def __str__(self) -> str:
        return f"{self.goal}: {self.value}"

    @classmethod
    def day_of(cls, goal: Goal) -> date:
        """The day that an increment counts for now: the project's, or that of UTC for a global goal."""
        return today(goal.project) if goal.is_daily else cls.TOTAL
