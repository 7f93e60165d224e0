from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from accounts.permissions import SYSTEM
from pipeline.actions.releases import activate_release
from pipeline.models import Release
from pipeline.serializers import ReleaseSerializer
from projects.models import Project
from runtime.actions.runs import start_service
from runtime.management.console import RunCommand


class Command(RunCommand):
    help = _("Make an earlier release the active one and start it.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "release",
            nargs="?",
            metavar="X.Y",
            help=_("the release; the one before the active one if left out"),
        )
        parser.add_argument("--no-start", action="store_true", help=_("activate it only"))

    def carry_out(self, project: Project, **options: Any) -> None:
        version = options["release"] or _former(project)
        if not options["no_start"]:
            self.follow(start_service(actor=SYSTEM, project=project, version=version), options)
            return
        release = activate_release(actor=SYSTEM, project=project, version=version)
        words = _("Release {version} is active: the next start runs it.").format(version=version)
        self.tell(words, ReleaseSerializer(release).data, options)


def _former(project: Project) -> str:
    """The release before the active one. Raises CommandError."""
    active = Release.objects.active(project)
    former = active.predecessor() if active else None
    if former is None:
        raise CommandError(_("There is no earlier release to go back to."))
    return former.version
