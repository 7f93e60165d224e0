from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.management.console import ActionCommand, add_verbs
from accounts.models import SYSTEM
from projects.actions.env import Variable, create_env, delete_env, update_env
from projects.actions.env_import import import_env
from projects.choices import EnvType
from projects.limits import ENV_TEXT_LENGTH
from projects.models import EnvVar, Project


class Command(ActionCommand):
    """Secrets are set here and never shown."""

    help = _("Variables of a project: list, set, unset, import.")

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        verbs = add_verbs(
            parser,
            {
                "list": _("all variables, secrets without values"),
                "set": _("set one variable"),
                "unset": _("take one variable away"),
                "import": _("take in a .env file"),
            },
        )
        for verb in verbs.values():
            verb.add_argument("project", help=_("slug or id"))
        for one in ("set", "unset"):
            verbs[one].add_argument("key")
        verbs["set"].add_argument("value", help=_("- reads it from standard input"))
        verbs["set"].add_argument(
            "--type", choices=EnvType.values, help=_("as it is, string for a new variable")
        )
        verbs["import"].add_argument("file", help=_("- reads standard input"))
        verbs["import"].add_argument("--replace", action="store_true", help=_("other variables go"))
        verbs["import"].add_argument("--secret", action="store_true", help=_("new variables are secrets"))
        verbs["import"].add_argument(
            "--dry-run", action="store_true", help=_("say what would change, and change nothing")
        )

    def act(self, *, verb: str, project: str, **options: Any) -> Any:  # noqa: ANN401  (as the base has it)
        found = Project.objects.lookup(SYSTEM, project)
        if verb == "list":
            return [_row(variable) for variable in EnvVar.objects.filter(project=found)]
        if verb == "set":
            return _row(_set(found, options["key"], options["value"], options["type"]))
        if verb == "unset":
            delete_env(actor=SYSTEM, project=found, key=options["key"])
            return _("{key} is gone.").format(key=options["key"])
        wanted = {name: options[name] for name in ("replace", "secret", "dry_run")}
        return asdict(import_env(actor=SYSTEM, project=found, text=_read(options["file"]), **wanted))


def _set(project: Project, key: str, value: str, kind: str | None) -> EnvVar:
    present = EnvVar.objects.filter(project=project, key=key).first()
    text = sys.stdin.read().removesuffix("\n") if value == "-" else value
    variable = Variable(key, kind or (present.type if present else EnvType.STRING), text)
    if present is None:
        return create_env(actor=SYSTEM, project=project, variable=variable)
    return update_env(actor=SYSTEM, project=project, key=key, variable=variable)


def _read(name: str) -> str:
    """The text of a file. Raises CommandError."""
    try:
        if name == "-":
            return sys.stdin.read(ENV_TEXT_LENGTH)
        with open(name, encoding="utf-8-sig") as file:
            return file.read(ENV_TEXT_LENGTH)
    except (OSError, UnicodeDecodeError) as error:
        message = _("{file} cannot be read: {reason}").format(file=name, reason=error)
        raise CommandError(message) from None


def _row(variable: EnvVar) -> dict[str, Any]:
    return {"key": variable.key, "type": variable.type, "value": variable.shown()}
