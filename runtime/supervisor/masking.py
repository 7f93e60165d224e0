"""Secrets never reach a log: each is replaced in every spelling that a script is likely to print."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = "••••••"
SHORTEST = 4  # shorter values would blank out half the log


def spellings(secret: str) -> set[str]:
    """The secret plain, in base64 (at each alignment), hex, and escaped for URLs and JSON."""
    raw = secret.encode("utf-8", "replace")
    found = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), raw.hex(), raw.hex().upper()}
    found |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    for shift in range(3):
        # Bytes around the secret change the first and last characters; what lies between is always the same.
        text = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        core = text[(0, 2, 3)[shift] :]
        core = core if (shift + len(raw)) % 3 == 0 else core[:-1]
        found |= {core, core.replace("+", "-").replace("/", "_")}
    return {text for text in found if len(text) >= SHORTEST}


class Masker:
    """Replaces a fixed set of secrets in text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = frozenset(secrets)
        every = {text for secret in self._secrets if len(secret) >= SHORTEST for text in spellings(secret)}
        longest_first = sorted(every, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if every else None

    def also(self, secrets: Iterable[str]) -> Masker:
        """A masker of these secrets too; the script may still hold the earlier ones."""
        return Masker(self._secrets | frozenset(secrets))

    def mask(self, text: str) -> str:
        return self._pattern.sub(MASK, text) if self._pattern else text
