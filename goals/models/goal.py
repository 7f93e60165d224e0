"""Goals: what services count. One table for those of a project and for global ones."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Prefetch, Q
from django.utils.text import Truncator
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.errors import NotFoundError
from accounts.permissions import Actor, KeyActor, SystemActor
from goals.choices import GoalType
from goals.limits import DESCRIPTION_LENGTH
from projects.choices import Color
from projects.limits import NAME_LENGTH, SLUG_LENGTH
from projects.models import Project
from projects.slugs import PATTERN, as_id, is_slug


class GoalQuerySet(models.QuerySet["Goal"]):
    def visible_to(self, actor: Actor) -> Self:
        """Everybody sees global goals and those of projects that he sees; a key only those that it may count."""
        if isinstance(actor, SystemActor) or actor.sees_everything:
            return self.all()
        if not actor.is_active:
            return self.none()
        if isinstance(actor, KeyActor):
            return self.filter(_countable(actor.project_id))
        return self.filter(Q(project=None) | Q(project__in=Project.objects.visible_to(actor)))

    def everywhere(self) -> Self:
        """The global goals."""
        return self.filter(project=None)

    def countable_by(self, project: Project) -> Self:
        """The project's goals and the global ones that list it."""
        return self.filter(_countable(project.pk))

    def for_script(self, project: Project, slug: str) -> Goal:
        """What `slug` (or an id) means in a project: its own goal first, then a global one that lists it.

        One query for its own, which is counted often, two for a global one. Raises NotFoundError, which names the slug.
        """
        named = self.named(slug)
        own = named.filter(project=project).select_related("project").first()
        return own or named.everywhere().countable_by(project).first() or _raise_absent(slug)

    def named(self, id_or_slug: str) -> Self:
        """Those of that id or short slug."""
        if key := as_id(id_or_slug):
            return self.filter(pk=key)
        return self.filter(slug=id_or_slug) if is_slug(id_or_slug) else self.none()

    def lookup(self, id_or_slug: str) -> Goal:
        """The one of that id or short slug, among goals of one place. Raises NotFoundError."""
        return self.named(id_or_slug).first() or _raise_absent(id_or_slug)

    def lock_for(self, project: Project) -> None:
        """Lock, in a transaction, whatever goal the project owns or counted, against edits and resets."""
        touched = self.filter(Q(project=project) | Q(values__project=project)).values("pk")
        list(self.filter(pk__in=touched).order_by("pk").select_for_update().values_list("pk"))

    def with_projects(self, actor: Actor) -> Self:
        """With the allowed projects that the actor sees, for any number of goals by one query more."""
        seen = Project.objects.visible_to(actor).only("pk").order_by("pk")
        return self.select_related("project").prefetch_related(
            Prefetch("allowed_projects", queryset=seen, to_attr="seen_projects")
        )


class Goal(models.Model):
    """A counter, or a counter for each day. Its values stand in rows of their own and never change its revision."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(
        Project,
        models.CASCADE,
        related_name="goals",
        null=True,
        blank=True,
        verbose_name=_("project"),
        help_text=_("Empty for a global goal."),
    )
    name = models.CharField(_("name"), max_length=NAME_LENGTH)
    slug = models.CharField(
        _("slug"), max_length=SLUG_LENGTH, validators=[RegexValidator(rf"^{PATTERN.pattern}\Z")]
    )
    color = models.CharField(_("colour"), max_length=16, choices=Color.choices, blank=True)
    type = models.CharField(_("type"), max_length=16, choices=GoalType.choices, default=GoalType.COUNTER)
    description = models.CharField(_("description"), max_length=DESCRIPTION_LENGTH, blank=True)
    allowed_projects = models.ManyToManyField(
        Project,
        related_name="allowed_goals",
        blank=True,
        verbose_name=_("allowed projects"),
        help_text=_("Which projects may count a global goal."),
    )
    revision = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = GoalQuerySet.as_manager()

    if TYPE_CHECKING:
        project_id: uuid.UUID | None
        seen_projects: list[Project]

    class Meta:
        verbose_name = _("goal")
        verbose_name_plural = _("goals")
        ordering = ("name", "pk")
        constraints = (
            models.UniqueConstraint(fields=["project", "slug"], name="one_goal_per_project_and_slug"),
            models.UniqueConstraint(
                fields=["slug"], condition=Q(project=None), name="one_global_goal_per_slug"
            ),
        )

    def __str__(self) -> str:
        return self.public_slug

    @property
    def public_slug(self) -> str:
        """`{project}-{goal}`, or the slug of a global goal. Follows the project's slug, so it names, but is no key."""
        return self.slug if self.project is None else f"{self.project.slug}-{self.slug}"

    @property
    def is_daily(self) -> bool:
        return self.type == GoalType.DAILY_COUNTER

    @property
    def etag(self) -> str:
        """Names these settings; counting does not change it."""
        return f'"{self.pk.hex[:12]}-{self.revision}"'


def _countable(project_id: uuid.UUID) -> Q:
    listed = Goal.allowed_projects.through.objects.filter(project=project_id).values("goal")
    return Q(project=project_id) | Q(project=None, pk__in=listed)


def _raise_absent(slug: str) -> Goal:
    message = _now("There is no goal “{goal}” here.").format(goal=Truncator(slug.replace("\0", "")).chars(60))
    raise NotFoundError("goal_not_found", message)
