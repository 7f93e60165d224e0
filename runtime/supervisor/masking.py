"""Secrets never reach a log: each is replaced in every spelling that a script is likely to print.

Besides whole secrets that are the parts of them which our own processing leaves: texts are cut, trimmed, indented and
split into lines on their way from a script to here.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise

MASK = "••••••"
SHORTEST = 4  # shorter values would blank out half the log
SHORTEST_PART = 6  # of a secret, where it stands by itself
SHORTEST_LINE = 8  # of a secret of several lines
CUT = "…"  # stands at the end of whatever the sandbox has cut

_UNRESERVED = r"A-Za-z0-9_.~\-"
_ESCAPED = re.compile(r"[^A-Za-z0-9@*_+./-]")
_HEX_OF_URL = re.compile(r"%[0-9A-F]{2}")
_PRINTF_FORM = re.compile(r"%[sdifjoOc]")
# The engine quotes what it names in its messages, at times only the beginning or one word of it.
_QUOTED = re.compile(rf"'([^'\n]{{{SHORTEST_PART},}})'")

Span = tuple[int, int]


def spellings(secret: str) -> set[str]:
    """The secret plain, in base64 (at each alignment), hex, and escaped for URLs, JSON, HTML and the console."""
    raw = [secret.encode("utf-8", "replace")]
    try:
        raw.append(secret.encode("latin-1"))  # what btoa makes of it
    except UnicodeEncodeError:
        pass
    found = {secret, html.escape(secret), html.escape(secret, quote=False), _escape(secret)}
    found |= _in_json(secret) | _in_url(secret)
    # A first argument of console.log is a template.
    found |= {secret.replace("%%", "%"), *_parts(_PRINTF_FORM.split(secret), SHORTEST_PART)}
    for data in raw:
        found |= {data.hex(), data.hex().upper(), *_in_base64(data)}
    return {text for text in found if len(text) >= SHORTEST}


def _in_json(secret: str) -> set[str]:
    """As JSON, as JSON within JSON, and as the console shows a string inside an object."""
    once = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    twice = {json.dumps(text, ensure_ascii=False)[1:-1] for text in once}
    upper = {re.sub(r"\\u[0-9a-f]{4}", lambda found: "\\u" + found[0][2:].upper(), text) for text in once}
    every = once | twice | upper
    return every | {text.replace('\\"', '"') for text in once} | {text.replace("/", "\\/") for text in once}


def _in_url(secret: str) -> set[str]:
    """By Python's and JavaScript's functions; encodeURI, encodeURIComponent and forms differ in what they leave."""
    raw = secret.encode("utf-8", "replace").decode("latin-1")
    found = {_percent(raw, safe) for safe in ("", "/", "!'()*", "!'()*;,/?:@&=+$#")}
    found |= {
        _percent(raw, safe).replace("%20", "+").replace("~", tilde)
        for safe, tilde in (("", "~"), ("*", "%7E"))
    }
    return found | {_HEX_OF_URL.sub(lambda escape: escape[0].lower(), text) for text in found}


def _percent(raw: str, safe: str) -> str:
    return re.sub(f"[^{_UNRESERVED}{re.escape(safe)}]", lambda found: f"%{ord(found[0]):02X}", raw)


def _escape(secret: str) -> str:
    """JavaScript's escape()."""
    return _ESCAPED.sub(lambda found: "".join(map(_escape_unit, _units(found[0]))), secret)


def _escape_unit(code: int) -> str:
    return f"%{code:02X}" if code < 256 else f"%u{code:04X}"


def _units(character: str) -> list[int]:
    """UTF-16 units of one character."""
    data = character.encode("utf-16-be", "surrogatepass")
    return [data[index] << 8 | data[index + 1] for index in range(0, len(data), 2)]


def _in_base64(data: bytes) -> Iterator[str]:
    for shift in range(3):
        # Bytes around the secret change the first and last characters; what lies between is always the same.
        text = base64.b64encode(b"\0" * shift + data).decode().rstrip("=")
        core = text[(0, 2, 3)[shift] :]
        core = core if (shift + len(data)) % 3 == 0 else core[:-1]
        yield core
        yield core.replace("+", "-").replace("/", "_")


def _parts(pieces: list[str], shortest: int) -> set[str]:
    """The pieces that are long enough to stand for the whole, when it is not whole itself."""
    return {piece.strip() for piece in pieces if len(piece.strip()) >= shortest} if len(pieces) > 1 else set()


class Masker:
    """Replaces a fixed set of secrets in text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = frozenset(secrets)
        # A trailing line break, easily pasted along, does not survive where texts are trimmed.
        every = {
            text for secret in self._secrets for text in (secret, secret.strip()) if len(text) >= SHORTEST
        }
        found = {text for secret in every for text in spellings(secret)}
        for secret in every:
            found |= _parts(secret.splitlines(), SHORTEST_LINE)
        self._spellings = sorted(found, key=len, reverse=True)
        self._heads: dict[str, list[str]] = defaultdict(list)
        for spelling in self._spellings:
            self._heads[spelling[:SHORTEST]].append(spelling)
        # Lines are indented, and empty ones dropped, on the way.
        self._broken = [
            re.compile(r"\s+".join(map(re.escape, secret.split())))
            for secret in every
            if len(secret.splitlines()) > 1
        ]

    def also(self, secrets: Iterable[str]) -> Masker:
        """A masker of these secrets too; the script may still hold the earlier ones."""
        return Masker(self._secrets | frozenset(secrets))

    def mask(self, text: str) -> str:
        """The text with a mask in place of each secret."""
        if not self._spellings:
            return text
        spans = [*self._whole(text), *self._quoted(text), *self._cut(text)]
        return _replace(text, sorted(spans)) if spans else text

    def storable(self, text: str) -> str:
        """The masked text without what a database refuses: NUL and halves of surrogate pairs."""
        return self.mask(text).encode("utf-8", "replace").decode().replace("\0", "\ufffd")

    def _whole(self, text: str) -> Iterator[Span]:
        for spelling in self._likely(text):
            start = text.find(spelling)
            while start >= 0:
                yield start, start + len(spelling)
                start = text.find(spelling, start + len(spelling))
        for pattern in self._broken:
            yield from (match.span() for match in pattern.finditer(text))

    def _likely(self, text: str) -> Iterator[str]:
        """Spellings whose first characters stand in the text: nearly always none."""
        heads = {text[start : start + SHORTEST] for start in range(len(text) - SHORTEST + 1)}
        for head in self._heads.keys() & heads:
            yield from self._heads[head]

    def _quoted(self, text: str) -> Iterator[Span]:
        for match in _QUOTED.finditer(text):
            if any(match[1] in spelling for spelling in self._spellings):
                yield match.span(1)

    def _cut(self, text: str) -> Iterator[Span]:
        """Beginnings of secrets before a sign that says something was cut there."""
        end = text.find(CUT)
        likely = list(self._likely(text)) if end >= 0 else []
        while end >= 0:
            # The cut may have gone through a surrogate pair.
            last = end - 1 if end and "\ud800" <= text[end - 1] < "\udc00" else end
            length = max((_beginning(text, last, spelling) for spelling in likely), default=0)
            if length:
                yield last - length, end
            end = text.find(CUT, end + 1)


def _beginning(text: str, end: int, spelling: str) -> int:
    """Length of the longest beginning of `spelling` that stands before `end`; 0 for none worth masking."""
    # Only where its first characters stand can it begin.
    head = spelling[:SHORTEST]
    start = text.find(head, max(0, end - len(spelling) + 1), end)
    while start >= 0:
        if spelling.startswith(text[start:end]):
            return end - start
        start = text.find(head, start + 1, end)
    return 0


def _replace(text: str, spans: list[Span]) -> str:
    """Each group of overlapping spans becomes one mask."""
    groups: list[Span] = []
    for start, end in spans:
        if groups and start < groups[-1][1]:
            groups[-1] = (groups[-1][0], max(end, groups[-1][1]))
        else:
            groups.append((start, end))
    kept = [
        text[before[1] : after[0]] for before, after in pairwise([(0, 0), *groups, (len(text), len(text))])
    ]
    return MASK.join(kept)
