from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext as _

from accounts.permissions import SYSTEM
from pipeline.actions.releases import publish_release
from pipeline.choices import Bump, Tag
from pipeline.management.console import ProjectCommand
from pipeline.serializers import ReleaseSerializer
from projects.models import Project


class Command(ProjectCommand):
    help = _("Freeze the content of a branch under the next number.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--branch", default="develop", help=_("what is released (develop)"))
        parser.add_argument("--bump", choices=Bump.values, default=Bump.MINOR.value)
        parser.add_argument("--tag", choices=Tag.values, default=Tag.DEVELOP.value)
        parser.add_argument("--comment", default="", help=_("what is new in it"))
        parser.add_argument("--no-activate", action="store_true", help=_("leave the active release as it is"))

    def carry_out(self, project: Project, **options: Any) -> None:
        release = publish_release(
            actor=SYSTEM,
            project=project,
            branch=options["branch"],
            bump=options["bump"],
            tag=options["tag"],
            comment=options["comment"],
            activate=not options["no_activate"],
        )
        words = _("Release {version} of {project} is published.")
        if release.is_active:
            words = _("Release {version} of {project} is published and active; m3m start {project} runs it.")
        told = words.format(version=release.version, project=project.slug)
        self.tell(told, ReleaseSerializer(release).data, options)
