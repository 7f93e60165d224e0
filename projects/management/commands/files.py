from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.errors import NotFoundError
from accounts.management.console import ActionCommand, add_verbs
from accounts.models import SYSTEM
from projects.actions.file_links import create_file_link, delete_file_link
from projects.actions.files import delete_file, store_file
from projects.durations import parse_duration
from projects.file_serializers import NewLinkAnswerSerializer
from projects.files.project_files import ProjectFiles
from projects.files.store import Entry
from projects.models import FileLink, Project
from projects.slugs import as_id

_CHUNK = 256 * 1024


class Command(ActionCommand):
    help = _("Files of a project: list, put, get, delete, link.")

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        verbs = add_verbs(
            parser,
            {
                "list": _("what is in a folder"),
                "put": _("store a file"),
                "get": _("fetch a file"),
                "delete": _("delete a file or folder"),
                "link": _("make a link that lets anybody read a file"),
                "links": _("all links that have not expired"),
                "unlink": _("revoke a link"),
            },
        )
        for verb in verbs.values():
            verb.add_argument("project", help=_("slug or id"))
        _add_places(verbs)
        verbs["delete"].add_argument(
            "--recursive", action="store_true", help=_("a folder with all that is in it")
        )
        verbs["link"].add_argument(
            "--expires", type=_duration, metavar="DURATION", help=_("such as 168h; never without it")
        )
        verbs["link"].add_argument("--download", action="store_true", help=_("never shown in the browser"))
        verbs["unlink"].add_argument("link", help=_("its id"))

    def act(self, *, verb: str, project: str, **options: Any) -> Any:  # noqa: ANN401  (as the base has it)
        found = Project.objects.lookup(SYSTEM, project)
        return getattr(self, f"do_{verb}")(found, **options)

    def do_list(
        self, project: Project, *, path: str, search: str, recursive: bool, **others: Any
    ) -> list[dict[str, Any]]:
        entries = ProjectFiles(project.pk).list(path, search=search, recursive=recursive)
        return [_row(entry) for entry in entries[:]]

    def do_put(
        self, project: Project, *, file: str, path: str, overwrite: bool, **others: Any
    ) -> dict[str, Any]:
        target = _target(project, file, path)
        chunks = _read(file)
        return _row(
            store_file(actor=SYSTEM, project=project, path=target, chunks=chunks, overwrite=overwrite)
        )

    def do_get(self, project: Project, *, path: str, file: str, **options: Any) -> Any:  # noqa: ANN401
        with ProjectFiles(project.pk).open(path) as opened:
            if file == "-":
                _pour(opened.chunks(), sys.stdout.buffer)
                return None
            target = Path(file or opened.entry.name)
            if target.is_dir():
                target /= opened.entry.name
            _write(target, opened.chunks())
        return {"path": opened.entry.path, "file": str(target), "bytes": opened.entry.size}

    def do_delete(self, project: Project, *, path: str, recursive: bool, **others: Any) -> str:
        delete_file(actor=SYSTEM, project=project, path=path, recursive=recursive)
        return _("{path} is deleted.").format(path=path)

    def do_link(
        self, project: Project, *, path: str, expires: timedelta | None, download: bool, **others: Any
    ) -> dict[str, Any]:
        link, token = create_file_link(
            actor=SYSTEM, project=project, path=path, expires_in=expires, download=download
        )
        shown = NewLinkAnswerSerializer(link, context={"token": token}).data
        return {name: shown[name] for name in ("url", "path", "expires_at", "download", "id")}

    def do_links(self, project: Project, **others: Any) -> list[dict[str, Any]]:
        links = FileLink.objects.living().filter(project=project).order_by("path", "pk")
        return [_shown_link(link) for link in links]

    def do_unlink(self, project: Project, *, link: str, **others: Any) -> str:
        key = as_id(link)
        if key is None:
            raise NotFoundError("link_not_found", _("There is no such link."))
        delete_file_link(actor=SYSTEM, project=project, link_id=key)
        return _("The link leads nowhere now.")


def _add_places(verbs: dict[str, ArgumentParser]) -> None:
    listed = verbs["list"]
    listed.add_argument("path", nargs="?", default="", help=_("the folder; all of the storage without it"))
    listed.add_argument(
        "--search", default="", metavar="TEXT", help=_("part of a name, in all that is below")
    )
    listed.add_argument("--recursive", action="store_true", help=_("all that is below, too"))
    put = verbs["put"]
    put.add_argument("file", help=_("- reads standard input"))
    put.add_argument("path", nargs="?", default="", help=_("where to; with a slash at its end, the folder"))
    put.add_argument("--overwrite", action="store_true", help=_("replace a file that is there"))
    for verb in ("get", "delete", "link"):
        verbs[verb].add_argument("path")
    verbs["get"].add_argument(
        "file", nargs="?", default="", help=_("where to, here without it; - writes to standard output")
    )


def _duration(text: str) -> timedelta:
    return parse_duration(text)


_duration.__name__ = "duration"  # what argparse calls it


def _target(project: Project, file: str, path: str) -> str:
    """Where in the storage a local file goes. Raises CommandError."""
    name = "" if file == "-" else Path(file).name
    folder = not path or path.endswith("/") or _is_folder(project, path)
    if folder and not name:
        raise CommandError(_("Say where to: standard input has no name."))
    return f"{path.rstrip('/')}/{name}".lstrip("/") if folder else path


def _is_folder(project: Project, path: str) -> bool:
    files = ProjectFiles(project.pk)
    return files.exists(path) and files.stat(path).is_dir


def _read(name: str) -> Iterator[bytes]:
    """The bytes of a local file. Raises CommandError."""
    try:
        if name == "-":
            yield from iter(lambda: sys.stdin.buffer.read(_CHUNK), b"")
            return
        with open(name, "rb") as file:
            yield from iter(lambda: file.read(_CHUNK), b"")
    except OSError as error:
        message = _("{file} cannot be read: {reason}").format(file=name, reason=error.strerror)
        raise CommandError(message) from None


def _pour(chunks: Iterable[bytes], output: IO[bytes]) -> None:
    for chunk in chunks:
        output.write(chunk)
    output.flush()


def _write(target: Path, chunks: Iterable[bytes]) -> None:
    """Write a local file, whole or not at all. Raises CommandError."""
    draft = target.with_name(f".m3m-{uuid4().hex}")
    try:
        with open(draft, "xb") as output:
            _pour(chunks, output)
        draft.replace(target)
    except OSError as error:
        message = _("{file} cannot be written: {reason}").format(file=target, reason=error.strerror)
        raise CommandError(message) from None
    finally:
        with suppress(OSError):
            draft.unlink()


def _row(entry: Entry) -> dict[str, Any]:
    shown = {"path": entry.path, "size": None if entry.is_dir else entry.size}
    return {**shown, "mime_type": entry.mime_type or None, "updated_at": entry.updated_at}


def _shown_link(link: FileLink) -> dict[str, Any]:
    names = ("id", "path", "download", "expires_at", "created_at")
    return {name: getattr(link, name) for name in names}
