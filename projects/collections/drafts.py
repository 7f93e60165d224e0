"""Records between a caller's body and the database: checked against the schema, with all flaws at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.errors import UserError
from projects.choices import FieldType
from projects.collections.moments import stored_time
from projects.collections.values import ValueFlawError, check_value, default_of
from projects.folding import fold
from projects.limits import INTEGER, RECORD_BYTES
from projects.models import Collection, Record
from projects.schemas import SYSTEM_FIELDS, Field, Schema
from projects.slugs import as_id

_SEARCHED = {FieldType.STRING, FieldType.TEXT, FieldType.SELECT, FieldType.MULTISELECT}
# A record all of whose flaws are of one of these kinds is refused under that code.
_OWN_CODES = {"field_unknown": 400, "record_not_unique": 409}


class Flaw(NamedTuple):
    """What is wrong with one part of a body."""

    pointer: str
    code: str
    detail: str


@dataclass
class Draft:
    """A record that is to be written, new or changed; it is written when no check has found a flaw."""

    record: Record
    data: dict[str, Any]
    flaws: list[Flaw] = field(default_factory=list)
    # What stands before the pointers of flaws: `/records/3` in a body of several.
    place: str = ""
    is_change: bool = False
    # Drafts of one owner may hold the same unique value, one after the other; by itself each record is its own.
    owner: Any = None

    def add_flaw(self, key: str, code: str, detail: str) -> None:
        self.flaws.append(Flaw(f"{self.place}/{escape(key)}", code, detail))

    def settle(self, schema: Schema, now: datetime) -> Record:
        """The record with the draft's values, ready to be written."""
        record = self.record
        record.data = self.data
        record.search = search_text(schema, self.data)
        record.updated_at = now
        if self.is_change:
            record.revision += 1
        else:
            record.created_at = record.created_at or now
        return record


def escape(key: str) -> str:
    """A key as a step of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def new_draft(
    collection: Collection,
    schema: Schema,
    body: object,
    now: datetime,
    place: str = "",
    record_id: UUID | None = None,
) -> Draft:
    """A new record out of a body; fields that are left out get their defaults."""
    record = Record(collection=collection)
    record.pk = record_id or record.pk
    return _whole(Draft(record, {}, place=place), schema, body, now)


def whole_draft(record: Record, schema: Schema, body: object, now: datetime, place: str = "") -> Draft:
    """A present record with all its values replaced; fields that are left out get their defaults."""
    return _whole(Draft(record, {}, place=place, is_change=True), schema, body, now)


def partial_draft(record: Record, schema: Schema, body: object, place: str = "") -> Draft:
    """A present record with the values of the body; others stay, even where they break a later rule."""
    draft = Draft(record, dict(record.data), place=place, is_change=True)
    for one, value in _given(draft, schema, body):
        _put(draft, one, value)
    return _check_size(draft)


def _whole(draft: Draft, schema: Schema, body: object, now: datetime) -> Draft:
    given = {one.key: value for one, value in _given(draft, schema, body)}
    if draft.flaws and not isinstance(body, Mapping):
        return draft
    for one in schema.fields:
        _put(draft, one, given[one.key] if one.key in given else default_of(one, now))
    return _check_size(draft)


def _given(draft: Draft, schema: Schema, body: object) -> Iterable[tuple[Field, object]]:
    if not isinstance(body, Mapping):
        draft.flaws.append(Flaw(draft.place, "type_wrong", _("A record is an object.")))
        return
    for key, value in body.items():
        if one := schema.by_key.get(key):
            yield one, value
        elif key not in SYSTEM_FIELDS:
            draft.add_flaw(str(key)[:100], "field_unknown", _("The collection has no such field."))


def _put(draft: Draft, one: Field, value: object) -> None:
    try:
        stored = check_value(one, value)
    except ValueFlawError as flaw:
        draft.add_flaw(one.key, flaw.code, flaw.detail)
        return
    if one.required and stored in (None, "", []):
        draft.add_flaw(one.key, "required", _("A value is needed."))
    elif stored is None:
        draft.data.pop(one.key, None)
    else:
        draft.data[one.key] = stored


def _check_size(draft: Draft) -> Draft:
    # Most records are far from the limit; counting characters is cheaper than encoding.
    if not draft.flaws and len(json.dumps(draft.data, ensure_ascii=False).encode()) > RECORD_BYTES:
        message = _("A record holds at most {count} KB.").format(count=RECORD_BYTES // 1024)
        draft.flaws.append(Flaw(draft.place, "too_long", message))
    return draft


def refuse_flaws(drafts: Sequence[Draft]) -> None:
    """Raises one UserError with the first hundred flaws of all drafts; 409 where values only are not unique."""
    flaws = [flaw for draft in drafts for flaw in draft.flaws]
    if flaws:
        raise error_of(flaws)


def error_of(flaws: Sequence[Flaw]) -> UserError:
    codes = {flaw.code for flaw in flaws}
    code = codes.pop() if len(codes) == 1 and codes <= _OWN_CODES.keys() else "record_invalid"
    detail = flaws[0].detail if len(flaws) == 1 else _("Some values cannot be taken.")
    errors = [flaw._asdict() for flaw in flaws[:100]]
    return UserError(code, detail, status=_OWN_CODES.get(code, 400), errors=errors)


def search_text(schema: Schema, data: Mapping[str, Any]) -> str:
    """All text of a record by lines, folded so that a search finds it in any case and width of letters."""
    words: list[str] = []
    for one in schema.fields:
        value = data.get(one.key)
        if value is not None and one.type in _SEARCHED:
            words.extend(value if isinstance(value, list) else [value])
    return fold("\n".join(words))


def flat(schema: Schema, record: Record) -> dict[str, Any]:
    """A record as callers see it: its id and times, then every field; missing values are null."""
    shown: dict[str, Any] = {
        "id": str(record.pk),
        "created_at": stored_time(record.created_at),
        "updated_at": stored_time(record.updated_at),
    }
    for one in schema.fields:
        shown[one.key] = _shown(one, record.data.get(one.key))
    return shown


def _shown(one: Field, value: Any) -> Any:  # noqa: ANN401  (any JSON)
    """PostgreSQL spells out large doubles: 1e300 comes back as an integer of 301 digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        large = one.type == FieldType.NUMBER and abs(value) > INTEGER
        return float(value) if large or one.type == FieldType.FLOAT else value
    return value


def as_record_id(value: object) -> UUID | None:
    """The id that a value spells, if it spells one."""
    return as_id(value) if isinstance(value, str) else None
