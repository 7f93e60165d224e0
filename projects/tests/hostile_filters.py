"""Records and filters made by chance, with what has broken other query compilers among their values."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from projects.models import Record
from projects.schemas import SYSTEM_FIELDS, Field, Schema

SCHEMA = Schema(
    (
        Field("name", "string"),
        Field("body", "text"),
        Field("amount", "number"),
        Field("ratio", "float"),
        Field("done", "bool"),
        Field("doc", "document"),
        Field("picture", "file"),
        Field("parent", "ref", target="things"),
        Field("day", "date"),
        Field("moment", "datetime"),
        Field("color", "select", options=("red", "green", "it's")),
        Field("tags", "multiselect", options=("a", "b", "ä", 'q"')),
        # Names that could be taken for something else.
        Field("value", "string"),
        Field("select", "string"),
        Field("in", "number"),
        Field("_x9", "bool"),
    )
)
TEXTS = [
    *(
        "",
        "a",
        "A",
        "aa",
        "ab",
        "b",
        "z",
        "ä",
        "a\u0308",
        "ß",
        "ss",
        "İ",
        "é",
        "𝄞",
        "\uffff",
        "\U0010ffff",
        "\ud7ff",
    ),
    *("%", "_", "a%", "\\", "\\%", "'", "''", '"', '""', "' OR 1=1 --", "; DROP TABLE projects_record", "/*"),
    *(
        "%s",
        "%(name)s",
        "%%",
        "?",
        ":1",
        "$1",
        "$name",
        "{0}",
        "null",
        "true",
        "1",
        "1.0",
        "\n",
        "a\tb",
        "\x01",
        "\x7f",
    ),
    *("\u2028", "[]", "{}", "$.a", "E'\\x00'", "\u0130i", "z\U0010ffff", "\\u0061", "\\u0000"),
]
NUMBERS = [
    *(0, -0.0, 1, 1.0, -1, 2, 10, 9, 1.5, 0.1, 0.3, 0.30000000000000004, 100, 1e16, 1e22, 123456789.12345679),
    *(2**53 - 1, -(2**53 - 1), 1e300, 1.7976931348623157e308, -1.7976931348623157e308, 5e-324, 2.5e-310),
]
DAYS = ["2024-02-29", "2024-03-01", "1999-12-31", "0001-01-01", "9999-12-31"]
MOMENTS = [
    *("2024-01-01T00:00:00.000000Z", "2024-01-01T00:00:00.000001Z", "1970-01-01T00:00:00.000000Z"),
    "9999-12-31T23:59:59.999999Z",
]
IDS = [str(UUID(int=(0x0190_0000_0000_7000_8000 << 48) + 7 * number)) for number in range(60)]
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
PATHS = ["doc.a", "doc.a.b", "doc.a.b.c", "doc.list", "doc.k-1", "doc.0", "doc.in", "doc.none"]
SPELLINGS = {
    "eq": ["eq", "$eq"],
    "ne": ["ne", "$ne"],
    "gt": ["gt", "$gt"],
    "gte": ["gte", "$gte"],
    "lt": ["lt", "$lt"],
    "lte": ["lte", "$lte"],
    "in": ["in", "$in"],
    "nin": ["nin", "$nin", "notIn", "$notIn"],
    "contains": ["contains", "$contains"],
    "startsWith": ["startsWith", "$startsWith"],
    "endsWith": ["endsWith", "$endsWith"],
    "exists": ["exists", "$exists", "isNotNull"],
    "isNull": ["isNull", "$isNull"],
}
_ORDER = ("gt", "gte", "lt", "lte")
_LISTS = ("eq", "ne", "in", "nin", "exists", "isNull")
_TEXT = (*_LISTS, *_ORDER, "contains", "startsWith", "endsWith")
_GOES_WITH: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("string", "text", "file", "select", "inside"), _TEXT),
    **dict.fromkeys(("number", "float", "date", "datetime", "ref"), (*_LISTS, *_ORDER)),
    "bool": _LISTS,
    "multiselect": (*_LISTS, "contains"),
    "document": ("exists", "isNull"),
}
_DEEP: Any = 1
for _ in range(300):
    _DEEP = {"$not": _DEEP}
# What may stand anywhere: wrong types, what databases choke on, and what looks like a part of the grammar.
POISON: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        -1,
        2**53,
        -(2**63),
        10**400,
        1e400,
        -1e400,
        float("nan"),
        "",
        "\0",
        "a\0b",
        "\ud800",
    ),
    *(
        "x" * 10_001,
        [],
        {},
        [[]],
        [None],
        [1, "a", None, True],
        {"$gt": 1},
        {"": 1},
        {"$": 1},
        {"$or": []},
        _DEEP,
    ),
    *({"field": "name"}, {"operator": "eq"}, {"field": "name", "operator": "eq", "value": "a", "more": 1}),
    *("2024-02-30", "2024-1-1", "24:00", "2024-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "٢٠٢٤-٠١-٠١"),
    *(
        list(range(1001)),
        ["a"] * 1000,
        "name'",
        'na"me',
        "name; --",
        "data",
        "search",
        "collection_id",
        "doc.",
        "doc..a",
    ),
    *(
        ".a",
        "doc.a'b",
        'doc.a"b',
        "doc." + "a." * 9,
        "name.a",
        "tags.0",
        "$where",
        "$regex",
        "$expr",
        "or",
        "not",
    ),
]


@dataclass
class Made:
    """One filter. `uses` are its pairs of operator and type; `sound` ones must be accepted."""

    raw: Any
    uses: list[tuple[str, str]] = field(default_factory=list)
    sound: bool = True


def make_records(seed: int = 7) -> list[Record]:
    """Sixty records, each with some of the values; ids, times and values are the same each time."""
    chance = random.Random(seed)  # noqa: S311
    found = []
    for number, pk in enumerate(IDS):
        data = {
            one.key: _stored(one, chance)
            for one in SCHEMA.fields
            if chance.random() < 0.75 or number % 7 == 0
        }
        moment = BEGIN + timedelta(microseconds=number % 5 * 250_000, seconds=number // 9)
        found.append(Record(pk=UUID(pk), data=data, created_at=moment, updated_at=moment + timedelta(days=1)))
    chance.shuffle(found)
    return found


def _stored(one: Field, chance: random.Random) -> Any:  # noqa: ANN401  (any JSON)
    match one.type:
        case "multiselect":
            return chance.sample(one.options, chance.randrange(len(one.options) + 1))
        case "select":
            return chance.choice(one.options)
        case "document":
            return _document(chance)
        case "ref":
            return chance.choice(IDS[:5])
        case "float":
            return float(chance.choice(NUMBERS)) + 0.0
        case _:
            return _valid_value(one.type, chance)


def _document(chance: random.Random) -> Any:  # noqa: ANN401  (any JSON)
    def leaf() -> Any:  # noqa: ANN401  (any JSON)
        return chance.choice([chance.choice(TEXTS), chance.choice(NUMBERS), True, False, None, [1, "a"], {}])

    inner = {"b": chance.choice([leaf(), {"c": leaf()}]), "in": leaf()}
    whole = {"a": chance.choice([leaf(), inner]), "list": [leaf()], "k-1": leaf(), "0": leaf(), "in": leaf()}
    odd = {'"': 1, "a.b": 2, "ä": 3, "'": 4}
    return chance.choice([whole, {**whole, **odd}, [leaf()], leaf() or 0, {"a": inner}])


def _valid_value(kind: str, chance: random.Random) -> Any:  # noqa: ANN401  (any JSON)
    makers: dict[str, Callable[[], Any]] = {
        "number": lambda: chance.choice(NUMBERS),
        "float": lambda: chance.choice(NUMBERS),
        "bool": lambda: chance.random() < 0.5,
        "date": lambda: chance.choice(DAYS),
        "datetime": lambda: chance.choice(MOMENTS),
        "ref": lambda: chance.choice(IDS),
        "select": lambda: chance.choice(["red", "green", "it's", "blue"]),
        "multiselect": lambda: chance.choice(["a", "b", "ä", 'q"', "none", "%"]),
    }
    if kind in makers:
        return makers[kind]()
    if kind == "inside":
        return chance.choice([chance.choice(TEXTS), chance.choice(NUMBERS), chance.random() < 0.5])
    return chance.choice(TEXTS)


class Filters:
    """Filters by chance, the same for a seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311
        self.types = {
            **{one.key: one.type for one in SCHEMA.fields},
            **{k: str(v) for k, v in SYSTEM_FIELDS.items()},
        }
        self.names = [*self.types, *PATHS, "doc"]

    def make(self) -> Made:
        """Three of five are sound, one of these five is spoilt somewhere, and one is anything."""
        made = Made(None)
        lot = self.chance.random()
        if lot > 0.9:
            return Made(self.chance.choice(POISON), sound=False)
        made.raw = self._node(made, self.chance.choice([1, 1, 2, 3]))
        if lot > 0.65:
            return Made(self._spoil(made.raw), made.uses, sound=False)
        return made

    def _node(self, made: Made, depth: int) -> Any:  # noqa: ANN401  (any JSON)
        chance = self.chance
        if depth <= 1:
            return self._condition(made)
        inner = [self._node(made, depth - 1) for _ in range(chance.choice([1, 2, 3]))]
        dollar = chance.choice(["", "$"])
        match chance.randrange(4):
            case 0:
                return inner
            case 1:
                return {f"{dollar}and": inner}
            case 2:
                return {f"{dollar}or": inner}
            case _:
                return {f"{dollar}not": inner[0]}

    def _condition(self, made: Made) -> Any:  # noqa: ANN401  (any JSON)
        chance = self.chance
        name = chance.choice(self.names)
        kind = "inside" if "." in name else self.types[name]
        operator = chance.choice(_GOES_WITH[kind])
        value = self._operand(operator, kind)
        if kind == "inside" and operator in _ORDER and isinstance(value, bool):
            value = 1
        made.uses.append((operator, self.types[name.split(".")[0]]))
        spelled = chance.choice(SPELLINGS[operator])
        shape = chance.randrange(4)
        if shape == 0 and operator == "eq" and not isinstance(value, dict):
            return {name: value}
        if shape == 1:
            return {name: {spelled: value}}
        if shape == 2:
            return {name: {"$not": {spelled: value}}}
        return [{"field": name, "operator": spelled, "value": value}]

    def _operand(self, operator: str, kind: str) -> Any:  # noqa: ANN401  (any JSON)
        chance = self.chance
        if operator in ("exists", "isNull"):
            return chance.random() < 0.5
        if operator in ("contains", "startsWith", "endsWith"):
            return self._valid_option() if kind == "multiselect" else chance.choice(TEXTS)
        if operator in ("in", "nin"):
            values = [_valid_value(kind, chance) for _ in range(chance.choice([0, 1, 2, 5]))]
            return [*values, None] if chance.random() < 0.2 else values
        if operator in ("eq", "ne") and chance.random() < 0.1:
            return None
        if kind == "multiselect":
            return chance.sample(["a", "b", "ä", 'q"'], chance.randrange(4))
        return _valid_value(kind, chance)

    def _valid_option(self) -> Any:  # noqa: ANN401  (any JSON)
        return _valid_value("multiselect", self.chance)

    def _spoil(self, raw: Any) -> Any:  # noqa: ANN401  (any JSON)
        """The filter with something put in the place of one of its parts, names of fields included."""
        chance = self.chance
        if chance.random() < 0.25 or not isinstance(raw, dict | list) or not raw:
            return chance.choice(POISON)
        if isinstance(raw, list):
            place = chance.randrange(len(raw))
            return [*raw[:place], self._spoil(raw[place]), *raw[place + 1 :]]
        key = chance.choice(list(raw))
        if chance.random() < 0.3:
            names = [one for one in POISON if isinstance(one, str)]
            return {chance.choice(names) if one == key else one: value for one, value in raw.items()}
        return {**raw, key: self._spoil(raw[key])}
