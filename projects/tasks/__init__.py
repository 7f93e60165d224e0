"""What runs later. Each module's tasks are imported here, where Celery looks for them."""

from __future__ import annotations

from projects.tasks.storage import remove_project_files, tidy_storage

__all__ = ["remove_project_files", "tidy_storage"]
