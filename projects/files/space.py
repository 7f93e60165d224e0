"""The space that a project's files may take: reserved before it is used, settled afterwards.

Everything that changes files holds a reservation meanwhile, be it of nothing: so two changes at once cannot pass the
limit together, and a recount sees that it was interfered with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from projects.files import errors
from projects.files.store import Change
from projects.limits import STORED_FILES
from projects.models import StorageReservation, StorageUsage

_MEGABYTE = 1024 * 1024
_LARGEST_STEP = 32 * _MEGABYTE
_FILES_STEP = 100
_RENEWAL = StorageReservation.LIFETIME.total_seconds() / 3


@dataclass(frozen=True)
class Figures:
    """What is used, changes under way not counted, and what may be."""

    used: int
    limit: int
    files: int
    file_limit: int


class Reservation:
    """Space that one change may take. It grows in steps, so that a stream costs a query per megabytes."""

    def __init__(self, row: StorageReservation) -> None:
        self._row = row
        self.bytes = row.bytes
        self.files = row.files
        self._taken_bytes = self._taken_files = 0
        self._renew_at = time.monotonic() + _RENEWAL

    def take(self, size: int, files: int = 0) -> None:
        """About to write so much more. Raises UserError when the project's space is used up."""
        self._taken_bytes += size
        self._taken_files += files
        missing = max(self._taken_bytes - self.bytes, 0)
        late = time.monotonic() > self._renew_at
        if missing or self._taken_files > self.files or late:
            generous = min(max(self._taken_bytes, _MEGABYTE), _LARGEST_STEP) if missing else 0
            self._grow(missing, generous)

    def shrink(self) -> None:
        """Give back what was not taken."""
        self.bytes, self.files = self._taken_bytes, self._taken_files
        StorageReservation.objects.filter(pk=self._row.pk).update(bytes=self.bytes, files=self.files)

    def settle(self, change: Change) -> None:
        """The change was made: count it."""
        with transaction.atomic():
            StorageUsage.objects.filter(pk=self._row.usage_id).update(
                bytes=F("bytes") + change.bytes, files=F("files") + change.files, revision=F("revision") + 1
            )
            self.release()

    def release(self) -> None:
        """Nothing more is taken. Harmless at any time."""
        StorageReservation.objects.filter(pk=self._row.pk).delete()

    def _grow(self, at_least: int, generous: int) -> None:
        with transaction.atomic():
            usage = _locked(self._row.usage_id)
            bytes_, files = usage.reserved(but=self._row)
            free = usage.byte_limit - usage.bytes - bytes_ - self.bytes
            most_files = STORED_FILES - usage.files - files
            if at_least > max(free, 0) or (self._taken_files > self.files and self._taken_files > most_files):
                raise errors.limit_reached()
            # Never so generous that others are refused while there is room.
            self.bytes += max(at_least, min(generous, free // 4))
            if self._taken_files > self.files:
                self.files = min(self._taken_files + _FILES_STEP, most_files)
            self._row.bytes, self._row.files = self.bytes, self.files
            self._row.expires_at = timezone.now() + StorageReservation.LIFETIME
            self._row.save()
        self._renew_at = time.monotonic() + _RENEWAL


class Space:
    """One project's."""

    def __init__(self, project_id: UUID) -> None:
        self._project_id = project_id

    def figures(self) -> Figures:
        """One query."""
        usage = StorageUsage.objects.filter(pk=self._project_id).first() or StorageUsage()
        return Figures(max(usage.bytes, 0), usage.byte_limit, max(usage.files, 0), STORED_FILES)

    def reserve(self, size: int = 0, files: int = 0) -> Reservation:
        """Raises UserError when there is not so much left; of nothing at all there always is."""
        with transaction.atomic():
            usage = _locked(self._project_id)
            bytes_, others = usage.reserved()
            too_much = size and usage.bytes + bytes_ + size > usage.byte_limit
            if too_much or (files and usage.files + others + files > STORED_FILES):
                raise errors.limit_reached()
            row = StorageReservation.objects.create(
                usage=usage, bytes=size, files=files, expires_at=timezone.now() + StorageReservation.LIFETIME
            )
        return Reservation(row)

    @contextmanager
    def reserved(self, size: int = 0, files: int = 0) -> Iterator[Reservation]:
        """A reservation that is released in the end, whatever happens."""
        reservation = self.reserve(size, files)
        try:
            yield reservation
        finally:
            reservation.release()

    def recount(self, count: Callable[[], Change]) -> bool:
        """Put right what killed processes have left wrong; False where somebody changed files meanwhile."""
        StorageReservation.objects.filter(usage=self._project_id, expires_at__lte=timezone.now()).delete()
        before = StorageUsage.objects.filter(pk=self._project_id, reservations=None).first()
        if before is None:
            return False
        counted = count()
        with transaction.atomic():
            now = _locked(self._project_id)
            if now.revision != before.revision or now.reservations.exists():
                return False
            now.bytes, now.files, now.counted_at = counted.bytes, counted.files, timezone.now()
            now.save(update_fields=["bytes", "files", "counted_at"])
        return True


def _locked(project_id: UUID) -> StorageUsage:
    """The project's row, made where it is missing, while nobody else can change it."""
    StorageUsage.objects.get_or_create(project_id=project_id)
    return StorageUsage.objects.select_for_update().get(pk=project_id)
