"""The guest's side of the runtime: JavaScript that the zygote evaluates once, before it forks sandboxes.

Each file is the body of `(function (m3m) { 'use strict'; … })`; `m3m` is shared by all of them and never seen by guests.
"""

from __future__ import annotations

from pathlib import Path

FILES: tuple[str, ...] = (
    "primordials.js",
    "bridge.js",
    "errors.js",
    "inspect.js",
    "format.js",
    "console.js",
    "clock.js",
    "timers.js",
    "env.js",
    "utf8.js",
    "encoding.js",
    "hosts.js",
    "urlparse.js",
    "searchparams.js",
    "url.js",
    "events.js",
    "abort.js",
    "clone.js",
    "webcrypto.js",
    "headers.js",
    "fetchtypes.js",
    "response.js",
    "context.js",
    "routes.js",
    "cors.js",
    "router.js",
    "boot.js",
)


def source() -> list[tuple[str, str]]:
    """(name, text) of each prelude file, in the order in which they have to be evaluated."""
    directory = Path(__file__).parent
    return [(name, (directory / name).read_text(encoding="utf-8")) for name in FILES]
