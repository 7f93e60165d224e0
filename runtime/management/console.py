"""What commands on a service share."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from pipeline.management.console import ProjectCommand
from runtime.choices import RunStatus
from runtime.models import Run
from runtime.states import describe_run, route_url, short_error

PATIENCE = 30.0
PAUSE = 0.02


class RunCommand(ProjectCommand):
    """Asks for a run and waits for what becomes of it."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--wait",
            type=float,
            default=PATIENCE,
            metavar="SECONDS",
            help=_("wait so long for the outcome (30); 0 only asks"),
        )

    def follow(self, run: Run, options: dict[str, Any]) -> None:
        """Tell what became of a run that was asked for. Raises CommandError when it crashed or takes too long."""
        if not options["wait"]:
            self.tell(_("{code} was asked for.").format(code=run.label), describe_run(run), options)
            return
        run = settle(run, options["wait"], {RunStatus.RUNNING})
        if run.status != RunStatus.RUNNING:
            raise CommandError(_why(run))
        words = _("{code} runs at {url}").format(code=run.label, url=route_url(run.project))
        self.tell(words, describe_run(run), options)


def settle(run: Run, seconds: float, wanted: set[RunStatus]) -> Run:
    """The run once it has a wanted status or an end, or as it is after `seconds`."""
    deadline = time.monotonic() + seconds
    while run.status not in wanted and not run.is_final and time.monotonic() < deadline:
        time.sleep(PAUSE)
        run.refresh_from_db()
    return run


def _why(run: Run) -> str:
    if run.is_final:
        reason = short_error(run) or run.get_status_display()
        return _("{code} did not start: {reason}").format(code=run.label, reason=reason)
    return _("{code} does not run yet ({status}); is a node alive? m3m doctor tells.").format(
        code=run.label, status=run.get_status_display()
    )
