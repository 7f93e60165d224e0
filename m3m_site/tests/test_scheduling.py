from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace
from unittest import mock

from m3m_site.launcher.scheduling import step_aside

# In a process of its own, whose thread tells what it has: nice, and the turn in ns as the kernel holds it.
TOLD = """
import ctypes, os, struct, threading
from m3m_site.launcher.scheduling import step_aside
step_aside(3, 0.05)
def tell():
    found = ctypes.create_string_buffer(48)
    ctypes.CDLL(None).syscall({"x86_64": 315, "aarch64": 275}[os.uname().machine], 0, found, 48, 0)
    print(os.getpriority(os.PRIO_PROCESS, 0), struct.unpack("=IIQiIQQQ", found.raw)[5])
thread = threading.Thread(target=tell)
thread.start()
thread.join()
"""


class StepAsideTest:
    def test_threads_of_the_process_have_less_weight_and_longer_turns(self) -> None:
        before = os.getpriority(os.PRIO_PROCESS, 0)
        told = subprocess.check_output([sys.executable, "-c", TOLD], text=True)  # noqa: S603  (our own code)
        nice, turn = (int(word) for word in told.split())
        assert nice == min(before + 3, 19)
        since = tuple(int(word) for word in os.uname().release.split(".")[:2])
        assert turn == 50_000_000 or since < (6, 12)

    def test_an_unknown_machine_has_the_weight_alone(self) -> None:
        with (
            mock.patch("os.nice") as nice,
            mock.patch("os.uname", return_value=SimpleNamespace(machine="another")),
            mock.patch("ctypes.CDLL") as library,
        ):
            step_aside(3, 0.05)
        nice.assert_called_once_with(3)
        library.assert_not_called()
