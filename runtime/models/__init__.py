from __future__ import annotations

from runtime.models.attempt import Attempt
from runtime.models.limit import LimitOverride
from runtime.models.node import Node
from runtime.models.run import Run

__all__ = ["Attempt", "LimitOverride", "Node", "Run"]
