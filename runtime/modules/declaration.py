"""How a host module is declared: once, and from that come the binding's check, the typings and the documentation."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_NAME = re.compile(r"^\$?[A-Za-z][A-Za-z0-9]*$")
_MEMBER = re.compile(r"^\$?[a-z][A-Za-z0-9]*(\.[a-z][A-Za-z0-9]*)?$")
_SIGNATURE = re.compile(r"^(<.+>)?\(.*\): \S.*$")
_CLASS = re.compile(r"^declare class ([A-Z][A-Za-z0-9]*)[^{]*\{$")

Runs = Literal["guest", "host"]


class DeclarationError(Exception):
    """A declaration is wrong; the message names the module and the member."""


@dataclass(frozen=True)
class HostFunction:
    """A function that scripts call.

    `signature` is TypeScript without the name, one overload a line. `errors` pairs a stable code with when it is
    thrown. `example` runs as it stands. `handler` takes a CallContext and the arguments; only functions that run in
    the host have one.
    """

    name: str
    signature: str
    doc: StrOrPromise
    example: str
    errors: tuple[tuple[str, StrOrPromise], ...] = ()
    runs: Runs = "guest"
    handler: Callable[..., Any] | None = None

    def __post_init__(self) -> None:
        if not _MEMBER.match(self.name):
            raise DeclarationError(f"{self.name!r} is not the name of a function")
        for overload in self.overloads:
            if not _SIGNATURE.match(overload):
                raise DeclarationError(f"{self.name}: {overload!r} is not a signature")
        if not self.doc or not self.example.strip():
            raise DeclarationError(f"{self.name}: a function needs a sentence and an example")
        if self.runs not in ("guest", "host") or (self.handler is not None and self.runs != "host"):
            raise DeclarationError(f"{self.name}: only functions that run in the host have a handler")

    @property
    def overloads(self) -> list[str]:
        """The signatures, one each."""
        return self.signature.split("\n")


@dataclass(frozen=True)
class HostProperty:
    """A value that scripts read, or also write unless `readonly`; `type` is TypeScript."""

    name: str
    type: str
    doc: StrOrPromise
    readonly: bool = True

    def __post_init__(self) -> None:
        if not _MEMBER.match(self.name) or not self.type or not self.doc:
            raise DeclarationError(f"{self.name!r}: a property needs a name, a type and a sentence")


@dataclass(frozen=True)
class HostClass:
    """A class among the globals. `declaration` is a whole `declare class`, one member a line."""

    declaration: str
    doc: StrOrPromise
    example: str

    def __post_init__(self) -> None:
        lines = self.declaration.splitlines()
        if len(lines) < 2 or not _CLASS.match(lines[0]) or lines[-1] != "}":
            raise DeclarationError(f"{self.declaration[:60]!r} is not a class with one member a line")
        if not self.doc or not self.example.strip():
            raise DeclarationError(f"{self.name}: a class needs a sentence and an example")

    @property
    def name(self) -> str:
        found = _CLASS.match(self.declaration.splitlines()[0])
        assert found is not None  # noqa: S101  (checked when it was made)
        return found[1]


@dataclass(frozen=True)
class HostModule:
    """What scripts see under one name and its aliases.

    `names` are the globals that hold the module, all the same object; a module without names puts its functions
    themselves among the globals. `interfaces` is TypeScript that the signatures refer to.
    """

    name: str
    doc: StrOrPromise
    functions: tuple[HostFunction, ...] = ()
    names: tuple[str, ...] = ()
    properties: tuple[HostProperty, ...] = ()
    classes: tuple[HostClass, ...] = ()
    interfaces: str = ""
    _members: dict[str, HostFunction] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not _NAME.match(self.name) or not all(_NAME.match(name) for name in self.names):
            raise DeclarationError(f"{self.name!r} or one of its aliases is not a name")
        if not self.doc or not (self.functions or self.classes):
            raise DeclarationError(f"{self.name}: a module needs a sentence and functions")
        for function in self.functions:
            if function.name in self._members:
                raise DeclarationError(f"{self.name}.{function.name} is declared twice")
            self._members[function.name] = function

    def function(self, name: str) -> HostFunction | None:
        """The declared function of that name."""
        return self._members.get(name)
