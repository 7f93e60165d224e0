"""What a collection's fields are, as plain values: read from a collection's row, written back to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from projects.choices import FieldType, OnDelete

# Every record has these beside its fields; no field may be called so.
SYSTEM_FIELDS = {"id": FieldType.REF, "created_at": FieldType.DATETIME, "updated_at": FieldType.DATETIME}


@dataclass(frozen=True)
class Field:
    """One field of a collection, checked. `target` is the slug of the collection that a ref points to."""

    key: str
    type: str
    required: bool = False
    default_value: Any = None
    unique: bool = False
    indexed: bool = False
    options: tuple[str, ...] = ()
    target: str | None = None
    on_delete: str = OnDelete.RESTRICT

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "options": list(self.options)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Field:
        """What `as_json` wrote; keys that a later version wrote are left out."""
        known = {key: value for key, value in stored.items() if key in cls.__dataclass_fields__}
        return cls(**{**known, "options": tuple(known.get("options", ()))})


@dataclass(frozen=True)
class Schema:
    """The fields of a collection in their order."""

    fields: tuple[Field, ...] = field(default=())

    @classmethod
    def from_json(cls, stored: Iterable[Mapping[str, Any]]) -> Schema:
        return cls(tuple(Field.from_json(one) for one in stored))

    def as_json(self) -> list[dict[str, Any]]:
        return [one.as_json() for one in self.fields]

    @cached_property
    def by_key(self) -> dict[str, Field]:
        return {one.key: one for one in self.fields}
