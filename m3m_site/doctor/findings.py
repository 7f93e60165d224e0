"""What a check of the doctor comes to."""

from __future__ import annotations

from collections.abc import Callable

# A sentence when all is well; raises Remark or Problem when it is not.
Check = Callable[[], str]


class Problem(Exception):
    """A check failed; the message says what to do."""


class Remark(Exception):
    """Something is missing that the platform can do without, or cannot be looked at now; the message says so."""
