"""Release numbers: X.Y."""

from __future__ import annotations

import re
from typing import NamedTuple

_FORM = re.compile(r"(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})", re.ASCII)


class Version(NamedTuple):
    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    def next_minor(self) -> Version:
        return Version(self.major, self.minor + 1)

    def next_major(self) -> Version:
        return Version(self.major + 1, 0)


def parse_version(text: str) -> Version | None:
    """The version that a text spells, or None."""
    found = _FORM.fullmatch(text)
    return Version(int(found[1]), int(found[2])) if found else None
