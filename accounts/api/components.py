"""The parts of the OpenAPI document that all operations share."""

from __future__ import annotations

from typing import Any

from accounts.api.idempotency import HEADER, LONGEST
from accounts.errors import CONTENT_TYPE

# Status to the component's name and to when it is answered.
ERRORS = {
    "400": ("BadRequest", "The body, a parameter or a header has a wrong form or value."),
    "401": ("Unauthorized", "Nobody, or a token, session or key that does not count any more."),
    "403": ("Forbidden", "You may not do that."),
    "404": ("NotFound", "There is none, or none that you see."),
    "406": ("NotAcceptable", "`Accept` leaves out what this answers."),
    "409": ("Conflict", "The present state forbids it."),
    "411": ("LengthRequired", "The body came in chunks: say how long it is, in `Content-Length`."),
    "412": ("Stale", "Somebody changed it meanwhile; `newer` may hold what is there now."),
    "413": ("TooLarge", "The request is too large."),
    "415": ("UnsupportedMediaType", "The body is of a type that is not taken here."),
    "422": (
        "Unprocessable",
        "The body is well formed, but cannot be worked on; or an `Idempotency-Key` came again.",
    ),
    "429": ("TooManyRequests", "Too many requests; `Retry-After` says how many seconds to wait."),
    "503": ("Unavailable", "The database, or what else this needs, is away for a moment."),
}

HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-ID": {
        "description": "Names the request in the platform's log.",
        "schema": {"type": "string"},
        "example": "5b1f0c5e9a2d4a6f8c3e7d1b2a4c6e8f",
    },
    "RateLimit-Limit": {
        "description": "Requests in a window.",
        "schema": {"type": "integer"},
        "example": 1000,
    },
    "RateLimit-Remaining": {
        "description": "How many are left.",
        "schema": {"type": "integer"},
        "example": 987,
    },
    "RateLimit-Reset": {
        "description": "Seconds until the window ends.",
        "schema": {"type": "integer"},
        "example": 1,
    },
}
_MORE_HEADERS: dict[str, dict[str, Any]] = {
    "ETag": {
        "description": "Names the content, for `If-Match` and `If-None-Match`.",
        "schema": {"type": "string"},
    },
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
}

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "What went wrong (RFC 9457). Some problems carry more members.",
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {
            "type": "string",
            "description": "For people, in the language that `Accept-Language` asks for.",
        },
        "code": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$", "description": "Stable, for programs."},
        "errors": {
            "type": "array",
            "description": "Which parts of the body are wrong.",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer (RFC 6901)."},
                    "detail": {"type": "string"},
                    "code": {
                        "type": "string",
                        "description": "Stable, where the parts have codes of their own.",
                    },
                },
                "required": ["pointer", "detail"],
            },
        },
        "instance": {"type": "string", "description": "The path that was asked for."},
    },
    "required": ["type", "title", "status", "detail", "code", "errors"],
    "example": {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "This slug is taken.",
        "code": "slug_taken",
        "errors": [{"pointer": "/slug", "detail": "This slug is taken."}],
        "instance": "/api/projects",
    },
}

# What a parameter means in every path that has it.
PATH_PARAMETERS = {
    "project": "The project's id or slug.",
    "user": "The person's id.",
    "key": "The variable's name.",
    "name": "The branch's name.",
    "version": "The release's number, such as `0.2`.",
}


def _response(status: str, description: str) -> dict[str, Any]:
    headers = {"X-Request-ID": {"$ref": "#/components/headers/X-Request-ID"}}
    if status in ("429", "503"):
        headers["Retry-After"] = {"$ref": "#/components/headers/Retry-After"}
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": description, "headers": headers, "content": content}


COMPONENTS: dict[str, dict[str, Any]] = {
    "schemas": {"Problem": PROBLEM},
    "responses": {name: _response(status, words) for status, (name, words) in ERRORS.items()},
    "headers": {**HEADERS, **_MORE_HEADERS},
    "parameters": {
        "IfMatch": {
            "name": "If-Match",
            "in": "header",
            "description": "ETag of the content that you edited; another one is refused with 412.",
            "schema": {"type": "string"},
        },
        "IdempotencyKey": {
            "name": HEADER,
            "in": "header",
            "description": "New for each thing to be done: a request that is sent again with it has no second effect.",
            "schema": {"type": "string", "maxLength": LONGEST},
        },
    },
}


def add_components(result: dict[str, Any], **_unused: Any) -> dict[str, Any]:
    """Hook of drf-spectacular: put the shared parts beside the generated ones."""
    found = result.setdefault("components", {})
    for kind, parts in COMPONENTS.items():
        found[kind] = dict(sorted({**found.get(kind, {}), **parts}.items()))
    return result
