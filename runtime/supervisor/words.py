"""What a sandbox may say to its node. Everything is checked: native code may have taken the sandbox over."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from runtime.choices import EndReason
from runtime.sandbox.frames import MAX_CALL, FrameError, Kind, Reader

LARGEST = 4 * 1024 * 1024  # bytes of anything but a host call
MOST_ROUTES = 5000
TEXT = 40_000  # characters of an error's message or stack
# Each of these is said once in an attempt.
EVENTS = frozenset({Kind.BOOTED, Kind.STARTED, Kind.FAILED, Kind.STOPPED})
FROM_SANDBOX = EVENTS | {Kind.LOG, Kind.CALL}


def reader() -> Reader:
    """Cuts the stream of one sandbox."""
    return Reader(FROM_SANDBOX, {kind: MAX_CALL if kind == Kind.CALL else LARGEST for kind in FROM_SANDBOX})


def parse(kind: int, payload: bytes) -> Any:  # noqa: ANN401  (its form depends on the kind)
    """The decoded and checked payload. Raises FrameError for anything that an honest sandbox does not say."""
    try:
        data: Any = json.loads(payload) if payload else None
        return _CHECKS[kind](data)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise FrameError(f"the payload of frame {kind} is not understood: {error!r}"[:300]) from error


def _log(data: Any) -> tuple[str, str, int]:  # noqa: ANN401
    level, text, dropped = data
    return (level if level in ("debug", "info", "warn") else "error"), str(text), int(dropped)


def _call(data: Any) -> tuple[str, list[Any]]:  # noqa: ANN401
    name, arguments = data["f"], data["a"]
    if type(name) is not str or type(arguments) is not list:
        raise ValueError("a name and a list of arguments are needed")
    return name, arguments


def _failed(data: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "reason": EndReason(data["reason"]).value,
        "message": str(data["message"])[:TEXT],
        "stack": str(data["stack"])[:TEXT],
        "final": data["final"] is True,
    }


def _routes(data: Any) -> list[dict[str, str]]:  # noqa: ANN401
    return [{"method": str(one["method"]), "path": str(one["path"])} for one in data[:MOST_ROUTES]]


def _nothing(_data: Any) -> list[Any]:  # noqa: ANN401
    return []


_CHECKS: dict[int, Callable[[Any], Any]] = {
    Kind.LOG: _log,
    Kind.CALL: _call,
    Kind.FAILED: _failed,
    Kind.STARTED: _routes,
    Kind.BOOTED: _nothing,
    Kind.STOPPED: _nothing,
}
