"""Text as searches see it."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Text without the differences of case and width that a search ignores."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
