"""What a change of schema does to the records that are there: told before, and carried out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from projects.choices import FieldType
from projects.collections.conversions import as_text, convert
from projects.collections.drafts import search_text
from projects.collections.fields import Wanted
from projects.collections.store import STORE, Query
from projects.collections.values import ValueFlawError, default_of
from projects.models import Collection, Record
from projects.schemas import Field

_EXAMPLES = 3
_CHUNK = 500


@dataclass(frozen=True)
class Change:
    """One thing that a change of schema does to records. What is `blocking` cannot be confirmed away."""

    kind: str
    field: str
    count: int
    detail: str
    blocking: bool = False
    examples: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "examples": list(self.examples)}


@dataclass(frozen=True)
class Step:
    """How one field of the new schema gets its value from a record's present data."""

    new: Field
    old: Field | None
    source: str
    converts: bool
    fills: bool
    counts_missing: bool
    looks_up: bool
    compares: bool


@dataclass
class _Tally:
    """What a look at all records has found, by key."""

    removed: dict[str, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    twice: dict[str, list[Any]] = field(default_factory=dict)
    values: dict[str, set[int]] = field(default_factory=dict)

    def add(self, where: dict[str, int], key: str) -> None:
        where[key] = where.get(key, 0) + 1


@dataclass(frozen=True)
class Plan:
    """What a change of schema loses, and what stands against it."""

    changes: tuple[Change, ...]

    @property
    def loses_data(self) -> bool:
        return any(not one.blocking for one in self.changes)

    @property
    def is_possible(self) -> bool:
        return not any(one.blocking for one in self.changes)


class SchemaChange:
    """From a collection's present schema to a wanted one."""

    def __init__(self, collection: Collection, wanted: Wanted) -> None:
        self.collection = collection
        self.old = collection.schema
        self.new = wanted.schema
        self.now: datetime = timezone.now()
        self.steps = [self._step(one, wanted.renamed) for one in self.new.fields]
        sources = {step.source for step in self.steps if step.old}
        self.removed = [one.key for one in self.old.fields if one.key not in sources]

    @property
    def rewrites(self) -> bool:
        """Whether records get other data."""
        touched = any(step.converts or step.fills or step.source != step.new.key for step in self.steps)
        return bool(self.removed) or touched

    @property
    def looks(self) -> bool:
        """Whether something may get lost, or stand against the change; only records can tell."""
        harms = any(step.converts or step.counts_missing or step.compares for step in self.steps)
        return bool(self.removed) or harms

    def plan(self) -> Plan:
        """What the records say, all of them where it matters; memory does not grow with their number."""
        tally = _Tally()
        if self.looks:
            records = STORE.iterate(self.collection, Query(), chunk=_CHUNK)
            while some := [record.data for record in islice(records, _CHUNK)]:
                self._transformed(some, tally)
        return Plan(tuple(self._changes(tally)))

    def carry_out(self) -> Plan:
        """Rewrite the records in portions, inside the caller's transaction; returns what it did to them.

        Gone through once: on SQLite everybody waits meanwhile.
        """
        if not self.rewrites:
            return self.plan()
        tally = _Tally()

        def change(portion: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], str] | None]:
            made = self._transformed(portion, tally)
            return [
                None if new == old else (new, search_text(self.new, new))
                for old, new in zip(portion, made, strict=True)
            ]

        STORE.rewrite(self.collection, change, self.now)
        return Plan(tuple(self._changes(tally)))

    def _step(self, new: Field, renamed: Mapping[str, str]) -> Step:
        source = renamed.get(new.key, new.key)
        # A key that another field has left by its new name is a new field.
        old = None if source in renamed.values() and new.key not in renamed else self.old.by_key.get(source)
        required = new.required and not (old is not None and old.required)
        default = new.default_value is not None
        return Step(
            new=new,
            old=old,
            source=source,
            converts=old is not None and _converts(old, new),
            fills=required and default,
            counts_missing=required and not default,
            looks_up=old is not None and new.type == FieldType.REF and _moves(old, new),
            compares=old is not None and new.unique and (not old.unique or _converts(old, new)),
        )

    def _transformed(self, portion: Sequence[Mapping[str, Any]], tally: _Tally) -> list[dict[str, Any]]:
        """The new data of some records."""
        made = [self._converted(data, tally) for data in portion]
        for step in self.steps:
            if step.looks_up:
                self._look_up(step, made, tally)
        for one in made:
            self._complete(one, tally)
        return made

    def _converted(self, data: Mapping[str, Any], tally: _Tally) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for step in self.steps:
            value = data.get(step.source) if step.old else None
            if value is not None and step.converts:
                try:
                    value = convert(value, step.new)
                except ValueFlawError:
                    tally.add(tally.lost, step.new.key)
                    value = None
            if value is not None:
                made[step.new.key] = value
        for key in self.removed:
            if data.get(key) is not None:
                tally.add(tally.removed, key)
        return made

    def _look_up(self, step: Step, portion: list[dict[str, Any]], tally: _Tally) -> None:
        """Keep a reference only where its record is in the target."""
        key = step.new.key
        ids = {UUID(made[key]) for made in portion if key in made}
        target = Collection.objects.filter(project=self.collection.project_id, slug=step.new.target).first()
        there = set(Record.objects.filter(collection=target, pk__in=ids).values_list("pk", flat=True))
        for made in portion:
            if key in made and UUID(made[key]) not in there:
                tally.add(tally.lost, key)
                del made[key]

    def _complete(self, made: dict[str, Any], tally: _Tally) -> None:
        for step in self.steps:
            key = step.new.key
            if key not in made and step.fills:
                made[key] = default_of(step.new, self.now)
            elif made.get(key) in (None, "", []) and step.counts_missing:
                tally.add(tally.missing, key)
            elif key in made and step.compares:
                _compare(tally, key, made[key])

    def _changes(self, tally: _Tally) -> Iterator[Change]:
        for key, count in tally.removed.items():
            yield Change("field_removed", key, count, _("These records hold a value, which is deleted."))
        steps = {step.new.key: step for step in self.steps}
        for key, count in tally.lost.items():
            kind = _kind_of(steps[key])
            yield Change(kind, key, count, _("The value of these records cannot be kept and is deleted."))
        for key, count in tally.missing.items():
            message = _("These records have no value; each needs one when it is next saved whole.")
            yield Change("required_missing", key, count, message)
        for key, examples in tally.twice.items():
            shown = tuple(as_text(value)[:100] for value in examples[:_EXAMPLES])
            message = _("Several records have the same value; make them differ first.")
            yield Change("not_unique", key, len(examples), message, blocking=True, examples=shown)


def _moves(old: Field, new: Field) -> bool:
    return old.type != new.type or old.target != new.target


def _shortens(old: Field, new: Field) -> bool:
    return (new.indexed or new.unique) and not (old.indexed or old.unique)


def _converts(old: Field, new: Field) -> bool:
    """Whether a present value may be none that the new field holds."""
    options = bool(set(old.options) - set(new.options))
    return _moves(old, new) or _shortens(old, new) or (old.type == new.type and options)


def _kind_of(step: Step) -> str:
    old, new = step.old, step.new
    if old is None or old.type != new.type:
        return "type_changed"
    if old.target != new.target:
        return "target_changed"
    return "options_removed" if old.options != new.options else "value_too_long"


def _compare(tally: _Tally, key: str, value: Any) -> None:  # noqa: ANN401  (any JSON)
    """Values are kept by their hashes: of 100 000 records these are a few MB, whatever the values are."""
    met = tally.values.setdefault(key, set())
    name = hash(value)
    if name in met:
        tally.twice.setdefault(key, []).append(value)
    met.add(name)
