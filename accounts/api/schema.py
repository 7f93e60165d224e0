"""What OpenAPI says of every operation alike: errors, headers, tags, names, and our ways to authenticate."""

from __future__ import annotations

import re
from typing import Any

from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from accounts.api.components import ERRORS, HEADERS, PATH_PARAMETERS
from accounts.serializers import StrictSerializer

Schema = dict[str, Any]

__all__ = ["Operation", "SessionScheme", "TokenScheme"]

_WRITES = {"POST", "PUT", "PATCH", "DELETE"}
_TAG = re.compile(r"^/api/(?:projects/\{\w+\}/)?([\w-]+)")


class TokenScheme(SimpleJWTScheme):  # type: ignore[no-untyped-call]
    """Being defined is enough: drf-spectacular finds it by its target's name."""

    target_class = "accounts.authentication.TokenAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> Schema:  # noqa: ANN401  (as the base has it)
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The session of a page. A change also needs the CSRF token in `X-CSRFToken`."""

    target_class = "accounts.authentication.PageAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> Schema:  # noqa: ANN401  (as the base has it)
        return {"type": "apiKey", "in": "cookie", "name": "m3m_session"}


class Operation(AutoSchema):
    """Adds to each operation what no door has to say itself.

    Read of a door: `tag`, its chapter, where the path does not tell; `if_match`, the methods that take `If-Match`;
    of a method: `idempotent`, which the decorator of that name leaves.
    """

    def get_operation(self, *args: Any, **kwargs: Any) -> Schema | None:
        operation: Schema | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        for parameter in operation.get("parameters", ()):
            _explain(parameter)
        _add_headers(operation["responses"], etag=self._has_etag())
        for status in self._errors(operation):
            operation["responses"].setdefault(status, {"$ref": f"#/components/responses/{ERRORS[status][0]}"})
        operation["responses"] = dict(sorted(operation["responses"].items()))
        return operation

    def get_summary(self) -> str | None:
        return self._words()[0] or None

    def get_description(self) -> str:  # type: ignore[override]
        return self._words()[1]

    def _words(self) -> tuple[str, str]:
        """The docstring's first line, and what follows it."""
        text: str = super().get_description() or ""
        first, _newline, rest = text.partition("\n")
        return first.strip(), rest.strip()

    def get_tags(self) -> list[str]:
        if tag := getattr(self.view, "tag", ""):
            return [tag]
        found = _TAG.match(self.path)
        return [found[1] if found else "platform"]

    def get_operation_id(self) -> str:
        """`projects_env_list`, `projects_env_create`; for a POST beside which nothing is to be read, its verb."""
        name: str = super().get_operation_id()
        if self.method == "POST" and not hasattr(self.view, "get"):
            return name.removesuffix("_create")
        return name

    def _get_parameters(self) -> list[Schema]:
        found: list[Schema] = super()._get_parameters()
        known = {parameter["name"] for parameter in found}
        if self._takes_if_match() and "If-Match" not in known:
            found.append({"$ref": "#/components/parameters/IfMatch"})
        if self._is_idempotent():
            found.append({"$ref": "#/components/parameters/IdempotencyKey"})
        return found

    def _map_basic_serializer(self, serializer: Any, direction: str) -> Schema:  # noqa: ANN401  (untyped there)
        schema: Schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if direction == "request" and isinstance(serializer, StrictSerializer):
            schema["additionalProperties"] = False
        return schema

    def _map_serializer_field(self, field: Any, direction: str, bypass_extensions: bool = False) -> Schema:  # noqa: ANN401
        schema: Schema = super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        if schema.get("oneOf") == [{}, {"type": "null"}]:
            # Any JSON has null in it already, and no value may match two choices of a oneOf.
            del schema["oneOf"]
        return schema

    def _handler(self) -> Any:  # noqa: ANN401  (a method of a view)
        return getattr(self.view, self.method.lower(), None)

    def _is_idempotent(self) -> bool:
        return bool(getattr(self._handler(), "idempotent", False))

    def _takes_if_match(self) -> bool:
        return self.method in (getattr(self.view, "if_match", None) or ())

    def _has_etag(self) -> bool:
        return bool(getattr(self.view, "if_match", ())) and self.method != "DELETE"

    def _errors(self, operation: Schema) -> list[str]:
        wanted = ["400", "401", "406", "429", "503"]
        if operation.get("security") != [{}]:
            wanted.append("403")
        if "{" in self.path or self.method == "GET":
            wanted.append("404")
        if self.method in _WRITES:
            wanted += ["409", "411", "413", "415", "422"]
        parameters = operation.get("parameters", ())
        if self._takes_if_match() or any(one.get("name") == "If-Match" for one in parameters):
            wanted.append("412")
        return wanted


def _explain(parameter: Schema) -> None:
    """Say what the path parameters mean that stand in many paths."""
    words = PATH_PARAMETERS.get(parameter.get("name", "")) if parameter.get("in") == "path" else ""
    if words:
        parameter.setdefault("description", words)


def _add_headers(responses: Schema, *, etag: bool) -> None:
    for status, response in responses.items():
        if "$ref" in response or not status.startswith("2"):
            continue
        headers = response.setdefault("headers", {})
        for name in HEADERS:
            headers.setdefault(name, {"$ref": f"#/components/headers/{name}"})
        if etag and status != "204":
            headers.setdefault("ETag", {"$ref": "#/components/headers/ETag"})
