"""Looks for planted values in bytes, in the spellings that leaks come in. Knows nothing of the platform's own masking."""

from __future__ import annotations

import base64
import html
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

PART = 20  # so much of a secret is a leak as well


def plant() -> dict[str, str]:
    """Fresh secrets by key, plain and odd ones."""

    def word() -> str:
        return secrets.token_hex(12)

    return {
        "PLAIN": f"plain-{word()}",
        "SHORT": secrets.token_urlsafe(6),
        "UNICODE": f"пароль-{word()}-ключ-😀-{word()}",
        "LATIN": f"Gehäuse-{word()}-ÿ",
        "QUOTES": f"a\"b'c`{word()}`\\d\"{word()}'",
        "LINES": f"-----BEGIN KEY-----\n{word()}{word()}\n\n{word()}\n-----END KEY-----\n",
        "WINDOWS": f"first {word()}\r\nsecond {word()}\r\n",
        "PADDED": f"  {word()}\n",
        "JSON": json.dumps(
            {"type": "service_account", "private": word(), "n": [1, {"deep": word()}]}, indent=1
        ),
        "PERCENT": f"%{word()}%s%%{word()}%d+/=&?{word()}",
        "MARKUP": f"<b title='{word()}'>&{word()}</b>",
        "ADDRESS": f"postgres://user:{word()}@db.example.org:5432/base?sslmode=require#~*!()",
        "LONG": secrets.token_urlsafe(3072)[:4096],
    }


def spellings(value: str) -> Iterator[tuple[str, str]]:
    """(name, text) of each form in which a value is looked for."""
    raw = value.encode()
    yield "plain", value
    yield "trimmed", value.strip()
    yield "hex", raw.hex()
    yield "HEX", raw.hex().upper()
    yield "html", html.escape(value)
    yield "repr", repr(value)[1:-1]
    for name, text in (
        ("json", json.dumps(value)),
        ("json of letters", json.dumps(value, ensure_ascii=False)),
    ):
        yield name, text[1:-1]
        yield f"{name} twice", json.dumps(text)[1:-1]
    for safe in ("", "/", "!'()*~", "!'()*~;,/?:@&=+$#"):
        yield f"url {safe}", quote(value, safe=safe)
    yield "form", quote_plus(value)
    yield from _base64("base64", raw)
    try:
        yield from _base64("base64 of latin-1", value.encode("latin-1"))
    except UnicodeEncodeError:
        pass


def _base64(name: str, raw: bytes) -> Iterator[tuple[str, str]]:
    for shift in range(3):
        # Without the characters that the bytes around the value have a share in.
        text = base64.b64encode(bytes(shift) + raw).decode().rstrip("=")[-(-shift * 8 // 6) : -1]
        yield f"{name} +{shift}", text
        yield f"{name} url +{shift}", text.replace("+", "-").replace("/", "_")


def parts(value: str) -> Iterator[tuple[str, str]]:
    """Beginnings, ends and lines of a value, where they are long enough to give it away."""
    bare = value.strip()
    if len(bare) > 2 * PART:
        yield "beginning", bare[:PART]
        yield "end", bare[-PART:]
    for line in bare.splitlines():
        if len(line) >= PART and "KEY-----" not in line:
            yield "line", line.strip()


class Search:
    """All forms of some values; `found` says which of them stand in data."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.forms = {
            (key, name): text.encode()
            for key, value in values.items()
            for name, text in (*spellings(value), *parts(value))
        }

    def found(self, data: bytes) -> set[tuple[str, str]]:
        return {form for form, text in self.forms.items() if text in data}

    def leaks(self, places: Iterable[tuple[str, bytes]]) -> list[str]:
        """One line for each place that holds something: what, in which form, and where."""
        return [
            f"{place}: {key} as {name}" for place, data in places for key, name in sorted(self.found(data))
        ]
