from __future__ import annotations

import os
import socket
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from projects.actions.import_runs import run_import


class Command(BaseCommand):
    help = _("Carry out one import of records; the platform starts this by itself.")
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("import_id", type=UUID, metavar="ID")

    def handle(self, *args: Any, import_id: UUID, **options: Any) -> None:
        parent = os.getppid()
        worker = f"{socket.gethostname()}:{os.getpid()}"
        # Where its node has ended, another one goes on.
        run_import(import_id=import_id, worker=worker, stopping=lambda: os.getppid() != parent)
