from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext as _

from accounts.permissions import SYSTEM
from projects.models import Project
from runtime.actions.runs import start_service
from runtime.management.console import RunCommand


class Command(RunCommand):
    help = _("Start the active release, another one, or the draft of a branch.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--release", default="", metavar="X.Y", help=_("make this the active release and start it")
        )
        what.add_argument("--branch", default="", help=_("a debug run of this branch"))

    def carry_out(self, project: Project, **options: Any) -> None:
        run = start_service(
            actor=SYSTEM, project=project, version=options["release"], branch=options["branch"]
        )
        self.follow(run, options)
