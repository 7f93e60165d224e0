"""What may go wrong with files, in words for people."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _

from accounts.errors import ConflictError, NotFoundError, UserError

log = logging.getLogger(__name__)

# EXDEV is openat2's word for a path that would leave the folder, ELOOP for one with a symbolic link in it.
_ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EXDEV, errno.ENXIO, errno.ENODEV}
# EFBIG: above the largest file that the process may write.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def not_found() -> NotFoundError:
    return NotFoundError("file_not_found", _("There is no such file or folder."))


def exists() -> ConflictError:
    return ConflictError("file_exists", _("Something of this name is there already."), pointer="/path")


def is_folder() -> ConflictError:
    return ConflictError("is_folder", _("This is a folder."), pointer="/path")


def not_a_folder() -> ConflictError:
    return ConflictError("not_a_folder", _("A file stands where a folder is needed."), pointer="/path")


def not_empty() -> ConflictError:
    message = _("The folder is not empty; ask for `recursive` to delete what is in it too.")
    return ConflictError("folder_not_empty", message)


def into_itself() -> UserError:
    message = _("A folder cannot be put into itself.")
    return UserError("into_itself", message, pointer="/new_path")


def too_deep() -> UserError:
    message = _("What is in the folder would get too long a path there.")
    return UserError("path_too_long", message, pointer="/new_path")


def storage_full() -> UserError:
    return UserError("storage_full", _("The disk of the platform is full."), status=507)


def limit_reached() -> UserError:
    message = _("The project's space for files is used up; delete what is not needed.")
    return UserError("storage_limit_reached", message, status=507)


def file_too_large() -> UserError:
    return UserError("file_too_large", _("The file is larger than this platform takes."), status=413)


def not_text() -> UserError:
    return UserError("not_text", _("This is no text in UTF-8."), status=415)


def no_preview() -> UserError:
    message = _("There is no preview of this: it is no image, too large, or cannot be read.")
    return UserError("preview_impossible", message, status=422)


def unavailable() -> UserError:
    message = _("The storage cannot be used right now; try again.")
    return UserError("storage_unavailable", message, status=503)


@contextmanager
def system_errors() -> Iterator[None]:
    """Errors of the operating system become UserError; what is our own fault is logged and answered with 503."""
    try:
        yield
    except OSError as error:
        raise _said(error) from error


def _said(error: OSError) -> UserError:
    if error.errno in _ABSENT:
        return not_found()
    if error.errno in _FULL:
        return storage_full()
    if error.errno in (errno.EEXIST, errno.EISDIR):
        return exists()
    if error.errno == errno.ENOTEMPTY:
        return not_empty()
    log.error("the storage cannot be used", exc_info=error)
    return unavailable()
