"""Errors of the runtime, split by who is to blame."""

from __future__ import annotations


class ScriptError(Exception):
    """The author's fault: it reaches the script as an Error with this code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class HostError(Exception):
    """Ours: logged with its cause, and told to the script without details."""

    code = "host_error"
