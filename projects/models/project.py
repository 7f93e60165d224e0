"""Projects and who belongs to them."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.errors import NotFoundError
from accounts.models import User
from accounts.permissions import Actor, KeyActor, SystemActor, may_manage_users
from projects.choices import Color, Right
from projects.limits import KEEP_RUNS, NAME_LENGTH, SLUG_LENGTH
from projects.slugs import PATTERN, as_id, is_slug
from projects.time_zones import NAME_LENGTH as ZONE_LENGTH
from projects.time_zones import UTC

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, actor: Actor) -> Self:
        """System and root see all, people what they own or belong to, a key its project, the blocked nothing."""
        if isinstance(actor, SystemActor) or actor.sees_everything:
            return self.all()
        if not actor.is_active:
            return self.none()
        if isinstance(actor, KeyActor):
            return self.filter(pk=actor.project_id)
        belongs = Exists(Membership.objects.filter(project=OuterRef("pk"), user=actor))
        return self.filter(Q(owner=actor) | belongs)

    def peopled_by(self, actor: Actor) -> Self:
        """Whose members the actor may choose, if it sees them or not: managers of users choose everybody's."""
        return self.all() if may_manage_users(actor) else self.visible_to(actor)

    def for_showing(self) -> Self:
        """With all that a project's representation reads: two queries for any number of projects."""
        return self.select_related("owner", "api_key").prefetch_related("members")

    def lookup(self, actor: Actor, id_or_slug: str | uuid.UUID, *, people: bool = False) -> Project:
        """The project of that id or slug; raises NotFoundError when there is none that the actor sees.

        With `people`, none whose members the actor may choose.
        """
        text = str(id_or_slug)
        seen = self.peopled_by(actor) if people else self.visible_to(actor)
        with suppress(self.model.DoesNotExist):
            if key := as_id(text):
                return seen.get(pk=key)
            if is_slug(text):
                return seen.get(slug=text)
        raise NotFoundError("project_not_found", _("There is no such project."))

    def lock(self, key: uuid.UUID) -> None:
        """Let changes of one project take turns, each until its transaction ends. Raises DoesNotExist."""
        self.select_for_update(no_key=True).values_list("pk").get(pk=key)


class Project(models.Model):
    """Owner of code, environment and runs. Its slug is its name in URLs."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=NAME_LENGTH)
    slug = models.CharField(
        _("slug"),
        max_length=SLUG_LENGTH,
        unique=True,
        validators=[RegexValidator(rf"^{PATTERN.pattern}\Z")],
        error_messages={"unique": _("This slug is taken.")},
    )
    color = models.CharField(_("colour"), max_length=16, choices=Color.choices, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="owned_projects", verbose_name=_("owner")
    )
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="projects", verbose_name=_("members")
    )
    auto_start = models.BooleanField(
        _("start with the platform"),
        default=True,
        help_text=_("Whether a running service comes back by itself."),
    )
    keep_runs = models.PositiveSmallIntegerField(
        _("runs to keep"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(KEEP_RUNS)],
        help_text=_("How many finished runs keep their log."),
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=ZONE_LENGTH,
        default=UTC,
        help_text=_("Where the days of its goals begin."),
    )
    # These grow with each change of the settings and of the environment, and make their ETags.
    revision = models.PositiveIntegerField(default=1, editable=False)
    env_revision = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = ProjectQuerySet.as_manager()

    if TYPE_CHECKING:
        memberships: RelatedManager[Membership]

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        ordering = ("name", "pk")

    def __str__(self) -> str:
        return self.slug

    @property
    def etag(self) -> str:
        """Names these settings."""
        return f'"{self.pk.hex[:12]}-{self.revision}"'

    @property
    def env_etag(self) -> str:
        """Names this environment as a whole."""
        return f'"{self.pk.hex[:12]}-env-{self.env_revision}"'

    def rights_of(self, actor: Actor) -> frozenset[Right]:
        """What an actor may do here; empty for a stranger. One query for who is neither owner nor root.

        Who manages users chooses members of projects that he does not see.
        """
        if isinstance(actor, SystemActor) or actor.sees_everything:
            return frozenset(Right)
        if not actor.is_active:
            return frozenset()
        if isinstance(actor, KeyActor):
            return frozenset({Right.VIEW, Right.WORK} if actor.project_id == self.pk else ())
        if self.owner_id == actor.pk:
            return frozenset(Right)
        chooses = {Right.MEMBERS} if may_manage_users(actor) else set()
        if self.memberships.filter(user=actor).exists():
            return frozenset({Right.VIEW, Right.WORK} | chooses)
        return frozenset(chooses)


class Membership(models.Model):
    """A person in a project. The owner needs none."""

    project = models.ForeignKey(
        Project, models.CASCADE, related_name="memberships", verbose_name=_("project")
    )
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships", verbose_name=_("user"))
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        ordering = ("created_at", "pk")
        constraints = (models.UniqueConstraint(fields=["project", "user"], name="one_membership_per_user"),)

    def __str__(self) -> str:
        return f"{self.user} in {self.project}"
