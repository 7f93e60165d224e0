"""What a browser may be told that a file is. Whatever can run script is never shown, only downloaded."""

from __future__ import annotations

from typing import NamedTuple

from projects.files.store import UNKNOWN_TYPE, mime_type

PREVIEWED = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"})
# Types that a browser shows or plays without running anything in them. Not SVG, which runs scripts.
_SHOWN = frozenset(
    [
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "image/bmp",
        "image/avif",
        "audio/mpeg",
        "audio/ogg",
        "audio/wav",
        "audio/x-wav",
        "audio/flac",
        "audio/mp4",
        "audio/aac",
        "audio/webm",
        "audio/opus",
        "video/mp4",
        "video/webm",
        "video/ogg",
        "video/quicktime",
    ]
)
_TEXTS = frozenset(
    [
        "txt",
        "text",
        "log",
        "md",
        "markdown",
        "csv",
        "tsv",
        "ini",
        "cfg",
        "conf",
        "toml",
        "yaml",
        "yml",
        "json",
        "jsonl",
        "ndjson",
    ]
)
# Downloaded under their own type, which some program will want to know.
_NAMED = frozenset(
    [
        "application/pdf",
        "application/zip",
        "application/gzip",
        "application/x-tar",
        "font/woff",
        "font/woff2",
        "font/ttf",
        "font/otf",
    ]
)


class Served(NamedTuple):
    content_type: str
    inline: bool


def served_as(name: str, *, download: bool = False) -> Served:
    """How to hand out a file of this name; `download` has it never shown."""
    kind = mime_type(name)
    if name.rpartition(".")[2].lower() in _TEXTS:
        return Served("text/plain; charset=utf-8", not download)
    if kind in _SHOWN:
        return Served(kind, not download)
    return Served(kind if kind in _NAMED else UNKNOWN_TYPE, False)
