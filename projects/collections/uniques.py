"""Values that one record only may hold. The collection is locked, so that what is looked up stays so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError
from django.utils.translation import gettext as _

from accounts.errors import UserError
from projects.collections.drafts import Draft, Flaw, error_of
from projects.collections.filters import parse_filter
from projects.collections.indexes import refused_field
from projects.collections.store import STORE, Query
from projects.limits import RECORDS_AT_ONCE
from projects.models import Collection
from projects.schemas import Field, Schema

# Values that an import has met so far, by field, and who has them: those of lines that are not written yet.
Seen = dict[str, dict[Any, Any]]


def check_unique(
    collection: Collection, schema: Schema, drafts: Sequence[Draft], seen: Seen | None = None
) -> None:
    """Adds a flaw for each value that another record, or an earlier draft, holds already."""
    for one in schema.fields:
        if one.unique:
            fresh = _distinct(one, [draft for draft in drafts if not draft.flaws], seen)
            _check_present(collection, schema, one, fresh)


def _distinct(one: Field, drafts: Sequence[Draft], seen: Seen | None) -> dict[Any, Draft]:
    taken = seen.setdefault(one.key, {}) if seen is not None else {}
    fresh: dict[Any, Draft] = {}
    for draft in drafts:
        value = draft.data.get(one.key)
        if value is None:
            continue
        owner = draft.owner or draft.record.pk
        if taken.setdefault(value, owner) != owner:
            _add_flaw(draft, one)
        else:
            fresh[value] = draft
    return fresh


def _check_present(collection: Collection, schema: Schema, one: Field, fresh: dict[Any, Draft]) -> None:
    if len(fresh) == 1:
        value, draft = next(iter(fresh.items()))
        if STORE.holders_of(collection, one, value, exclude=draft.record.pk):
            _add_flaw(draft, one)
        return
    values = list(fresh)
    for start in range(0, len(values), RECORDS_AT_ONCE):
        chosen = parse_filter({one.key: {"$in": values[start : start + RECORDS_AT_ONCE]}}, schema)
        for record in STORE.find(collection, Query(filter=chosen, limit=RECORDS_AT_ONCE)).records:
            draft = fresh[record.data[one.key]]
            if draft.record.pk != record.pk:
                _add_flaw(draft, one)


def _add_flaw(draft: Draft, one: Field) -> None:
    draft.add_flaw(one.key, "record_not_unique", _("Another record has this value."))


def as_conflict(collection: Collection, error: IntegrityError) -> UserError:
    """What a refusal by the database's own unique index means for the caller; re-raises any other."""
    key = refused_field(collection, error)
    if key is None:
        raise error
    return error_of([Flaw(f"/{key}", "record_not_unique", _("Another record has this value."))])
