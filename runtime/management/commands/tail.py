from __future__ import annotations

import json
import os
import sys
import time
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _

from pipeline.management.console import ProjectCommand
from projects.models import Project
from runtime import logs
from runtime.choices import LogLevel
from runtime.models import Run

PAUSE = 0.3
MOST = 1000


class Command(ProjectCommand):
    help = _("Show the end of the newest run's log, and with -f what comes.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("-f", "--follow", action="store_true", help=_("go on until Ctrl-C"))
        parser.add_argument(
            "-n", "--lines", type=int, default=20, metavar="COUNT", help=_("how many messages at first (20)")
        )
        parser.add_argument("--level", choices=LogLevel.values, default="", help=_("this level and above"))
        parser.add_argument("--search", default="", help=_("messages that contain this text"))

    def carry_out(self, project: Project, **options: Any) -> None:
        wanted = {"level": options["level"], "search": options["search"]}
        run = _newest(project)
        cursor = 0
        try:
            if run is not None and options["lines"] > 0:
                place = logs.directory(project.pk, run.pk)
                cursor = self._show(logs.read(place, limit=min(options["lines"], MOST), **wanted), options)
            elif run is not None:
                cursor = logs.bounds(logs.directory(project.pk, run.pk))[1]
            while options["follow"]:
                time.sleep(PAUSE)
                newest = _newest(project)
                if newest is None:
                    continue
                if run is None or newest.pk != run.pk:
                    run, cursor = newest, 0
                page = logs.read(logs.directory(project.pk, run.pk), cursor=cursor, limit=MOST, **wanted)
                cursor = self._show(page, options)
        except BrokenPipeError:
            # Whoever read has seen enough; what is left in the buffer must not complain at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _show(self, page: logs.Page, options: dict[str, Any]) -> int:
        """Write a page; where the next one begins."""
        for line in page.lines:
            words = f"[{line.time}] [{line.level.upper()}] {line.message}"
            told = asdict(line)
            self.stdout.write(json.dumps(told, ensure_ascii=False) if options["json"] else words)
        self.stdout.flush()
        return page.cursor


def _newest(project: Project) -> Run | None:
    return Run.objects.filter(project=project).defer("files", "routes").order_by("-created_at").first()
