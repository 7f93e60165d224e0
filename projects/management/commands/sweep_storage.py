"""`m3m manage sweep_storage`"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.errors import UserError
from projects.files import sweep


class Command(BaseCommand):
    help = "Remove temporary files of killed uploads, and count the space of projects anew."

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError when the storage cannot be used."""
        try:
            with _alone() as alone:
                if alone:
                    self._sweep()
        except UserError as error:
            raise CommandError(str(error)) from error

    def _sweep(self) -> None:
        counted = sweep.counted()
        for key in counted:
            sweep.tidy(key)
        self.stdout.write(f"{len(counted)} projects tidied")


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether no other sweep is under way on this machine."""
    settings.STORAGE_ROOT.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(settings.STORAGE_ROOT / ".sweep", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(handle)
