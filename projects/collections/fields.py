"""The fields of a collection as an author wants them: checked, with every fault pointed out at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from accounts.errors import UserError
from projects.choices import FieldType, OnDelete
from projects.collections.drafts import Flaw, escape
from projects.collections.values import NOW, ValueFlawError, check_characters, check_value
from projects.limits import FIELDS, OPTION_LENGTH, OPTIONS
from projects.schemas import SYSTEM_FIELDS, Field, Schema

# Begins with a letter, so that names with an underscore stay free for the platform.
KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}", re.ASCII)
CHOOSING = frozenset({FieldType.SELECT, FieldType.MULTISELECT})
UNINDEXED = frozenset({FieldType.TEXT, FieldType.DOCUMENT, FieldType.MULTISELECT})
_FLAGS = ("required", "unique", "indexed")
_KNOWN = {"key", "type", "default_value", "options", "target", "ref_model", "on_delete", "renamed_from"}
_KNOWN |= set(_FLAGS)


@dataclass(frozen=True)
class Wanted:
    """Checked fields, and for those that are another field renamed, the key they had."""

    schema: Schema
    renamed: Mapping[str, str]


class _Faults:
    """Collects what is wrong with one list of fields."""

    def __init__(self) -> None:
        self.found: list[Flaw] = []

    def add(self, pointer: str, code: str, detail: str) -> None:
        self.found.append(Flaw(pointer, code, detail))

    def refuse(self) -> None:
        if self.found:
            detail = self.found[0].detail if len(self.found) == 1 else _("Some fields cannot be taken.")
            errors = [fault._asdict() for fault in self.found[:100]]
            raise UserError("schema_invalid", detail, errors=errors)


def check_fields(
    raw: object, targets: AbstractSet[str], present: Schema | None = None, pointer: str = "/fields"
) -> Wanted:
    """Fields out of JSON. `targets`: slugs that references may name; `present`: the schema that is to be changed.

    Raises UserError `schema_invalid` with all faults. Reference fields are always indexed.
    """
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        raise UserError("schema_invalid", _("Fields are a list."), pointer=pointer)
    if len(raw) > FIELDS:
        message = _("A collection has at most {count} fields.").format(count=FIELDS)
        raise UserError("schema_invalid", message, pointer=pointer)
    faults = _Faults()
    fields, renamed = [], {}
    for position, item in enumerate(raw):
        place = f"{pointer}/{position}"
        if one := _check_field(faults, place, item, targets):
            fields.append(one)
            old = item.get("renamed_from")
            if old is not None and old != one.key:
                renamed[one.key] = _check_renamed(faults, place, old, present)
    _check_distinct(faults, pointer, raw, renamed)
    faults.refuse()
    return Wanted(Schema(tuple(fields)), renamed)


def _check_field(faults: _Faults, place: str, item: object, targets: AbstractSet[str]) -> Field | None:
    if not isinstance(item, Mapping):
        faults.add(place, "type_wrong", _("A field is an object."))
        return None
    before = len(faults.found)
    for key in item:
        if key not in _KNOWN:
            faults.add(f"{place}/{escape(str(key)[:100])}", "unknown", _("A field has no such setting."))
    key = _check_key(faults, place, item.get("key"))
    kind = item.get("type", FieldType.STRING)
    if not isinstance(kind, str) or kind not in FieldType.values:
        message = _("Choose one of: {types}.").format(types=", ".join(FieldType.values))
        faults.add(f"{place}/type", "type_unknown", message)
        return None
    flags = {flag: _check_flag(faults, place, flag, item) for flag in _FLAGS}
    flags["indexed"] = flags["indexed"] or kind == FieldType.REF
    options = _check_options(faults, f"{place}/options", kind, item.get("options"))
    target, on_delete = _check_target(faults, place, kind, item, targets)
    made = Field(key=key, type=kind, options=options, target=target, on_delete=on_delete, **flags)
    _check_together(faults, place, made)
    if len(faults.found) == before:
        return _with_default(faults, place, made, item.get("default_value"))
    return None


def _check_key(faults: _Faults, place: str, key: object) -> str:
    if not isinstance(key, str) or KEY.fullmatch(key) is None:
        message = _("A key holds 1 to 64 of A-Z, a-z, 0-9 and underscores, and begins with a letter.")
        faults.add(f"{place}/key", "key_invalid", message)
        return ""
    if key in SYSTEM_FIELDS:
        faults.add(f"{place}/key", "key_reserved", _("Every record has this one already."))
    return key


def _check_flag(faults: _Faults, place: str, flag: str, item: Mapping[str, Any]) -> bool:
    value = item.get(flag, False)
    if not isinstance(value, bool):
        faults.add(f"{place}/{flag}", "type_wrong", _("true or false is needed here."))
        return False
    return value


def _check_options(faults: _Faults, place: str, kind: str, raw: object) -> tuple[str, ...]:
    if kind not in CHOOSING:
        if raw not in (None, [], ()):
            faults.add(place, "options_unfit", _("Only fields of type select and multiselect have options."))
        return ()
    if not isinstance(raw, list | tuple) or not 1 <= len(raw) <= OPTIONS:
        faults.add(place, "options_missing", _("Name 1 to {count} options.").format(count=OPTIONS))
        return ()
    for position, option in enumerate(raw):
        if not _is_option(option):
            message = _("An option is one line of 1 to {count} characters.").format(count=OPTION_LENGTH)
            faults.add(f"{place}/{position}", "option_invalid", message)
            return ()
    if len(set(raw)) < len(raw):
        faults.add(place, "option_twice", _("Each option may be there once."))
    return tuple(raw)


def _is_option(option: object) -> bool:
    if not isinstance(option, str) or not 1 <= len(option) <= OPTION_LENGTH:
        return False
    try:
        check_characters(option)
    except ValueFlawError:
        return False
    return "\n" not in option and "\r" not in option


def _check_target(
    faults: _Faults, place: str, kind: str, item: Mapping[str, Any], targets: AbstractSet[str]
) -> tuple[str | None, str]:
    """Target and on_delete of a reference; others may carry what a GET showed of them."""
    on_delete = item.get("on_delete")
    on_delete = OnDelete.RESTRICT.value if on_delete is None else on_delete
    if not isinstance(on_delete, str) or on_delete not in OnDelete.values:
        message = _("Choose one of: {types}.").format(types=", ".join(OnDelete.values))
        faults.add(f"{place}/on_delete", "on_delete_unknown", message)
        on_delete = OnDelete.RESTRICT
    target = item.get("target") or item.get("ref_model")
    if kind != FieldType.REF:
        if target is not None:
            faults.add(f"{place}/target", "target_unfit", _("Only fields of type ref have a target."))
        return None, on_delete
    if not isinstance(target, str) or target not in targets:
        faults.add(f"{place}/target", "target_unknown", _("Name a collection of this project by its slug."))
        return None, on_delete
    return target, on_delete


def _check_together(faults: _Faults, place: str, made: Field) -> None:
    if made.type in UNINDEXED:
        for flag in ("unique", "indexed"):
            if getattr(made, flag):
                message = _("Fields of this type can be neither indexed nor unique.")
                faults.add(f"{place}/{flag}", "index_unfit", message)
    if made.type == FieldType.REF and made.required and made.on_delete == OnDelete.SET_NULL:
        message = _("A required reference cannot be emptied; choose another on_delete.")
        faults.add(f"{place}/on_delete", "on_delete_unfit", message)


def _with_default(faults: _Faults, place: str, made: Field, default: object) -> Field | None:
    """The field with its default in stored form; `$now` stays as it is."""
    place = f"{place}/default_value"
    if default is None or (default == NOW and made.type in (FieldType.DATE, FieldType.DATETIME)):
        return replace(made, default_value=default)
    if made.unique:
        faults.add(place, "default_unfit", _("A unique field has no default."))
    if made.type == FieldType.REF:
        faults.add(place, "default_unfit", _("A reference has no default."))
    try:
        return replace(made, default_value=check_value(made, default))
    except ValueFlawError as flaw:
        faults.add(place, flaw.code, flaw.detail)
    return None


def _check_renamed(faults: _Faults, place: str, old: object, present: Schema | None) -> str:
    if not isinstance(old, str) or present is None or old not in present.by_key:
        faults.add(f"{place}/renamed_from", "field_unknown", _("The collection has no such field."))
        return ""
    return old


def _check_distinct(faults: _Faults, pointer: str, raw: Sequence[Any], renamed: Mapping[str, str]) -> None:
    keys = Counter(
        key for item in raw if isinstance(item, Mapping) and isinstance(key := item.get("key"), str)
    )
    for position, item in enumerate(raw):
        if isinstance(item, Mapping) and isinstance(item.get("key"), str) and keys[item["key"]] > 1:
            faults.add(f"{pointer}/{position}/key", "key_twice", _("This key is there twice."))
    for old, times in Counter(renamed.values()).items():
        if times > 1 and old:
            faults.add(pointer, "key_twice", _("Two fields cannot both be the one renamed."))
