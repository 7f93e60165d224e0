"""Small pictures of uploaded ones, made by a locked child process: no image of a stranger is decoded in here."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from accounts.errors import UserError

__all__ = ["FORMATS", "LONGEST", "PIXELS", "thumbnail"]

logger = logging.getLogger(__name__)

# What is read; the helper refuses everything else by its content, whatever it is called.
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
PIXELS = 25_000_000
LONGEST = 64 * 1024 * 1024
SECONDS = 10.0
# A helper may take half a gigabyte for a moment, so few work at once; the others wait for a while.
_turns = threading.BoundedSemaphore(2)
_HELPER = Path(__file__).with_name("helper.py")


def thumbnail(data: bytes, size: tuple[int, int], *, format: str = "WEBP") -> bytes:  # noqa: A002
    """The middle of an image in exactly `size` pixels as WEBP, PNG or JPEG, upright and without metadata.

    Takes about 0.2 s, nearly all of it to start the helper. Raises UserError: `image_too_large` (413) for more than
    PIXELS or LONGEST bytes, `image_invalid` (422) for what is no image of FORMATS or is broken, `image_busy` (503)
    where too many wait.
    """
    if len(data) > LONGEST:
        raise _too_large()
    if not _turns.acquire(timeout=SECONDS):
        raise UserError("image_busy", _("Too many images are being read; try again."), status=503)
    try:
        code, made = _run(data, [str(size[0]), str(size[1]), format])
    finally:
        _turns.release()
    if code == 0 and made:
        return made
    if code == 4:
        raise _too_large()
    raise UserError("image_invalid", _("This is no image that can be read."), status=422)


def _run(data: bytes, arguments: list[str]) -> tuple[int, bytes]:
    command = [sys.executable, "-I", "-B", str(_HELPER), *arguments]
    try:
        done = subprocess.run(  # noqa: S603  (own helper)
            command, input=data, capture_output=True, timeout=SECONDS, env={}, cwd="/", check=False
        )
    except subprocess.TimeoutExpired:
        logger.warning("an image of %d bytes took longer than %g s", len(data), SECONDS)
        return -1, b""
    if done.returncode not in (0, 3, 4):
        text = done.stderr.decode("utf-8", "replace").strip()
        logger.warning("the image helper ended with %d: %s", done.returncode, text[-500:])
    return done.returncode, done.stdout


def _too_large() -> UserError:
    return UserError("image_too_large", _("The image is too large."), status=413)
