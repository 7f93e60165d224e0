"""One front process with short limits for all tests, and a way to start others."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.gateway.tests.harness import Front


def _short_directory() -> Path:
    # A socket's path holds 107 bytes at most, which pytest's own directories may exceed.
    return Path(tempfile.mkdtemp(prefix="m3m-front-"))


@pytest.fixture(scope="session")
def front() -> Iterator[Front]:
    directory = _short_directory()
    started = Front(directory, connect_wait=1.0, wall_margin=0.5, verdict_life=0.5, body_wait=1.0)
    yield started
    started.stop()
    shutil.rmtree(directory)


@pytest.fixture
def start_front() -> Iterator[Callable[..., Front]]:
    """Starts front processes with settings of their own; they are stopped after the test."""
    started: list[Front] = []

    def start(**settings: object) -> Front:
        started.append(Front(_short_directory(), **settings))
        return started[-1]

    yield start
    for one in started:
        one.stop()
        shutil.rmtree(one.runtime_dir)
