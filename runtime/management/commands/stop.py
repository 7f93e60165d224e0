from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from accounts.permissions import SYSTEM
from projects.models import Project
from runtime.actions.runs import stop_service
from runtime.management.console import RunCommand, settle
from runtime.states import describe_run


class Command(RunCommand):
    help = _("Stop a service.")

    def carry_out(self, project: Project, **options: Any) -> None:
        run = stop_service(actor=SYSTEM, project=project)
        if run is None:
            self.tell(_("{project} does not run.").format(project=project.slug), None, options)
            return
        run.refresh_from_db()
        if options["wait"] and not settle(run, options["wait"], set()).is_final:
            raise CommandError(_("{project} does not stop in time.").format(project=project.slug))
        words = _("{project} is stopped.") if run.is_final else _("The stop of {project} was asked for.")
        self.tell(words.format(project=project.slug), describe_run(run), options)
