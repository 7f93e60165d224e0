"""Figures with their targets, and the table that shows them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the table; `target` bounds the value from above, or from below where `least`."""

    name: str
    value: float
    unit: str
    target: float | None = None
    aim: float | None = None
    least: bool = False
    note: str = ""

    @property
    def verdict(self) -> str:
        """`ok`, `short`, or nothing where no target is set; `aim` when the further aim is met too."""
        if self.target is None:
            return ""
        if not self._meets(self.target):
            return "SHORT"
        return "aim" if self.aim is not None and self._meets(self.aim) else "ok"

    def _meets(self, bound: float) -> bool:
        return self.value >= bound if self.least else self.value <= bound

    @property
    def bounds(self) -> str:
        sign = "≥" if self.least else "≤"
        bounds = [number(bound) for bound in (self.target, self.aim) if bound is not None]
        return f"{sign} {' aim '.join(bounds)}" if bounds else ""


def number(value: float) -> str:
    """Three significant digits, thousands grouped."""
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of all lie; the largest of few."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def median(values: Sequence[float]) -> float:
    return quantile(values, 0.5)


def show(title: str, figures: Sequence[Figure]) -> None:
    """Print one part of the table."""
    write(f"\n{title}\n")
    for figure in figures:
        value = f"{number(figure.value)} {figure.unit}".rstrip()
        line = f"  {figure.name:<58} {value:>14}  {figure.bounds:<16} {figure.verdict:<5} {figure.note}"
        write(line.rstrip() + "\n")


def write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
