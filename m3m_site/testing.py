"""pytest plugin: every test process gets a data and a runtime directory of its own, removed at the end."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable

import pytest

_directory = tempfile.mkdtemp(prefix="m3mt-")
os.environ["M3M_DATA"] = os.path.join(_directory, "data")
os.environ["M3M_RUN"] = os.path.join(_directory, "run")
# Tests read texts in English, whatever the terminal speaks.
os.environ["LANGUAGE"] = "en"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "m3m_site.settings")

Require = Callable[[object, str], None]


def pytest_unconfigure() -> None:
    shutil.rmtree(_directory, ignore_errors=True)


def require_part(present: object, sentence: str) -> None:
    """Go on only when a part of the machine is there; a skip for people, a failure where CI=true."""
    if present:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def require() -> Require:
    """`require(shutil.which("chromium"), "Chromium is missing.")`, for tests of every floor."""
    return require_part
