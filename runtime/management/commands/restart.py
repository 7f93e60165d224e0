from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from accounts.permissions import SYSTEM
from projects.models import Project
from runtime.actions.runs import restart_service
from runtime.management.console import RunCommand


class Command(RunCommand):
    help = _("Start anew what ran last.")

    def carry_out(self, project: Project, **options: Any) -> None:
        self.follow(restart_service(actor=SYSTEM, project=project), options)
