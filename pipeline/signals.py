"""What upper floors are told about code."""

from __future__ import annotations

from django.dispatch import Signal

# release, actor; inside the transaction, while it is still there; a receiver may raise ConflictError
release_deleted = Signal()
