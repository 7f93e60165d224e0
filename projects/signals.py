"""What upper floors are told about projects."""

from __future__ import annotations

from django.dispatch import Signal

# project, actor; inside the transaction that made it
project_created = Signal()
# project, actor; inside the transaction, while everything is still there
project_deleted = Signal()
# project, old_slug; inside the transaction
project_renamed = Signal()
# project; after the commit
env_changed = Signal()
