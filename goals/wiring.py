"""What goals add to projects."""

from __future__ import annotations

from goals.archive import GoalsPart
from projects import parts

parts.register(GoalsPart())
