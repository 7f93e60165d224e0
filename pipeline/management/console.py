"""What commands on one project share."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _

from accounts.management.console import told
from accounts.permissions import SYSTEM
from projects.models import Project


class ProjectCommand(BaseCommand):
    """Whoever may run commands here is trusted: the console acts as the system."""

    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help=_("slug or id of the project"))
        parser.add_argument("--json", action="store_true", help=_("answer with JSON"))

    def handle(self, *args: Any, project: str, **options: Any) -> None:
        with told():
            self.carry_out(Project.objects.lookup(SYSTEM, project), **options)

    def carry_out(self, project: Project, **options: Any) -> None:
        """What the command does. Raises UserError, CommandError."""
        raise NotImplementedError

    def tell(self, words: str, data: Any, options: dict[str, Any]) -> None:  # noqa: ANN401  (any JSON)
        """One sentence, or with --json the data."""
        text = json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False) if options["json"] else words
        self.stdout.write(text)
