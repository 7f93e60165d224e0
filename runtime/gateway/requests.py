"""A client's request as the payload of a REQUEST frame: what the service may see of it."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson

from runtime.gateway.answers import BAD_PATH, Failure
from runtime.gateway.scrub import Scrubber

Headers = list[tuple[bytes, bytes]]

ROUTES = b"/r/"
ALIAS = b"/api/r/"

# Hop-by-hop, of the platform itself, or claims about the client that only a trusted proxy may make.
_HIDDEN = frozenset(
    b"""connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer trailers
    transfer-encoding upgrade http2-settings expect x-request-id x-csrftoken forwarded x-real-ip x-forwarded-for
    x-forwarded-proto x-forwarded-host x-forwarded-port x-forwarded-prefix x-forwarded-server""".split()
)


class BadTarget(Exception):
    """The request's target cannot be given to a service; `failure` is the answer."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.code)
        self.failure = failure


def split_target(url: bytes, prefix: bytes) -> tuple[str, str, str]:
    """(slug, path below it, query) of a request target that begins with `prefix`.

    The path is percent-decoded once; `%2F` stays as it is, so that an encoded slash does not become a separator.
    Dot segments are left for the service to see. Raises BadTarget for NUL and for anything but UTF-8.
    """
    target, _, query = url.partition(b"?")
    slug, _, path = target[len(prefix) :].partition(b"/")
    if b"%" in path:
        path = b"%2F".join(unquote_to_bytes(part) for part in path.replace(b"%2f", b"%2F").split(b"%2F"))
    try:
        below = "/" + path.decode()
    except UnicodeDecodeError:
        raise BadTarget(BAD_PATH) from None
    if "\0" in below:
        raise BadTarget(BAD_PATH)
    return slug.decode("latin-1"), below, query.partition(b"#")[0].decode("utf-8", "replace")


def visible_headers(headers: Headers, scrubber: Scrubber) -> dict[str, str]:
    """The headers that the service sees, by lower-case names; those named in Connection are dropped with it."""
    fields: dict[str, str] = {}
    nominated = b""
    for raw_name, raw_value in headers:
        if raw_name in _HIDDEN:
            if raw_name == b"connection":
                nominated += raw_value + b","
            continue
        name = raw_name.decode("latin-1")
        value = raw_value.decode("latin-1")
        if name == "cookie":
            value = scrubber.request_cookies(value)
            if not value:
                continue
        elif scrubber.is_secret(value):
            continue
        if name in fields:
            fields[name] += ("; " if name == "cookie" else ", ") + value
        else:
            fields[name] = value
    if nominated:
        for token in nominated.decode("latin-1").lower().split(","):
            fields.pop(token.strip(), None)
    return fields


def encode_request(
    method: str, path: str, query: str, headers: dict[str, str], ip: str, request_id: str, body: bytes
) -> bytes:
    """The payload of a REQUEST frame: a body that is UTF-8 goes as text, any other as base64."""
    payload: dict[str, Any] = {"m": method, "p": path, "q": query, "h": headers, "ip": ip, "id": request_id}
    if body:
        try:
            payload["b"] = body.decode()
        except UnicodeDecodeError:
            payload["b64"] = b64encode(body).decode()
    return orjson.dumps(payload)
