"""Heavy work runs in processes of its own: the threads of a node stay free for services."""

from __future__ import annotations

import subprocess
import sys
import threading

from django.conf import settings


def start_command(*arguments: str) -> None:
    """Let one of our commands run by itself: a task may not last as long as that can."""
    command = [sys.executable, "-P", str(settings.BASE_DIR / "manage.py"), *arguments]
    child = subprocess.Popen(  # noqa: S603  (own command)
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=settings.BASE_DIR
    )
    # Somebody has to wait for it, or it stays behind as a zombie.
    threading.Thread(target=child.wait, name=" ".join(arguments), daemon=True).start()
