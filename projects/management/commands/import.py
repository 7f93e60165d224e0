from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.management.console import ActionCommand
from accounts.models import SYSTEM
from projects.actions.archives import import_project
from projects.management.commands.projects import owner_of


class Command(ActionCommand):
    help = _("Make a project out of an archive; nothing is started.")

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", help=_("an archive that an export wrote"))
        parser.add_argument("--name", default="", help=_("as exported where it is left out"))
        parser.add_argument("--slug", default="", help=_("one that is free where it is left out"))
        parser.add_argument("--owner", metavar="EMAIL", help=_("the root where it is left out"))

    def act(self, *, file: str, name: str, slug: str, owner: str | None, **options: Any) -> dict[str, Any]:
        try:
            with open(file, "rb") as archive:
                done = import_project(
                    actor=SYSTEM, owner=owner_of(owner), archive=archive, name=name, slug=slug
                )
        except OSError as error:
            message = _("{file} cannot be read: {reason}").format(file=file, reason=error.strerror)
            raise CommandError(message) from None
        return {
            "project": done.project.slug,
            "id": str(done.project.pk),
            "missing_secrets": done.missing_secrets,
        }
