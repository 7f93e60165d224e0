from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from accounts.actions.root import RootAccount, ensure_root
from accounts.errors import UserError


class Command(BaseCommand):
    help = _("Make the root account if there is no account yet, from M3M_ROOT_EMAIL and M3M_ROOT_PASSWORD.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help=_("answer with one line of JSON"))

    def handle(self, *args: Any, **options: Any) -> None:
        """The JSON line is {"email", "created", "password"}; the password is there only when it was generated."""
        email, password = os.environ.get("M3M_ROOT_EMAIL", ""), os.environ.get("M3M_ROOT_PASSWORD", "")
        try:
            account = ensure_root(email=email, password=password)
        except UserError as error:
            name = "M3M_ROOT_EMAIL" if error.pointer == "/email" else "M3M_ROOT_PASSWORD"
            raise CommandError(f"{name}: {error}") from None
        self.stdout.write(json.dumps(asdict(account)) if options["json"] else _in_words(account))


def _in_words(account: RootAccount) -> str:
    if not account.created:
        return _("There are accounts already; nothing to do.")
    if account.password is None:
        return _("{email} is the root account now.").format(email=account.email)
    words = _("{email} is the root account now; its password is {password} and is shown this once.")
    return words.format(email=account.email, password=account.password)
