"""Releases: code that never changes again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.errors import ConflictError, NotFoundError
from accounts.permissions import Actor
from pipeline.choices import Bump, Tag
from pipeline.limits import AUTHOR_LENGTH
from pipeline.models.branch import main_first
from pipeline.versions import Version, parse_version
from projects.models import Project


class ReleaseQuerySet(models.QuerySet["Release"]):
    def visible_to(self, actor: Actor) -> Self:
        return self.filter(project__in=Project.objects.visible_to(actor))

    def active(self, project: Project) -> Release | None:
        """Without its code, which comes when it is asked for."""
        return self.defer("files").filter(project=project, is_active=True).order_by().first()

    def get_version(self, project: Project, version: str) -> Release:
        """Raises NotFoundError."""
        number = parse_version(version)
        found = number and self.filter(project=project, major=number.major, minor=number.minor).first()
        if not found:
            raise NotFoundError("release_not_found", _("There is no such release."))
        return found

    def active_versions(self, projects: Sequence[Project]) -> dict[UUID, dict[str, object]]:
        """The facet `active_release`: one query for many projects, without their code."""
        rows = self.filter(project__in=projects, is_active=True).values_list("project_id", "major", "minor")
        return {
            project_id: {"active_release": str(Version(major, minor))} for project_id, major, minor in rows
        }

    def update(self, **values: Any) -> int:
        """Refuses everything but `is_active` and the author's removal."""
        if not values.keys() <= {"is_active", "author"}:
            raise TypeError("a release is never changed")
        return super().update(**values)


class Release(models.Model):
    """Frozen code with a number. At most one of a project is active: the one chosen to run."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="releases", verbose_name=_("project"))
    major = models.PositiveIntegerField(editable=False)
    minor = models.PositiveIntegerField(editable=False)
    files = models.JSONField(_("files"), editable=False)
    comment = models.TextField(_("comment"), blank=True, editable=False)
    tag = models.CharField(_("tag"), max_length=16, choices=Tag.choices, default=Tag.DEVELOP, editable=False)
    branch = models.CharField(_("from branch"), max_length=64, editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("author"),
    )
    # Who it was in words: a key is no person, and people are deleted.
    author_label = models.CharField(_("author"), max_length=AUTHOR_LENGTH, blank=True, editable=False)
    is_active = models.BooleanField(_("active"), default=False, editable=False)
    created_at = models.DateTimeField(_("published"), default=timezone.now, editable=False)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        ordering = ("-major", "-minor")
        constraints = (
            models.UniqueConstraint(fields=["project", "major", "minor"], name="one_release_per_version"),
            models.UniqueConstraint(
                fields=["project"], condition=Q(is_active=True), name="one_active_release"
            ),
        )

    def __str__(self) -> str:
        return self.version

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raises TypeError for a release that is there already."""
        if not self._state.adding:
            raise TypeError("a release is never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Raises ConflictError for the active one."""
        if Release.objects.filter(pk=self.pk, is_active=True).exists():
            raise ConflictError(
                "release_active", _("The active release cannot be deleted; activate another first.")
            )
        return super().delete(*args, **kwargs)

    @property
    def version(self) -> str:
        return str(Version(self.major, self.minor))

    def as_files(self) -> dict[str, str]:
        """Name to code, `main` first; PostgreSQL's jsonb keeps an order of its own."""
        return main_first(self.files)

    def predecessor(self) -> Release | None:
        """The release before this one."""
        earlier = Q(major__lt=self.major) | Q(major=self.major, minor__lt=self.minor)
        return Release.objects.filter(earlier, project=self.project_id).first()

    def activate(self) -> None:
        """Becomes the one chosen to run, instead of the one that was."""
        with transaction.atomic():
            # Two activations of one project take turns at this row; without it the second update meets the constraint.
            Project.objects.lock(self.project_id)
            Release.objects.filter(project=self.project_id, is_active=True).exclude(pk=self.pk).update(
                is_active=False
            )
            Release.objects.filter(pk=self.pk).update(is_active=True)
        self.is_active = True

    activate.alters_data = True  # type: ignore[attr-defined]


class ReleaseNumber(models.Model):
    """The highest number a project ever gave, so that a deleted release's number is not given again."""

    project = models.OneToOneField(Project, models.CASCADE, primary_key=True, related_name="+")
    major = models.PositiveIntegerField(default=0)
    minor = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("release number")
        verbose_name_plural = _("release numbers")

    def __str__(self) -> str:
        return str(Version(self.major, self.minor))

    @classmethod
    def reach(cls, project: Project, version: Version) -> None:
        """Give numbers above this one from now on."""
        cls.objects.update_or_create(
            project=project, defaults={"major": version.major, "minor": version.minor}
        )

    @classmethod
    def take(cls, project: Project, bump: str) -> Version:
        """The next number. Wants a transaction around it: who comes second waits for the first to end."""
        row, _created = cls.objects.select_for_update(no_key=True).get_or_create(project=project)
        last = Version(row.major, row.minor)
        row.major, row.minor = last.next_major() if bump == Bump.MAJOR else last.next_minor()
        row.save()
        return Version(row.major, row.minor)
