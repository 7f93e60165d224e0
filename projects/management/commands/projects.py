from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.management.console import NOT_FOUND, ActionCommand, add_verbs, person
from accounts.models import SYSTEM, User
from projects.actions.projects import create_project, delete_project
from projects.models import Project
from projects.serializers import represent


class Command(ActionCommand):
    help = _("Projects: list, create, delete.")

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        verbs = add_verbs(
            parser,
            {
                "list": _("all projects"),
                "create": _("a new project"),
                "delete": _("delete a project and all in it, for good"),
            },
        )
        verbs["create"].add_argument("name")
        verbs["create"].add_argument("--slug", default="", help=_("made of the name where it is left out"))
        verbs["create"].add_argument("--owner", metavar="EMAIL", help=_("the root where it is left out"))
        verbs["delete"].add_argument("project", help=_("slug or id"))
        verbs["delete"].add_argument(
            "--confirm", required=True, metavar="SLUG", help=_("the slug once more: deletion is final")
        )

    def act(self, *, verb: str, **options: Any) -> Any:  # noqa: ANN401  (as the base has it)
        if verb == "list":
            return [_row(one) for one in represent(list(Project.objects.for_showing()))]
        if verb == "create":
            made = create_project(
                actor=SYSTEM, owner=owner_of(options["owner"]), name=options["name"], slug=options["slug"]
            )
            return _row(represent([made])[0])
        project = Project.objects.lookup(SYSTEM, options["project"])
        delete_project(actor=SYSTEM, project=project, confirm=options["confirm"])
        return _("{slug} is deleted.").format(slug=project.slug)


def owner_of(email: str | None) -> User:
    """The person of that address, else the root. Raises CommandError."""
    if email:
        return person(email)
    root = User.objects.filter(is_root=True).first()
    if root is None:
        raise CommandError(_("Make an account first: m3m new-admin EMAIL PASSWORD"), returncode=NOT_FOUND)
    return root


def _row(shown: dict[str, Any]) -> dict[str, Any]:
    names = ("slug", "name", "status", "active_release", "route_url", "id")
    return {**{name: shown.get(name) for name in names}, "owner": shown["owner"]["email"]}
