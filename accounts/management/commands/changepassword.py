from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from accounts.actions.profile import change_password
from accounts.actions.users import set_password
from accounts.errors import UserError
from accounts.models import SYSTEM, User, normalise_email


class Command(BaseCommand):
    """In the place of Django's, which knows neither the root's rule nor the audit."""

    help = _("Change the password of an account; the root's needs the present one.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help=_("e-mail address"))

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email=normalise_email(email)).first()
        if user is None:
            raise CommandError(_("There is no account of that address."))
        try:
            if user.is_root:
                old = _read(_("Present password: "))
                change_password(actor=user, old_password=old, new_password=_read(_("New password: ")))
            else:
                set_password(actor=SYSTEM, user=user, password=_read(_("New password: ")))
        except UserError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            _("The password of {email} is changed; all its logins have ended.").format(email=user.email)
        )


def _read(prompt: str) -> str:
    return getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
