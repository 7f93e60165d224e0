"""Loads the platform once, in the parent, so that every forked process shares its pages."""

from __future__ import annotations

import logging
import os
import sys
import threading
from importlib import import_module
from types import ModuleType
from typing import cast

import django

from m3m_site.conf import load_config
from m3m_site.console import _
from m3m_site.launcher import process

log = logging.getLogger("m3m.launcher")

ROLES = ("front", "web", "worker", "beat")


def load(names: tuple[str, ...] = ROLES) -> dict[str, ModuleType]:
    """Set Django up and import what each role needs; the modules by role.

    By name, for they can be imported only when Django is set up.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "m3m_site.settings")
    if load_config().database.driver == "sqlite":
        # REST framework imports PostgreSQL's fields wherever it can, and with them a driver of 6 MB.
        sys.modules.setdefault("psycopg", cast(ModuleType, None))
    if names != ("front",):
        django.setup()
    loaded = {name: import_module(f"m3m_site.launcher.roles.{name}") for name in names}
    for module in loaded.values():
        module.preload()
    return loaded


def warm_up() -> None:
    """Do what every process does first, so that they share what it leaves in memory; the database must be migrated."""
    try:
        import_module("m3m_site.launcher.roles.beat").warm_up()
        import_module("m3m_site.launcher.roles.web").warm_up()
    except Exception:
        log.warning(_("The platform was not warmed up"), exc_info=True)


def seal() -> None:
    """Make the parent fit to fork: no connections, one thread, loaded objects frozen."""
    connections = import_module("django.db").connections
    connections.close_all()
    if threading.active_count() != 1:
        names = ", ".join(thread.name for thread in threading.enumerate())
        raise RuntimeError(f"something started a thread while the platform was loading: {names}")
    process.freeze()
