"""What a sandbox process inherits, shows and outlives: nothing but what the design names."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.tests import hostile
from runtime.tests.harness import ROOT, TestZygote, is_alive, wait_until

NODE = f"""
import sys, time
sys.path.append({str(ROOT)!r})
from runtime.tests.harness import TestZygote
zygote = TestZygote()
box = zygote.serve("")
print(zygote.process.pid, box.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def taken_over() -> Iterator[TestZygote]:
    started = TestZygote(setup=hostile.SETUP)
    yield started
    started.close()


def status_of(pid: int) -> dict[str, str]:
    return dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())


def shared_pages(pid: int) -> set[tuple[str, str]]:
    """(rights, inode) of the memory that a process shares; files of the system apart."""
    lines = [line.split() for line in Path(f"/proc/{pid}/maps").read_text().splitlines()]
    return {(line[1], line[4]) for line in lines if line[1].endswith("s") and not line[5].startswith("/usr/")}


def told(zygote: TestZygote, main: str) -> Any:  # noqa: ANN401
    """What the function `main` of hostile.py found out inside a sandbox."""
    box = zygote.spawn(main)
    wait_until(lambda: box.logs, f"a word of {main}")
    return json.loads(box.logs[0][1])


class InheritTest:
    def test_it_has_the_named_descriptors_only(self, taken_over: TestZygote) -> None:
        # The listener and three epolls; the socket to the node tells of them, the lease is mapped and closed.
        assert len(told(taken_over, "descriptors")) == 4

    def test_it_sees_a_clean_environment(
        self, taken_over: TestZygote, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert set(told(taken_over, "environment")) <= {"LANG", "MALLOC_ARENA_MAX", "LC_CTYPE"}

    def test_it_cannot_write_the_lease(self, taken_over: TestZygote) -> None:
        assert told(taken_over, "write_lease") == "EACCES"

    @pytest.mark.skipif(os.getuid() != 0, reason="only root may look at the mappings of a sandbox")
    def test_it_shares_no_page_with_a_sibling(self, sandboxes: TestZygote) -> None:
        boxes = [sandboxes.serve("") for _ in range(3)]
        shared = [shared_pages(box.pid) for box in boxes]
        # Its page for the watchdog and the lease, which all of them read and none can write.
        assert [len(pages) for pages in shared] == [2, 2, 2]
        assert {rights for rights, _ in set.intersection(*shared)} == {"r--s"}
        assert len(set.union(*shared)) == 4


class ShowTest:
    def test_it_can_be_neither_dumped_nor_traced(self, sandboxes: TestZygote) -> None:
        box = sandboxes.serve("")
        limits = Path(f"/proc/{box.pid}/limits").read_text()
        assert [line.split()[4:6] for line in limits.splitlines() if "core file" in line] == [["0", "0"]]
        # The kernel gives the files of a process that is not dumpable to root, whoever it runs as.
        assert int(status_of(box.pid)["Uid"].split()[0]) != 0
        assert os.stat(f"/proc/{box.pid}/environ").st_uid == 0

    def test_it_has_no_rights(self, sandboxes: TestZygote) -> None:
        status = status_of(sandboxes.serve("").pid)
        assert status["NoNewPrivs"] == "1"
        assert status["Seccomp"] == "2"
        assert int(status["CapEff"], 16) == 0

    def test_its_zygote_has_a_clean_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("M3M_PLANTED", "planted-secret")
        started = TestZygote()
        box = started.serve("", env={"KEY": "secret-of-the-project"})
        for pid in (started.process.pid, box.pid):
            try:
                environment = Path(f"/proc/{pid}/environ").read_bytes()
            except PermissionError:
                continue
            assert b"secret" not in environment
            assert {name.split(b"=")[0] for name in environment.split(b"\0") if name} == {
                b"LANG",
                b"MALLOC_ARENA_MAX",
            }
        started.close()


class OutliveTest:
    def test_it_dies_with_its_zygote(self) -> None:
        started = TestZygote()
        boxes = [started.serve("") for _ in range(3)]
        started.process.kill()
        wait_until(lambda: not any(is_alive(box.pid) for box in boxes), "end of the sandboxes")
        started.close()

    def test_it_dies_with_its_node(self) -> None:
        node = subprocess.Popen([sys.executable, "-c", NODE], stdout=subprocess.PIPE, text=True)  # noqa: S603
        assert node.stdout is not None
        pids = [int(pid) for pid in node.stdout.readline().split()]
        assert all(is_alive(pid) for pid in pids)
        node.kill()
        node.wait()
        wait_until(lambda: not any(is_alive(pid) for pid in pids), "end of zygote and sandbox")

    def test_it_leaves_no_zombie(self, sandboxes: TestZygote) -> None:
        boxes = [sandboxes.serve("") for _ in range(5)]
        for box in boxes:
            os.kill(box.pid, signal.SIGKILL)
            box.wait_exit()
        assert not any(Path(f"/proc/{box.pid}").exists() for box in boxes)


@pytest.mark.parametrize("main", ["burn_as_idle", "burn_in_far_entry"])
class LyingPageTest:
    def test_it_is_killed(self, main: str) -> None:
        lying = TestZygote(
            setup=f"{hostile.SETUP}\nimport runtime.sandbox.zygote as z; z.UNTOLD_NS //= 10; z.AUDIT_NS //= 10"
        )
        box = lying.spawn(main, limits={"cpu": 0.3})
        started = time.monotonic()
        assert box.wait_exit(20)["killed"] == "limit_cpu"
        print(f"killed after {time.monotonic() - started:.1f} s")  # noqa: T201
        lying.close()


class BusyPageTest:
    def test_it_lives_when_it_tells_the_truth(self) -> None:
        # Many short entries use far more CPU than a page may hide.
        honest = TestZygote(setup="import runtime.sandbox.zygote as z; z.UNTOLD_NS //= 10; z.AUDIT_NS //= 10")
        box = honest.serve("setInterval(() => { for (let i = 0; i < 2e4; i++); }, 1)")
        time.sleep(3)
        assert is_alive(box.pid)
        honest.close()
