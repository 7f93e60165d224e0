"""What OpenAPI says of our tokens."""

from __future__ import annotations

from typing import Any

from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme


class TokenScheme(SimpleJWTScheme):  # type: ignore[no-untyped-call]
    """Being defined is enough: drf-spectacular finds it by its target's name."""

    target_class = "accounts.authentication.TokenAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:  # noqa: ANN401  (as the base has it)
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
