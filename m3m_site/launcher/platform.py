"""Loads the platform once, in the parent, so that every forked process shares its pages."""

from __future__ import annotations

import os
import threading
from importlib import import_module
from types import ModuleType

import django

from m3m_site.launcher import process

ROLES = ("front", "web", "worker", "beat")


def load(names: tuple[str, ...] = ROLES) -> dict[str, ModuleType]:
    """Set Django up and import what each role needs; the modules by role.

    By name, for they can be imported only when Django is set up.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "m3m_site.settings")
    if names != ("front",):
        django.setup()
    loaded = {name: import_module(f"m3m_site.launcher.roles.{name}") for name in names}
    for module in loaded.values():
        module.preload()
    return loaded


def seal() -> None:
    """Make the parent fit to fork: no connections, one thread, loaded objects frozen."""
    connections = import_module("django.db").connections
    connections.close_all()
    if threading.active_count() != 1:
        names = ", ".join(thread.name for thread in threading.enumerate())
        raise RuntimeError(f"something started a thread while the platform was loading: {names}")
    process.freeze()
