from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import SYSTEM
from pipeline.actions.branches import save_branch
from pipeline.actions.releases import publish_release
from pipeline.models import Release
from projects.actions.env import replace_env
from projects.actions.projects import create_project
from projects.models import Project
from runtime.actions.runs import start_service
from runtime.choices import RunStatus
from runtime.demo import FILES, SLUG


class Command(BaseCommand):
    help = _("Make a demo service, release it and start it; starts the one that is there already.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--wait", type=float, default=0.0, metavar="SECONDS", help=_("wait so long until it answers")
        )

    def handle(self, *args: Any, wait: float, **options: Any) -> None:
        owner = User.objects.filter(is_root=True).order_by("created_at").first()
        if owner is None:
            raise CommandError(_("Make an account first: m3m new-admin EMAIL PASSWORD"))
        project = Project.objects.filter(slug=SLUG).first()
        if project is None:
            project = create_project(actor=SYSTEM, owner=owner, name="Demo", slug=SLUG, color="teal")
            greeting = {"key": "GREETING", "type": "string", "value": "Hello"}
            replace_env(actor=SYSTEM, project=project, variables=[greeting])
            save_branch(actor=SYSTEM, project=project, name="develop", files=FILES)
        if Release.objects.active(project) is None:
            publish_release(
                actor=SYSTEM, project=project, branch="develop", bump="minor", tag="stable", comment=_("Demo")
            )
        run = start_service(actor=SYSTEM, project=project)
        deadline = time.monotonic() + wait
        while run.status != RunStatus.RUNNING and not run.is_final and time.monotonic() < deadline:
            time.sleep(0.02)
            run.refresh_from_db(fields=["status"])
        self.stdout.write(_("The demo service starts at /r/%(slug)s/") % {"slug": SLUG})
