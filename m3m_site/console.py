"""Words on the terminal; usable before Django is loaded, in the language that the terminal asks for."""

from __future__ import annotations

import gettext
import sys
from pathlib import Path

_LOCALE = Path(__file__).resolve().parent.parent / "locale"

_ = gettext.translation("django", _LOCALE, fallback=True).gettext


class CommandError(Exception):
    """A command cannot go on; the message is the one sentence that a person reads."""


def say(text: str = "") -> None:
    """Write to standard output, whole lines only, so that processes do not mix theirs."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """Write to standard error."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
