"""Imports of records from a file: rows with a lease, so that any process may go on where another one died."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.errors import NotFoundError
from accounts.permissions import Actor
from projects.choices import FINAL_IMPORT_STATUSES, DataFormat, ImportMode, ImportStatus, OnImportError
from projects.limits import COLLECTION_KEY_LENGTH
from projects.models.collection import Collection
from projects.slugs import as_id

LEASE = timedelta(seconds=30)
# How long a process may take from its start to its first row, on a machine that is busy.
STARTING = timedelta(seconds=60)


class RecordImportQuerySet(models.QuerySet["RecordImport"]):
    def visible_to(self, actor: Actor) -> Self:
        return self.filter(collection__in=Collection.objects.visible_to(actor))

    def lookup(self, collection: Collection, import_id: str) -> RecordImport:
        """Raises NotFoundError."""
        key = as_id(import_id)
        found = self.filter(collection=collection, pk=key).first() if key else None
        if found is None:
            raise NotFoundError("import_not_found", _("There is no such import."))
        return found

    def forgotten(self) -> Self:
        """What nobody works at: never begun, or begun by a process that is no more."""
        expired = Q(lease_expires_at=None) | Q(lease_expires_at__lte=timezone.now())
        return self.exclude(status__in=FINAL_IMPORT_STATUSES).filter(expired)

    def under_way(self) -> Self:
        """What some process works at, or is being started for."""
        return self.exclude(status__in=FINAL_IMPORT_STATUSES).filter(lease_expires_at__gt=timezone.now())


class RecordImport(models.Model):
    """A file on its way into a collection. `offset` and `line` say how far it is written, in the same transaction."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    collection = models.ForeignKey(
        Collection, models.CASCADE, related_name="imports", verbose_name=_("collection")
    )
    status = models.CharField(
        _("status"), max_length=10, choices=ImportStatus.choices, default=ImportStatus.PENDING
    )
    format = models.CharField(_("format"), max_length=5, choices=DataFormat.choices)
    mode = models.CharField(_("mode"), max_length=6, choices=ImportMode.choices, default=ImportMode.INSERT)
    key = models.CharField(_("key"), max_length=COLLECTION_KEY_LENGTH, default="id")
    on_error = models.CharField(
        _("on errors"), max_length=5, choices=OnImportError.choices, default=OnImportError.ABORT
    )
    dry_run = models.BooleanField(_("only checked"), default=False)
    # Everything of the file was looked at, so that lines are written now.
    checked = models.BooleanField(default=False, editable=False)
    offset = models.BigIntegerField(default=0, editable=False)
    line = models.PositiveIntegerField(default=0, editable=False)
    total = models.PositiveIntegerField(_("lines"), null=True, editable=False)
    processed = models.PositiveIntegerField(_("processed"), default=0, editable=False)
    inserted = models.PositiveIntegerField(_("inserted"), default=0, editable=False)
    updated = models.PositiveIntegerField(_("changed"), default=0, editable=False)
    failed = models.PositiveIntegerField(_("with errors"), default=0, editable=False)
    errors = models.JSONField(_("errors"), default=list, editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    # Compared with each chunk: who lost the lease writes nothing more.
    epoch = models.PositiveIntegerField(default=0, editable=False)
    worker = models.CharField(max_length=100, blank=True, editable=False)
    lease_expires_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, editable=False)

    objects = RecordImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import of records")
        verbose_name_plural = _("imports of records")
        ordering = ("-created_at", "-pk")
        indexes = (models.Index(fields=["status", "lease_expires_at"], name="import_by_lease"),)

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_final(self) -> bool:
        return self.status in FINAL_IMPORT_STATUSES

    def reserve(self) -> bool:
        """Keep it for a process that is being started, so that no second one is; False where another was faster."""
        free = RecordImport.objects.forgotten().filter(pk=self.pk)
        until = timezone.now() + STARTING
        return free.update(worker="", lease_expires_at=until) == 1

    def claim(self, worker: str) -> bool:
        """Take the lease where it is reserved or nobody has it; False where another was faster or it is over."""
        now = timezone.now()
        expired = Q(lease_expires_at=None) | Q(lease_expires_at__lte=now)
        mine = RecordImport.objects.filter(pk=self.pk, epoch=self.epoch)
        taken = (
            mine.exclude(status__in=FINAL_IMPORT_STATUSES)
            .filter(expired | Q(worker=""))
            .update(
                status=ImportStatus.RUNNING,
                epoch=F("epoch") + 1,
                worker=worker[:100],
                lease_expires_at=now + LEASE,
            )
        )
        self.refresh_from_db()
        return taken == 1

    def keep(self, **values: Any) -> bool:
        """Write progress and renew the lease; False when it was lost or the import was cancelled."""
        values["lease_expires_at"] = timezone.now() + LEASE
        return self._update(**values)

    def finish(self, status: ImportStatus) -> bool:
        """The end, if the lease is still ours."""
        return self._update(status=status, finished_at=timezone.now(), lease_expires_at=None)

    def release(self) -> bool:
        """Let another process go on at once."""
        return self._update(lease_expires_at=None)

    def cancel(self) -> bool:
        """End it from outside; False where it has ended already."""
        open_ones = RecordImport.objects.filter(pk=self.pk).exclude(status__in=FINAL_IMPORT_STATUSES)
        return open_ones.update(status=ImportStatus.CANCELLED, finished_at=timezone.now()) == 1

    def _update(self, **values: Any) -> bool:
        mine = RecordImport.objects.filter(pk=self.pk, epoch=self.epoch, status=ImportStatus.RUNNING)
        if mine.update(**values) != 1:
            return False
        for name, value in values.items():
            setattr(self, name, value)
        return True

    reserve.alters_data = True  # type: ignore[attr-defined]
    claim.alters_data = True  # type: ignore[attr-defined]
    keep.alters_data = True  # type: ignore[attr-defined]
    finish.alters_data = True  # type: ignore[attr-defined]
    release.alters_data = True  # type: ignore[attr-defined]
    cancel.alters_data = True  # type: ignore[attr-defined]
