"""What the database knows of files: the space they take, and the links that let strangers read them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.authentication import digest
from accounts.permissions import Actor
from projects.limits import PATH_BYTES
from projects.models.project import Project

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class StorageUsage(models.Model):
    """The space of one project, kept with each change, so that a check costs no walk over the files."""

    project = models.OneToOneField(Project, models.CASCADE, primary_key=True, related_name="storage_usage")
    bytes = models.BigIntegerField(_("bytes"), default=0, editable=False)
    files = models.BigIntegerField(_("files and folders"), default=0, editable=False)
    limit = models.BigIntegerField(
        _("limit in bytes"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("Empty for the platform's own."),
    )
    # Grows with each change: a recount that somebody interfered with is not taken.
    revision = models.BigIntegerField(default=0, editable=False)
    counted_at = models.DateTimeField(_("counted"), null=True, editable=False)

    if TYPE_CHECKING:
        reservations: RelatedManager[StorageReservation]

    class Meta:
        verbose_name = _("space")
        verbose_name_plural = _("space")

    def __str__(self) -> str:
        return str(self.project_id)

    @property
    def byte_limit(self) -> int:
        return settings.STORAGE.project_limit if self.limit is None else self.limit

    def reserved(self, but: StorageReservation | None = None) -> tuple[int, int]:
        """Bytes and files that changes under way may still take, other than one's own. One query."""
        living = self.reservations.filter(expires_at__gt=timezone.now())
        if but is not None:
            living = living.exclude(pk=but.pk)
        found = living.aggregate(bytes=Sum("bytes"), files=Sum("files"))
        return found["bytes"] or 0, found["files"] or 0


class StorageReservation(models.Model):
    """Space that a change under way may take. One whose process died expires by itself."""

    LIFETIME = timedelta(minutes=30)

    usage = models.ForeignKey(StorageUsage, models.CASCADE, related_name="reservations")
    bytes = models.BigIntegerField(default=0)
    files = models.BigIntegerField(default=0)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("reserved space")
        verbose_name_plural = _("reserved space")

    def __str__(self) -> str:
        return f"{self.usage_id}: {self.bytes}"


class FileLinkQuerySet(models.QuerySet["FileLink"]):
    def visible_to(self, actor: Actor) -> Self:
        return self.filter(project__in=Project.objects.visible_to(actor))

    def living(self) -> Self:
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))

    def of_token(self, token: str, filename: str) -> FileLink | None:
        """The living link behind a token, if the file's name is right too."""
        found = self.living().select_related("project").filter(digest=digest(token)).first()
        return found if found is not None and found.filename == filename else None


class FileLink(models.Model):
    """Lets whoever knows its token read what is at one path. The token itself is kept nowhere."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="file_links", verbose_name=_("project"))
    path = models.CharField(_("path"), max_length=PATH_BYTES)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    download = models.BooleanField(
        _("always download"), default=False, help_text=_("Never shown in the browser, whatever it is.")
    )
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = FileLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("direct link")
        verbose_name_plural = _("direct links")
        ordering = ("-created_at", "pk")

    def __str__(self) -> str:
        return self.path

    @property
    def filename(self) -> str:
        return self.path.rpartition("/")[2]
