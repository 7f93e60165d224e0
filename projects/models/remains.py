"""Projects that are no more, and may have left files."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from projects.limits import SLUG_LENGTH
from projects.models.project import Project

_LIVES = models.Exists(Project.objects.filter(pk=models.OuterRef("project_id")))


class RemainsQuerySet(models.QuerySet["Remains"]):
    def due(self, now: datetime) -> RemainsQuerySet:
        """Those whose project is no more, or never came to be."""
        return self.filter(~_LIVES, due_at__lte=now)

    def of_living(self) -> RemainsQuerySet:
        """Those whose project came to be."""
        return self.filter(_LIVES)

    def over(self, now: datetime) -> RemainsQuerySet:
        """Those that need not be looked at again: nobody writes for that project any more."""
        return self.filter(due_at__lte=now - Remains.GRACE)


class Remains(models.Model):
    """Written in the transaction that deletes a project, or before one that makes its files with it.

    A row is the only reason to remove files: a database that is empty or old by mistake removes nothing.
    """

    # How long somebody may still write for a project that is being deleted or made: the longest upload or import.
    GRACE = timedelta(days=1)

    project_id = models.UUIDField(primary_key=True)
    slug = models.CharField(max_length=SLUG_LENGTH, blank=True)
    due_at = models.DateTimeField(db_index=True, default=timezone.now)

    objects = RemainsQuerySet.as_manager()

    class Meta:
        verbose_name = _("remains of a project")
        verbose_name_plural = _("remains of projects")

    def __str__(self) -> str:
        return self.slug or str(self.project_id)

    @classmethod
    def expect(cls) -> uuid.UUID:
        """An id for a project that is going to be made, together with its files; delete the row in that transaction."""
        row = cls.objects.create(project_id=uuid.uuid4(), due_at=timezone.now() + cls.GRACE)
        return row.project_id
