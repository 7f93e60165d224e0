"""Records by real processes: what was acknowledged survives a kill, repeats have one effect, imports stay small."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from m3m_site.conf import BASE_DIR
from m3m_site.testing import Require
from tests.record_writer import job
from tests.stores import KINDS, missing, store

WRITERS = 4
# `M3M_TEST_WRITES=2500` for the whole of it.
WRITES = int(os.environ.get("M3M_TEST_WRITES", "100"))
# `M3M_TEST_LINES=100000` for the whole of it.
LINES = int(os.environ.get("M3M_TEST_LINES", "5000"))
PATIENCE = 60 + WRITES + LINES // 100
MEMORY = 200 * 1024  # KB


@pytest.fixture(params=KINDS)
def environment(request: pytest.FixtureRequest, tmp_path: Path, require: Require) -> Iterator[dict[str, str]]:
    """An empty platform without processes, on each database."""
    require(not missing(request.param), missing(request.param))
    with store(request.param) as more:
        own = {"M3M_DATA": str(tmp_path / "data"), "M3M_RUN": str(tmp_path / "run")}
        found = {**os.environ, **more, **own, "DJANGO_SETTINGS_MODULE": "m3m_site.settings"}
        migrate = [sys.executable, "-P", "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(migrate, cwd=BASE_DIR, env=found, check=True)  # noqa: S603
        yield found


@pytest.mark.slow
class KillRecordWritersTest:
    def test_nothing_acknowledged_is_lost_and_nothing_comes_twice(
        self, environment: dict[str, str], tmp_path: Path, report: Callable[[str], None]
    ) -> None:
        assert self.said(environment, tmp_path, "prepare") == ["201"]
        began = time.monotonic()
        outputs = [tmp_path / f"writer{number}" for number in range(WRITERS)]
        writers = [
            job(environment, "write", number, WRITES, output=output) for number, output in enumerate(outputs)
        ]
        self.kill_half_way(writers[0], outputs[0])
        assert [one.wait(PATIENCE) for one in writers] == [-signal.SIGKILL, 0, 0, 0]
        lasted = time.monotonic() - began
        acknowledged = sum(output.read_text().count("made") for output in outputs)
        kept, counted = self.counts(environment, tmp_path)
        assert kept == counted
        assert acknowledged <= counted <= acknowledged + 1
        report(f"{counted} records by {WRITERS} processes: {counted / lasted:.0f} in a second")

        lines = Counter(self.said(environment, tmp_path, "write", 0, WRITES))
        assert lines["again"] == counted - (WRITERS - 1) * WRITES
        assert lines["made"] == WRITERS * WRITES - counted
        assert set(self.said(environment, tmp_path, "write", 1, WRITES)) == {"again"}
        assert self.counts(environment, tmp_path) == [WRITERS * WRITES] * 2

    def test_an_import_tells_its_progress_and_stays_small(
        self, environment: dict[str, str], tmp_path: Path, report: Callable[[str], None]
    ) -> None:
        assert self.said(environment, tmp_path, "prepare") == ["201"]
        began = time.monotonic()
        *progress, (status, inserted, memory) = map(
            str.split, self.said(environment, tmp_path, "import", LINES)
        )
        lasted = time.monotonic() - began
        report(f"{inserted} lines imported in {lasted:.1f} s, with {int(memory) // 1024} MB")
        assert (status, int(inserted)) == ("done", LINES)
        assert int(memory) < MEMORY
        assert len({int(processed) for _word, processed, _total in progress}) >= LINES // 500
        assert {int(total) for _word, _processed, total in progress} == {LINES}
        assert self.counts(environment, tmp_path) == [LINES, LINES]

    def kill_half_way(self, writer: subprocess.Popen[bytes], output: Path) -> None:
        deadline = time.monotonic() + PATIENCE
        while output.read_text().count("made") < WRITES // 2:
            assert time.monotonic() < deadline and writer.poll() is None
            time.sleep(0.005)
        writer.kill()

    def counts(self, environment: dict[str, str], folder: Path) -> list[int]:
        [line] = self.said(environment, folder, "count")
        return [int(word) for word in line.split()]

    def said(self, environment: dict[str, str], folder: Path, *arguments: object) -> list[str]:
        output = folder / "said"
        assert job(environment, *arguments, output=output).wait(PATIENCE) == 0
        return output.read_text().splitlines()
