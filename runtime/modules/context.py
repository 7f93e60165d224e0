"""Who makes a host call, as the node knows it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class CallContext:
    """Given to every host function first: taken from the sandbox's connection, never from what it sent."""

    project_id: UUID
    run_id: UUID
    epoch: int
