"""What killed processes have left in the files of projects, and deleted projects of theirs."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from projects.files.previews import sweep_previews
from projects.files.space import Space
from projects.files.store import store_of
from projects.leftovers import Leftover, OnDisk
from projects.models import StorageUsage

# Longer than any upload.
_LONGEST_WORK = timedelta(days=1)
_PREVIEW_LIFE = timedelta(days=90)


def tidy(project_id: UUID) -> None:
    """Remove a project's stale temporary files and old previews, and count its files anew. Walks over all of them."""
    store, now = store_of(project_id), timezone.now()
    store.sweep(now - _LONGEST_WORK)
    sweep_previews(project_id, (now - _PREVIEW_LIFE).timestamp())
    Space(project_id).recount(store.usage)


def remains(project_id: UUID, _slug: str) -> list[Leftover]:
    """Where a project's files may be. Previews stand on the disk wherever these are."""
    folder = OnDisk(settings.STORAGE_ROOT / str(project_id))
    return [folder] if settings.STORAGE.driver == "local" else [_Elsewhere(project_id), folder]


def counted() -> list[UUID]:
    """Projects that have, or had, files."""
    return list(StorageUsage.objects.order_by("counted_at", "pk").values_list("pk", flat=True))


class _Elsewhere:
    """The files of one project in a store that is not this disk."""

    def __init__(self, project_id: UUID) -> None:
        self._project_id = project_id

    def __str__(self) -> str:
        return f"{settings.STORAGE.driver}:{self._project_id}"

    def exists(self) -> bool:
        return store_of(self._project_id).holds_anything()

    def remove(self) -> None:
        store_of(self._project_id).destroy()
