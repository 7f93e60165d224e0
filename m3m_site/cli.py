"""The console script `m3m`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from m3m_site import __version__
from m3m_site.conf import ConfigError
from m3m_site.console import CommandError, _, complain

# Commands of manage.py that people use daily have their own place here, with their own arguments.
FORWARDED = {
    "users": _("list, add, block, unblock, delete people and grant them rights"),
    "projects": _("list, create and delete projects"),
    "env": _("list, set, unset and import variables of a project"),
    "files": _("list, store, fetch, delete and publish files of a project"),
    "goals": _("list goals and say what they counted"),
    "export": _("write a project into one archive"),
    "import": _("make a project out of an archive"),
    "release": _("freeze a branch under the next number"),
    "rollback": _("go back to an earlier release"),
    "start": _("start a service"),
    "stop": _("stop a service"),
    "restart": _("restart a service"),
    "status": _("say whether a service runs"),
    "tail": _("show the log of a service"),
}


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="m3m", description=_("A self-hosted platform for small JavaScript services.")
    )
    top.add_argument("--version", action="version", version=f"m3m {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar=_("COMMAND"))
    commands.add_parser("up", help=_("run the whole platform under one parent"))
    for role, text in (
        ("front", _("run one front process: routes of services, the rest forwarded")),
        ("web", _("run one web process: admin, pages, REST, sockets")),
        ("worker", _("run one worker: tasks and a runtime node")),
        ("beat", _("run the clock that sends due tasks")),
    ):
        single = commands.add_parser(role, help=text)
        if role == "front":
            single.add_argument(
                "--bind", metavar="HOST:PORT", help=_("listen here, not at the configured place")
            )
        if role == "web":
            single.add_argument("--bind", metavar="HOST:PORT", help=_("listen here beside the unix socket"))
    commands.add_parser("prepare", help=_("migrate the database and make the first account"))
    admin = commands.add_parser("new-admin", help=_("make an account with all rights"))
    admin.add_argument("email")
    admin.add_argument("password", nargs="?", help=_("asked for when missing"))
    for name, text in {**FORWARDED, "manage": _("any command of Django's manage.py")}.items():
        commands.add_parser(name, help=text, add_help=False)
    doctor = commands.add_parser("doctor", help=_("check the installation and say what to do"))
    doctor.add_argument("--json", action="store_true", help=_("answer with JSON"))
    return top


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """What is asked for; what follows a forwarded command, its own options too, is that command's."""
    if arguments and (arguments[0] == "manage" or arguments[0] in FORWARDED):
        return argparse.Namespace(command=arguments[0], arguments=list(arguments[1:]))
    return parser().parse_args(arguments)


def run(options: argparse.Namespace) -> int:
    """Carry one command out; its exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "m3m_site.settings")
    # Each command loads what it needs and no more: front runs without Django, errors come before it is loaded.
    if options.command == "up":
        return int(import_module("m3m_site.launcher.up").up())
    if options.command in ("front", "web", "worker", "beat"):
        bind = getattr(options, "bind", None)
        return int(import_module("m3m_site.launcher.single").run(options.command, bind))
    if options.command == "prepare":
        return int(import_module("m3m_site.launcher.single").prepare())
    if options.command == "doctor":
        return int(import_module("m3m_site.doctor").main(as_json=options.json))
    name, arguments = "m3m manage", getattr(options, "arguments", [])
    if options.command == "new-admin":
        arguments = ["new_admin", options.email, *([options.password] if options.password else [])]
    elif options.command != "manage":
        name, arguments = "m3m", [options.command, *arguments]
    import_module("django.core.management").execute_from_command_line([name, *arguments])
    return 0


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point; errors that a person can mend are one sentence and exit code 1."""
    try:
        code = run(parse(sys.argv[1:] if arguments is None else arguments))
    except (ConfigError, CommandError) as error:
        complain(str(error))
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
