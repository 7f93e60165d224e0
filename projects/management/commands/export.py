from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.management.console import ActionCommand
from accounts.models import SYSTEM
from projects.actions.archives import export_project
from projects.models import Project
from projects.parts import ExportOptions


class Command(ActionCommand):
    help = _("Write a project into one archive.")

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("project", help=_("slug or id"))
        parser.add_argument("file", help=_("the archive to write; one that is there is replaced"))
        parser.add_argument("--no-records", action="store_true", help=_("leave out records of collections"))
        parser.add_argument("--files", action="store_true", help=_("take along the files of the storage"))

    def act(self, *, project: str, file: str, **options: Any) -> dict[str, Any]:
        found = Project.objects.lookup(SYSTEM, project)
        wanted = ExportOptions(records=not options["no_records"], files=options["files"])
        target = Path(file)
        try:
            with export_project(actor=SYSTEM, project=found, options=wanted) as archive:
                # Beside its place first: an archive is there whole or not at all. Made with mode 0600.
                handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
                with os.fdopen(handle, "wb") as output:
                    shutil.copyfileobj(archive, output)
            os.replace(draft, target)
        except OSError as error:
            message = _("{file} cannot be written: {reason}").format(file=file, reason=error.strerror)
            raise CommandError(message) from None
        return {"project": found.slug, "file": str(target), "bytes": target.stat().st_size}
