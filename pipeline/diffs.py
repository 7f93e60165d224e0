"""What differs between two sets of files, file by file and line by line, within bounds whatever the files are.

difflib's time grows with the product of both sides' lines. So only what lies between the first and the last
difference is given to it, and where even that is too much, or the time is up, the whole of it counts as replaced.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from pipeline.choices import FileStatus
from pipeline.limits import DIFF_CHARS, DIFF_FILE_CHARS, DIFF_LINES, DIFF_SECONDS
from pipeline.models.branch import main_first

CONTEXT = 3
ALIKE = 0.6  # so much of its lines has to be the same for a file to be called renamed
RENAMES = 2_000  # pairs of a lost and a new file that are looked at

Code = tuple[str, int, int, int, int]


@dataclass
class FileDiff:
    """One file that differs; `diff` is unified, without the lines that name the files."""

    name: str
    status: FileStatus
    old_name: str | None = None
    added: int = 0
    removed: int = 0
    diff: str = ""
    is_cut: bool = False


@dataclass
class _Budget:
    """What is left for one comparison."""

    deadline: float = field(default_factory=lambda: time.monotonic() + DIFF_SECONDS)
    chars: int = DIFF_CHARS

    def allows(self, lines: int) -> bool:
        return lines <= DIFF_LINES and time.monotonic() < self.deadline

    def cut(self, text: str) -> tuple[str, bool]:
        """As much of a text as may be answered, in whole lines, and whether some of it is missing."""
        room = min(DIFF_FILE_CHARS, self.chars)
        is_cut = len(text) > room
        if is_cut:
            text = text[: text.rfind("\n", 0, room) + 1]
        self.chars -= len(text)
        return text, is_cut


def compare(old: Mapping[str, str], new: Mapping[str, str]) -> list[FileDiff]:
    """The files that differ, `main` first."""
    budget = _Budget()
    lost, fresh = old.keys() - new.keys(), new.keys() - old.keys()
    renamed = _renames({name: old[name] for name in lost}, {name: new[name] for name in fresh})
    found: dict[str, FileDiff] = {}
    for name in main_first({**old, **new}):
        if name in renamed:
            found[name] = FileDiff(name, FileStatus.RENAMED, renamed[name])
        elif name in fresh:
            found[name] = FileDiff(name, FileStatus.ADDED)
        elif name in lost and name not in renamed.values():
            found[name] = FileDiff(name, FileStatus.REMOVED)
        elif name in new and name in old and old[name] != new[name]:
            found[name] = FileDiff(name, FileStatus.CHANGED)
    for name, one in found.items():
        _fill(one, old.get(one.old_name or name, ""), new.get(name, ""), budget)
    return list(found.values())


def _fill(one: FileDiff, old: str, new: str, budget: _Budget) -> None:
    before, after = _lines(old), _lines(new)
    matcher = _matcher(before, after, budget)
    for tag, start, end, begin, stop in matcher.get_opcodes():
        if tag != "equal":
            one.removed += end - start
            one.added += stop - begin
    one.diff, one.is_cut = budget.cut("".join(_unified(matcher, before, after)))


def _lines(code: str) -> list[str]:
    """The lines with their ends; at line feeds alone, as editors count."""
    lines = [f"{line}\n" for line in code.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _matcher(before: list[str], after: list[str], budget: _Budget) -> SequenceMatcher[str]:
    """A matcher that knows its opcodes already."""
    head = _common(before, after)
    tail = _common(reversed(before[head:]), reversed(after[head:]))
    left, right = before[head : len(before) - tail], after[head : len(after) - tail]
    whole = SequenceMatcher(None, before[:0], after[:0])
    codes: list[Code] = [("equal", 0, head, 0, head)] if head else []
    codes += [
        (tag, a + head, b + head, c + head, d + head) for tag, a, b, c, d in _middle(left, right, budget)
    ]
    if tail:
        codes.append(("equal", len(before) - tail, len(before), len(after) - tail, len(after)))
    whole.opcodes = codes  # type: ignore[attr-defined]  # what get_opcodes answers once it is there
    return whole


def _middle(left: list[str], right: list[str], budget: _Budget) -> list[Code]:
    if not left and not right:
        return []
    if left and right and budget.allows(len(left) * len(right)):
        return SequenceMatcher(None, left, right).get_opcodes()  # type: ignore[return-value]
    tag = "replace" if left and right else "delete" if left else "insert"
    return [(tag, 0, len(left), 0, len(right))]


def _common(left: Iterable[str], right: Iterable[str]) -> int:
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count


def _unified(matcher: SequenceMatcher[str], before: list[str], after: list[str]) -> Iterable[str]:
    if not any(code[0] != "equal" for code in matcher.get_opcodes()):
        return
    for group in matcher.get_grouped_opcodes(CONTEXT):
        first, last = group[0], group[-1]
        yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@\n"
        for tag, start, end, begin, stop in group:
            if tag == "equal":
                yield from _marked(" ", before[start:end])
                continue
            yield from _marked("-", before[start:end])
            yield from _marked("+", after[begin:stop])


def _marked(mark: str, lines: list[str]) -> Iterable[str]:
    for line in lines:
        yield mark + line if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n"


def _range(start: int, stop: int) -> str:
    """A hunk's side as diff writes it: an empty one stands after the line before it."""
    length = stop - start
    begin = start + 1 if length else start
    return str(begin) if length == 1 else f"{begin},{length}"


def _renames(lost: Mapping[str, str], fresh: Mapping[str, str]) -> dict[str, str]:
    """New name to old name of files that are the same or much alike; the most alike first."""
    left = {name: Counter(_lines(code)) for name, code in sorted(lost.items())}
    right = {name: Counter(_lines(code)) for name, code in sorted(fresh.items())}
    if len(left) * len(right) > RENAMES:
        return _same(lost, fresh)
    pairs = [
        (likeness, old, new)
        for old, one in left.items()
        for new, other in right.items()
        if (likeness := _likeness(one, other)) >= ALIKE
    ]
    found: dict[str, str] = {}
    for _likeness_of_pair, old, new in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if new not in found and old not in found.values():
            found[new] = old
    return found


def _same(lost: Mapping[str, str], fresh: Mapping[str, str]) -> dict[str, str]:
    """Of many files, only those whose code is the same."""
    by_code: dict[str, list[str]] = {}
    for name in sorted(lost, reverse=True):
        by_code.setdefault(lost[name], []).append(name)
    return {name: by_code[code].pop() for name, code in sorted(fresh.items()) if by_code.get(code)}


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """How much of two files' lines is the same, from 0 to 1; empty files are like none."""
    total = one.total() + other.total()
    smaller, larger = sorted((one, other), key=len)
    if not total:
        return 0.0
    shared = sum(min(count, larger[line]) for line, count in smaller.items() if line in larger)
    return 2 * shared / total
