"""The text of a `.env` file, read as key and value. No message here quotes a value, for it may be a secret."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from io import StringIO

from django.utils.translation import gettext as _
from dotenv.parser import parse_stream

from accounts.errors import UserError
from projects.env_values import check_key
from projects.limits import ENV_TEXT_LINES, ENV_VARIABLES

# The parser's time grows with the square of such a run.
_WIDE = re.compile(r"[^\S\r\n]{201}")


@dataclass(frozen=True)
class Assignment:
    """One line, or several where the value is quoted. Its repr holds no value."""

    line: int
    key: str
    value: str = field(repr=False)


@dataclass(frozen=True)
class Fault:
    line: int
    detail: str


def parse_env(text: str) -> list[Assignment]:
    """The assignments in their order, `${…}` left as it is. Raises UserError that names every wrong line.

    Of a key that is there twice the last counts, as in a shell, and stands at the place of the first.
    """
    if text.count("\n") > ENV_TEXT_LINES:
        raise refuse_lines([Fault(ENV_TEXT_LINES, _("The text is too long."))])
    if wide := _WIDE.search(text):
        line = text.count("\n", 0, wide.start()) + 1
        raise refuse_lines([Fault(line, _("There are more than 200 spaces in a row."))])
    found: dict[str, Assignment] = {}
    faults: list[Fault] = []
    for binding in parse_stream(StringIO(text)):
        line = binding.original.line
        fault = _fault(binding.key, binding.value, binding.error)
        if fault:
            faults.append(Fault(line, fault))
        elif binding.key is not None and binding.value is not None:
            found[binding.key] = Assignment(line, binding.key, binding.value)
    if faults:
        raise refuse_lines(faults)
    if len(found) > ENV_VARIABLES:
        raise UserError("env_too_many", _("A project holds at most 64 variables."), pointer="/text")
    return list(found.values())


def _fault(key: str | None, value: str | None, broken: bool) -> str:
    """What is wrong with a line; empty for a good one, a comment and an empty one."""
    if broken:
        return _("This is no assignment such as KEY=value.")
    if key is None:
        return ""
    try:
        check_key(key)
    except UserError as error:
        return str(error)
    return "" if value is not None else _("A value is needed.")


def refuse_lines(faults: list[Fault]) -> UserError:
    """The error that names these lines; its message is about the first."""
    first = faults[0]
    message = _("Line {line}: {detail}").format(line=first.line, detail=first.detail)
    told = [{"line": fault.line, "detail": fault.detail} for fault in faults[:ENV_VARIABLES]]
    return UserError("env_text_invalid", message, pointer="/text", lines=told)
