"""What upper floors are told about code."""

from __future__ import annotations

from django.dispatch import Signal

# release, actor; inside the transaction, while it is still there; a receiver may raise ConflictError
release_deleted = Signal()
# branch, old_name; inside the transaction
branch_renamed = Signal()
