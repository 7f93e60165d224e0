"""Who goes first where cores are few."""

from __future__ import annotations

import ctypes
import os
import struct

_SETATTR = {"x86_64": 314, "aarch64": 274}  # the number of sched_setattr
_ATTRIBUTES = struct.Struct("=IIQiIQQQ")  # struct sched_attr in its first version, linux/sched/types.h


def step_aside(nice: int, turn: float) -> None:
    """Let others of this machine go before this process and the threads that it will have.

    Its weight is lowered by `nice`, and it asks for turns of `turn` seconds, at most 0.1: since Linux 6.12 whoever
    wakes up and has a shorter turn takes its place at once instead of waiting for the end of it. Older kernels and
    other machines know the weight alone.
    """
    os.nice(nice)
    number = _SETATTR.get(os.uname().machine)
    if number is not None:
        present = os.getpriority(os.PRIO_PROCESS, 0)
        wanted = _ATTRIBUTES.pack(_ATTRIBUTES.size, os.SCHED_OTHER, 0, present, 0, int(turn * 1e9), 0, 0)
        # What comes of it does not matter: without it requests are only slower.
        ctypes.CDLL(None).syscall(number, 0, wanted, 0)
