"""What commands for people share: they call actions, answer in words or JSON, and end with a code that means something."""

from __future__ import annotations

import json
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError
from django.utils.translation import gettext as _

from accounts.errors import UserError
from accounts.models import User, normalise_email

# argparse itself ends with 2 for a wrong command line.
REFUSED = 1
NOT_FOUND = 3
CONFLICT = 4
_CODES = {404: NOT_FOUND, 409: CONFLICT, 412: CONFLICT}


class ActionCommand(BaseCommand):
    """A command whose `act` returns what there is to say: a text, or rows and objects as JSON has them, or None."""

    requires_system_checks = ()  # they were made when the platform started; a command should answer at once

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help=_("answer with JSON, for programs"))

    def handle(self, *args: Any, **options: Any) -> None:
        with told():
            answer = self.act(**options)
        if answer is None:
            return
        if options["json"]:
            self.stdout.write(json.dumps(answer, cls=DjangoJSONEncoder, ensure_ascii=False))
        else:
            for line in self.words(answer):
                self.stdout.write(line)

    def act(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401  (whatever JSON holds)
        """Do it; raises UserError."""
        raise NotImplementedError

    def words(self, answer: Any) -> list[str]:  # noqa: ANN401  (what act returned)
        """The answer for people: rows as columns under their names, one object as a line for each key."""
        if isinstance(answer, list):
            return table(answer)
        if isinstance(answer, dict):
            return [f"{key}: {_shown(value)}" for key, value in answer.items()]
        return [str(answer)]


@contextmanager
def told() -> Iterator[None]:
    """Errors of actions as CommandError with an exit code: 1 refused, 3 not found, 4 in conflict with what is there."""
    try:
        yield
    except UserError as error:
        lines = [f"{line['line']}: {line['detail']}" for line in error.extra.get("lines", [])]
        code = _CODES.get(error.status, REFUSED)
        raise CommandError("\n".join(lines or [str(error)]), returncode=code) from None
    except DatabaseError as error:
        text = _("The database cannot be used ({reason}); `m3m doctor` says what to do.")
        raise CommandError(text.format(reason=error), returncode=REFUSED) from error
    except PermissionDenied as error:
        raise CommandError(str(error), returncode=REFUSED) from None


def table(rows: list[dict[str, Any]]) -> list[str]:
    """Rows of equal keys in columns; nothing for no rows."""
    if not rows:
        return []
    lines = [list(rows[0]), *([_shown(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    return value if isinstance(value, str) else json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)


def person(email: str) -> User:
    """The account of an address; raises CommandError with the code for not found."""
    user = User.objects.filter(email=normalise_email(email)).first() if "\0" not in email else None
    if user is None:
        raise CommandError(_("There is no account of that address."), returncode=NOT_FOUND)
    return user


def add_verbs(parser: ArgumentParser, verbs: dict[str, str]) -> dict[str, ArgumentParser]:
    """A sub-command for each verb; what was chosen is the option `verb`."""
    chosen = parser.add_subparsers(dest="verb", required=True, metavar=_("VERB"))
    made = {verb: chosen.add_parser(verb, help=text) for verb, text in verbs.items()}
    for one in made.values():
        # People write it at the end as well; left out there, it must not undo the one before.
        one.add_argument("--json", action="store_true", default=SUPPRESS, help=SUPPRESS)
    return made
