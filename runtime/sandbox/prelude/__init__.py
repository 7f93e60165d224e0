"""The guest's side of the runtime: JavaScript that the zygote evaluates once, before it forks sandboxes.

Each file is the body of `(function (m3m) { 'use strict'; … })`; `m3m` is shared by all of them and never seen by guests.
"""

from __future__ import annotations

import os

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
    return [(name, _text(name)) for name in FILES]


def _text(name: str) -> str:
    with open(os.path.join(os.path.dirname(__file__), name), encoding="utf-8") as file:
        return file.read()
