"""What killed processes and deleted projects have left behind."""

from __future__ import annotations

import shutil
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from projects.files.previews import sweep_previews
from projects.files.space import Space
from projects.files.store import store_of, stored_projects
from projects.models import Project, StorageUsage

# Longer than any upload, and than the transaction of any import, whose project nobody else sees yet.
_LONGEST_WORK = timedelta(days=1)
_PREVIEW_LIFE = timedelta(days=90)


def tidy(project_id: UUID) -> None:
    """Remove a project's stale temporary files and old previews, and count its files anew. Walks over all of them."""
    store, now = store_of(project_id), timezone.now()
    store.sweep(now - _LONGEST_WORK)
    sweep_previews(project_id, (now - _PREVIEW_LIFE).timestamp())
    Space(project_id).recount(store.usage)


def remove(project_id: UUID) -> bool:
    """Remove all files of a project that is no more; False, and nothing happens, while there is one."""
    if Project.objects.filter(pk=project_id).exists():
        return False
    store_of(project_id).destroy()
    # Previews stand here wherever the files are.
    shutil.rmtree(settings.STORAGE_ROOT / str(project_id), ignore_errors=True)
    return True


def orphans() -> list[UUID]:
    """Projects that are no more, of which there are files."""
    stored = stored_projects(timezone.now() - _LONGEST_WORK)
    living = set(Project.objects.filter(pk__in=stored).values_list("pk", flat=True))
    return [key for key in stored if key not in living]


def counted() -> list[UUID]:
    """Projects that have, or had, files."""
    return list(StorageUsage.objects.order_by("counted_at", "pk").values_list("pk", flat=True))
