"""How a collection's records are shown: settings of its table and of its form, checked against its fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from django.utils.translation import gettext as _

from accounts.errors import UserError
from projects.choices import FieldType
from projects.collections.drafts import Flaw, escape
from projects.schemas import SYSTEM_FIELDS, Schema

SEARCHABLE = frozenset({FieldType.STRING, FieldType.TEXT, FieldType.SELECT, FieldType.MULTISELECT})
UNSORTABLE = frozenset({FieldType.DOCUMENT, FieldType.MULTISELECT})
_VIEW = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,49}", re.ASCII)
TABLE_KEYS = ("columns", "filters", "sort_columns", "searchable")
FORM_KEYS = ("field_order", "hidden_fields", "field_views")


def check_table(raw: object, schema: Schema) -> dict[str, list[str]]:
    """`{columns, filters, sort_columns, searchable}`, each a list of keys; what is left out is empty.

    A key of `sort_columns` may begin with `-`. Raises UserError `layout_invalid` with all faults.
    """
    keys = set(schema.by_key) | set(SYSTEM_FIELDS)
    sortable = {key for key in keys if key not in schema.by_key or schema.by_key[key].type not in UNSORTABLE}
    allowed: dict[str, AbstractSet[str]] = {
        "columns": keys,
        "filters": keys,
        "sort_columns": sortable | {f"-{key}" for key in sortable},
        "searchable": {one.key for one in schema.fields if one.type in SEARCHABLE},
    }
    faults: list[Flaw] = []
    given = _object(raw, TABLE_KEYS, "/table_config", faults)
    made = {
        name: _keys(given.get(name, []), allowed[name], f"/table_config/{name}", faults)
        for name in TABLE_KEYS
    }
    _refuse(faults)
    return made


def check_form(raw: object, schema: Schema) -> dict[str, Any]:
    """`{field_order, hidden_fields, field_views}`; views name an editor for a field. Raises UserError."""
    faults: list[Flaw] = []
    given = _object(raw, FORM_KEYS, "/form_config", faults)
    keys = set(schema.by_key)
    made: dict[str, Any] = {
        name: _keys(given.get(name, []), keys, f"/form_config/{name}", faults)
        for name in ("field_order", "hidden_fields")
    }
    made["field_views"] = _views(given.get("field_views", {}), keys, faults)
    _refuse(faults)
    return made


def fit_table(config: Mapping[str, Any], schema: Schema, renamed: Mapping[str, str]) -> dict[str, list[str]]:
    """The settings after a change of fields: keys renamed, and those left out that are no more. Never raises."""
    now = {old: new for new, old in renamed.items()}
    fitted = {}
    for name in TABLE_KEYS:
        kept = [_renamed(key, now) for key in config.get(name, [])]
        fitted[name] = [key for key in kept if _fits(check_table, {name: [key]}, schema)]
    return fitted


def fit_form(config: Mapping[str, Any], schema: Schema, renamed: Mapping[str, str]) -> dict[str, Any]:
    now = {old: new for new, old in renamed.items()}
    fitted: dict[str, Any] = {}
    for name in ("field_order", "hidden_fields"):
        kept = [now.get(key, key) for key in config.get(name, [])]
        fitted[name] = [key for key in kept if key in schema.by_key]
    views = {now.get(key, key): view for key, view in config.get("field_views", {}).items()}
    fitted["field_views"] = {key: view for key, view in views.items() if key in schema.by_key}
    return fitted


def _renamed(key: str, now: Mapping[str, str]) -> str:
    plain = key.removeprefix("-")
    return key[: len(key) - len(plain)] + now.get(plain, plain)


def _fits(check: Callable[[object, Schema], object], raw: object, schema: Schema) -> bool:
    try:
        check(raw, schema)
    except UserError:
        return False
    return True


def _object(raw: object, known: tuple[str, ...], place: str, faults: list[Flaw]) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        faults.append(Flaw(place, "type_wrong", _("An object is needed here.")))
        return {}
    for key in raw:
        if key not in known:
            message = _("Choose one of: {types}.").format(types=", ".join(known))
            faults.append(Flaw(f"{place}/{escape(str(key)[:100])}", "unknown", message))
    return raw


def _keys(raw: object, allowed: AbstractSet[str], place: str, faults: list[Flaw]) -> list[str]:
    if not isinstance(raw, list):
        faults.append(Flaw(place, "type_wrong", _("A list of keys is needed here.")))
        return []
    for position, key in enumerate(raw):
        if not isinstance(key, str) or key not in allowed:
            faults.append(Flaw(f"{place}/{position}", "field_unknown", _("No field of this key fits here.")))
            return []
    if len(set(raw)) < len(raw):
        faults.append(Flaw(place, "key_twice", _("This key is there twice.")))
    return list(raw)


def _views(raw: object, keys: AbstractSet[str], faults: list[Flaw]) -> dict[str, str]:
    place = "/form_config/field_views"
    if not isinstance(raw, Mapping):
        faults.append(Flaw(place, "type_wrong", _("An object is needed here.")))
        return {}
    for key, view in raw.items():
        step = f"{place}/{escape(str(key)[:100])}"
        if key not in keys:
            faults.append(Flaw(step, "field_unknown", _("No field of this key fits here.")))
        elif not isinstance(view, str) or _VIEW.fullmatch(view) is None:
            message = _("The name of a view holds 1 to 50 of letters, digits, hyphens and underscores.")
            faults.append(Flaw(step, "view_invalid", message))
    return dict(raw)


def _refuse(faults: list[Flaw]) -> None:
    if faults:
        detail = faults[0].detail if len(faults) == 1 else _("Some settings cannot be taken.")
        raise UserError("layout_invalid", detail, errors=[fault._asdict() for fault in faults[:100]])
