"""Frames that a sandbox taken over by native code might send to its node. Pure functions: no Django here."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Iterator

from runtime.sandbox.frames import HEADER, Kind, pack

FOREIGN_WORD = "foreign-secret"  # what no answer may ever hold
NAMES = [
    "vault.read",
    "service.info",
    "vault.read.read",
    "vault.__init__",
    "__class__.x",
    "service.boot",
    "",
    ".",
    "x",
]
KEYS = ["project", "project_id", "projectId", "run", "run_id", "context", "epoch", "__class__"]


def well_formed(seed: int, count: int, foreign: list[str]) -> Iterator[bytes]:
    """Host calls as the format wants them, with forged names, ids and arguments, some of foreign ids."""
    dice = random.Random(seed)  # noqa: S311  (a test that fails has to fail again)
    for _ in range(count):
        arguments = [_value(dice, foreign, 3) for _ in range(dice.randrange(4))]
        call = {
            "f": dice.choice([*NAMES, _text(dice)]),
            "a": arguments,
            dice.choice(KEYS): dice.choice(foreign),
        }
        yield pack(Kind.CALL, json.dumps(call).encode(), dice.randrange(1 << 32))


def _value(dice: random.Random, foreign: list[str], depth: int) -> object:
    kind = dice.randrange(8 if depth else 5)
    if kind < 2:
        return dice.choice(foreign)
    if kind < 5:
        return dice.choice(
            [None, True, -1, 1 << 70, 1e308, _text(dice), "../../etc/passwd", "' OR 1=1 --", "\0"]
        )
    if kind == 5:
        return [_value(dice, foreign, depth - 1) for _ in range(dice.randrange(4))]
    return {dice.choice(KEYS): _value(dice, foreign, depth - 1) for _ in range(dice.randrange(4))}


def _text(dice: random.Random) -> str:
    return "".join(dice.choices(string.printable + "\0é€😀\ud800", k=dice.randrange(30)))


def malformed(seed: int, count: int) -> Iterator[bytes]:
    """Streams that break the format or say what no honest sandbox says, after which the node hangs up."""
    dice = random.Random(seed)  # noqa: S311
    for index in range(count):
        yield (_BREAKS[index % len(_BREAKS)])(dice)


def _kind(dice: random.Random) -> bytes:
    wrong = [kind for kind in range(256) if kind not in (16, 17, 18, 19, 20, 22)]
    return HEADER.pack(dice.randrange(100), dice.choice(wrong), dice.randrange(1 << 32)) + dice.randbytes(100)


def _length(dice: random.Random) -> bytes:
    return HEADER.pack(dice.randrange(1 << 26, 1 << 32), dice.choice([19, 20]), 1) + dice.randbytes(100)


def _garbage(dice: random.Random) -> bytes:
    return pack(dice.choice([17, 18, 19, 20]), b"\xff" + dice.randbytes(dice.randrange(1, 300)), 1)


def _deep(dice: random.Random) -> bytes:
    depth = dice.randrange(2_000, 200_000)
    return pack(
        dice.choice([17, 18, 19, 20]), b'{"f":"vault.read","a":' + b"[" * depth + b"]" * depth + b"}", 1
    )


def _shape(dice: random.Random) -> bytes:
    data: object = dice.choice(
        [None, 7, "x", [], {}, [[]], {"f": "vault.read"}, {"a": []}, {"f": 1, "a": []}, {"f": "", "a": {}}]
    )
    return pack(Kind.CALL, json.dumps(data).encode(), 1)


def _failure(dice: random.Random) -> bytes:
    return pack(
        Kind.FAILED, json.dumps(dice.choice([None, 1, [], {}, {"reason": "mine"}, {"reason": {}}])).encode()
    )


def _routes(dice: random.Random) -> bytes:
    return pack(Kind.STARTED, json.dumps(dice.choice([7, {"x": 1}, [1], ["x"], [{}], [[]]])).encode())


def _twice(dice: random.Random) -> bytes:
    kind = dice.choice([Kind.BOOTED, Kind.STARTED, Kind.STOPPED])
    return pack(kind, b"[]") * 2


def _line(dice: random.Random) -> bytes:
    return pack(
        Kind.LOG,
        json.dumps(dice.choice([None, 1, "x", ["info"], ["info", "x", "y"], {}, ["a"] * 4])).encode(),
    )


_BREAKS = (_kind, _length, _garbage, _deep, _shape, _failure, _routes, _twice, _line)
