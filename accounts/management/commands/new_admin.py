from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from accounts.actions.users import create_admin
from accounts.errors import UserError


class Command(BaseCommand):
    help = _("Create an administrator; the first account of all becomes the root.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help=_("e-mail address"))
        parser.add_argument(
            "password", nargs="?", help=_("asked for, or read from standard input, when left out")
        )

    def handle(self, *args: Any, email: str, password: str | None, **options: Any) -> None:
        """Whoever may run commands here is trusted: the console acts as the system."""
        try:
            user = create_admin(email=email, password=_ask() if password is None else password)
        except UserError as error:
            raise CommandError(str(error)) from None
        role = _("root") if user.is_root else _("administrator")
        self.stdout.write(_("{email} is an account now ({role}).").format(email=user.email, role=role))


def _ask() -> str:
    """A password typed twice on a terminal, or the first line of standard input. Raises CommandError."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass(_("Password: "))
    if password != getpass.getpass(_("Once more: ")):
        raise CommandError(_("The two passwords differ."))
    return password
