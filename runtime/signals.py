"""Signals of the runtime, for what lies above tasks: the supervisor of this process listens."""

from __future__ import annotations

from django.dispatch import Signal

run_woken = Signal()  # run_id: str; look at this run now instead of at the next tick
environment_changed = Signal()  # project_id: str; send its values to the live sandbox
