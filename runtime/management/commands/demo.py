from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import SYSTEM
from goals.actions.goals import create_goal
from goals.actions.increments import increment_goal
from goals.models import Goal
from pipeline.actions.branches import save_branch
from pipeline.actions.releases import publish_release
from pipeline.models import Release
from projects.actions.collections import create_collection
from projects.actions.env import replace_env
from projects.actions.projects import create_project
from projects.actions.records import create_records
from projects.models import Collection, Project
from runtime.actions.runs import start_service
from runtime.choices import RunStatus
from runtime.demo import COLLECTION, FILES, GOAL, RECORDS, SLUG


class Command(BaseCommand):
    help = _("Make a demo project, release its service and start it; starts the one that is there already.")

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
        _add_records(project)
        _add_goal(project)
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


def _add_records(project: Project) -> None:
    """A collection with records, unless it is there."""
    if Collection.objects.filter(project=project, slug=COLLECTION["slug"]).exists():
        return
    with transaction.atomic():
        guests = create_collection(actor=SYSTEM, project=project, **COLLECTION)
        create_records(actor=SYSTEM, collection=guests, bodies=RECORDS)


def _add_goal(project: Project) -> None:
    """A goal that has counted something, unless it is there."""
    if Goal.objects.filter(project=project, slug=GOAL["slug"]).exists():
        return
    with transaction.atomic():
        create_goal(actor=SYSTEM, project=project, **GOAL)
        increment_goal(actor=SYSTEM, project=project, slug=GOAL["slug"], value=len(RECORDS))
