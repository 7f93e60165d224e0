from __future__ import annotations

from goals.models.goal import Goal
from goals.models.value import GoalValue

__all__ = ["Goal", "GoalValue"]
