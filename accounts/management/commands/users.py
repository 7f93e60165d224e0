from __future__ import annotations

import getpass
import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.actions.users import create_user, delete_user, update_user
from accounts.management.console import ActionCommand, add_verbs, person
from accounts.models import SYSTEM, User

RIGHTS = {"create-projects": "can_create_projects", "manage-users": "can_manage_users"}


class Command(ActionCommand):
    """Whoever may run commands here is trusted: the console acts as the system, and the root's rule holds."""

    help = _("People: list, add, block, unblock, delete, grant.")

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        verbs = add_verbs(
            parser,
            {
                "list": _("all accounts"),
                "add": _("a new account; its password is asked for, or read from standard input"),
                "block": _("end all logins of an account and take no new ones"),
                "unblock": _("let a blocked account in again"),
                "delete": _("delete an account that owns no projects"),
                "grant": _("give or take rights"),
            },
        )
        for verb in ("add", "block", "unblock", "delete", "grant"):
            verbs[verb].add_argument("email", help=_("e-mail address"))
        verbs["add"].add_argument("--name", default="")
        for right in RIGHTS:
            verbs["add"].add_argument(f"--{right}", action="store_true")
            both = verbs["grant"].add_mutually_exclusive_group()
            both.add_argument(f"--{right}", action="store_true", default=None)
            both.add_argument(f"--no-{right}", action="store_false", dest=right.replace("-", "_"))

    def act(self, *, verb: str, **options: Any) -> Any:  # noqa: ANN401  (as the base has it)
        if verb == "list":
            return [_row(user) for user in User.objects.order_by("email")]
        if verb == "add":
            return _row(self._add(**options))
        user = person(options["email"])
        if verb == "delete":
            delete_user(actor=SYSTEM, user=user)
            return _("{email} is deleted.").format(email=user.email)
        changes = {"is_active": verb == "unblock"} if verb != "grant" else _rights(options)
        if not changes:
            raise CommandError(_("Name a right to give or to take."), returncode=2)
        return _row(update_user(actor=SYSTEM, user=user, **changes))

    def _add(self, *, email: str, name: str, **options: Any) -> User:
        asked = sys.stdin.isatty()
        password = getpass.getpass(_("Password: ")) if asked else sys.stdin.readline().rstrip("\r\n")
        return create_user(actor=SYSTEM, email=email, password=password, name=name, **_rights(options))


def _rights(options: dict[str, Any]) -> dict[str, Any]:
    """The rights that the command line names, by their fields."""
    given = {field: options.get(right.replace("-", "_")) for right, field in RIGHTS.items()}
    return {field: value for field, value in given.items() if value is not None}


def _row(user: User) -> dict[str, Any]:
    return {
        "email": user.email,
        "name": user.name,
        "root": user.is_root,
        "active": user.is_active,
        "create_projects": user.can_create_projects,
        "manage_users": user.can_manage_users,
        "last_login": user.last_login,
    }
