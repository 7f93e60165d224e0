"""pytest plugin: every test process gets a data and a runtime directory of its own, removed at the end."""

from __future__ import annotations

import os
import shutil
import tempfile

_directory = tempfile.mkdtemp(prefix="m3mt-")
os.environ["M3M_DATA"] = os.path.join(_directory, "data")
os.environ["M3M_RUN"] = os.path.join(_directory, "run")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "m3m_site.settings")


def pytest_unconfigure() -> None:
    shutil.rmtree(_directory, ignore_errors=True)
