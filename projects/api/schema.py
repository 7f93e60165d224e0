"""What OpenAPI says of keys and of the facets of projects."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension

from projects import facets
from projects.authentication import HEADER


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Being defined is enough: drf-spectacular finds it by its target's name."""

    target_class = "projects.authentication.KeyAuthentication"
    name = "api_key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:  # noqa: ANN401  (as the base has it)
        return {"type": "apiKey", "in": "header", "name": HEADER}


class ProjectSchema(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """A project's answer has the facets that upper floors register, beside the fields of its serializer."""

    target_class = "projects.serializers.ProjectSerializer"

    def map_serializer(self, auto_schema: Any, direction: str) -> dict[str, Any]:  # noqa: ANN401  (as the base has it)
        found: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        if direction == "response":
            for name, schema in facets.schemas().items():
                found["properties"][name] = {**schema, "readOnly": True}
            found["required"] = sorted({*found.get("required", ()), *facets.names()})
        return found
