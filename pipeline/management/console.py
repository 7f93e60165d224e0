"""What commands on one project share."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _

from accounts.errors import UserError
from accounts.permissions import SYSTEM
from projects.models import Project


class ProjectCommand(BaseCommand):
    """Whoever may run commands here is trusted: the console acts as the system."""

    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help=_("slug or id of the project"))
        parser.add_argument("--json", action="store_true", help=_("answer with JSON"))

    def handle(self, *args: Any, project: str, **options: Any) -> None:
        try:
            self.carry_out(Project.objects.lookup(SYSTEM, project), **options)
        except UserError as error:
            raise CommandError(str(error)) from None

    def carry_out(self, project: Project, **options: Any) -> None:
        """What the command does. Raises UserError, CommandError."""
        raise NotImplementedError

    def tell(self, words: str, data: Any, options: dict[str, Any]) -> None:  # noqa: ANN401  (any JSON)
        """One sentence, or with --json the data."""
        text = json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False) if options["json"] else words
        self.stdout.write(text)
