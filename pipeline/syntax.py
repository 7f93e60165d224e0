"""Where code is wrong by its grammar: an upper floor that knows the engine registers who finds it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple


class Fault(NamedTuple):
    """One syntax error; line and column count from 1, and are 0 where the engine tells no place."""

    file: str
    line: int
    column: int
    message: str


# Files by name to what is wrong in them; must neither execute the code nor take long, whatever the code is.
Checker = Callable[[Mapping[str, str]], list[Fault]]
_checkers: list[Checker] = []


def register(checker: Checker) -> None:
    _checkers.append(checker)


def check(files: Mapping[str, str]) -> list[Fault]:
    """What is wrong in these files, in their order; nothing where nobody knows the language."""
    return [fault for checker in _checkers for fault in checker(files)]
