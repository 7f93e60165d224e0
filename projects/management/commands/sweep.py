from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from projects import leftovers


class Command(BaseCommand):
    help = _("Remove what deleted projects have left; the platform does it by itself every hour.")

    def handle(self, *args: Any, **options: Any) -> None:
        for one in leftovers.remove():
            self.stdout.write(_("removed {path}").format(path=one))
