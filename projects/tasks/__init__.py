"""What runs later. Each module's tasks are imported here, where Celery looks for them."""

from __future__ import annotations

from projects.tasks.sweep import sweep_leftovers

__all__ = ["sweep_leftovers"]
