"""The grammar of orders: `-age,name`, or upstream's `sort=age&order=desc`."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.errors import UserError
from projects.choices import FieldType
from projects.collections.conditions import KINDS, ORDERED_KINDS, SORTED_CHARACTERS, Kind, Sort, Target
from projects.schemas import SYSTEM_FIELDS, Schema

SORT_KEYS = 4
SORT_CHARACTERS = 500


def parse_sort(text: str, schema: Schema, order: str = "", pointer: str = "/sort") -> tuple[Sort, ...]:
    """The keys of an order, at most four; none for empty text. `order=desc` turns all keys round.

    Raises UserError `sort_invalid` or `sort_field_unknown`.
    """
    if order not in ("", "asc", "desc"):
        raise UserError("sort_invalid", _("The order is asc or desc."), pointer="/order")
    if not text:
        return ()
    names = text[:SORT_CHARACTERS].split(",")
    if len(text) > SORT_CHARACTERS or len(names) > SORT_KEYS:
        raise UserError("sort_invalid", _("An order has at most 4 keys."), pointer=pointer)
    found = tuple(_sort_of(name.strip(), schema, order == "desc", pointer) for name in names)
    keys = [one.target.key for one in found]
    if len(set(keys)) < len(keys):
        raise UserError("sort_invalid", _("A field stands in an order once."), pointer=pointer)
    return found


def _sort_of(name: str, schema: Schema, turned: bool, pointer: str) -> Sort:
    descending = name.startswith("-") != turned
    name = name.removeprefix("-")
    if name in SYSTEM_FIELDS:
        return Sort(Target(name, Kind.ID if name == "id" else Kind.MOMENT), descending)
    field = schema.by_key.get(name)
    if field is None:
        raise UserError("sort_field_unknown", _("The collection has no such field."), pointer=pointer)
    if KINDS[field.type] not in ORDERED_KINDS:
        raise UserError("sort_invalid", _("Fields of this type have no order."), pointer=pointer)
    length = SORTED_CHARACTERS if field.type == FieldType.TEXT else None
    return Sort(Target(name, KINDS[field.type]), descending, length)
