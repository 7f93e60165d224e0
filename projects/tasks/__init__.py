"""What runs later. Each module's tasks are imported here, where Celery looks for them."""

from __future__ import annotations

from projects.tasks.collections import clear_collections
from projects.tasks.imports import start_import, sweep_imports
from projects.tasks.indexes import build_collection_indexes, sweep_indexes
from projects.tasks.storage import tidy_storage
from projects.tasks.sweep import sweep_leftovers

__all__ = [
    "build_collection_indexes",
    "clear_collections",
    "start_import",
    "sweep_imports",
    "sweep_indexes",
    "sweep_leftovers",
    "tidy_storage",
]
