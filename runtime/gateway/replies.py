"""A service's answer as HTTP: what a sandbox says is not to be trusted."""

from __future__ import annotations

import binascii
import json
import re
from typing import Any

import orjson

from runtime.gateway.answers import SECURITY_LINES, STATUS_LINES, Failure, failure_lines
from runtime.gateway.scrub import Scrubber
from runtime.sandbox.frames import FrameError

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
# latin-1 without control characters, except the tab.
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_NO_BODY = frozenset({204, 205, 304})
# Hop-by-hop, said by front itself, or valid for the whole origin and not only for the service.
_DROPPED = frozenset(
    [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "trailers",
        "transfer-encoding",
        "upgrade",
        "content-length",
        "date",
        "server",
        "x-request-id",
        "x-content-type-options",
        "set-cookie",
        "set-cookie2",
        "clear-site-data",
        "service-worker-allowed",
        "strict-transport-security",
        "alt-svc",
        "public-key-pins",
        "expect-ct",
        "nel",
        "report-to",
        "accept-ch",
        "critical-ch",
        "origin-agent-cluster",
        "set-login",
        "use-as-dictionary",
        "activate-storage-access",
    ]
)
_CACHED = 2048
_CACHED_LENGTH = 256
_lines: dict[tuple[str, str], bytes] = {}


def header_line(name: str, value: str) -> bytes:
    """The line of one header of a service, or nothing when it must not leave.

    A value with a line break, NUL or a character outside latin-1 is dropped whole: repairing it would be guessing.
    """
    key = (name, value)
    line = _lines.get(key)
    if line is not None:
        return line
    lowered = name.lower()
    if lowered in _DROPPED or _NAME.fullmatch(name) is None or _VALUE.fullmatch(value) is None:
        line = b""
    else:
        line = f"{lowered}: {value.strip()}\r\n".encode("latin-1")
    if len(name) + len(value) <= _CACHED_LENGTH:
        if len(_lines) >= _CACHED:
            _lines.clear()
        _lines[key] = line
    return line


def parse_reply(payload: bytes) -> dict[str, Any]:
    """The payload of a RESPONSE. Raises FrameError for anything but a JSON object."""
    try:
        reply = orjson.loads(payload)
    except ValueError:
        # Strings of JavaScript may hold half of a surrogate pair, which orjson refuses.
        try:
            reply = json.loads(payload)
        except (ValueError, RecursionError) as error:
            raise FrameError("RESPONSE is not JSON") from error
    if type(reply) is not dict:
        raise FrameError("RESPONSE is not an object")
    return reply


def encode_text(text: str) -> bytes:
    """UTF-8; half of a surrogate pair becomes U+FFFD, as in a browser's TextEncoder."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def reply_body(reply: dict[str, Any]) -> bytes:
    """The body of an answer. Raises FrameError when it is not what the format says."""
    text = reply.get("b")
    if text is not None:
        if type(text) is not str:
            raise FrameError("b is not a string")
        body = encode_text(text)
    elif (encoded := reply.get("b64")) is not None:
        try:
            body = binascii.a2b_base64(encoded, strict_mode=True)
        except (ValueError, TypeError) as error:
            raise FrameError("b64 is not base64") from error
    else:
        body = b""
    return body


def reply_lines(reply: dict[str, Any], scrubber: Scrubber, cookie_path: str) -> list[bytes]:
    """Header lines of an answer. Raises FrameError when they are not what the format says."""
    headers = reply.get("h")
    lines: list[bytes] = []
    if headers is not None:
        if type(headers) is not dict:
            raise FrameError("h is not an object")
        for name, value in headers.items():
            if type(value) is str:
                lines.append(header_line(name, value))
            elif type(value) is list:
                lines += [header_line(name, one) for one in value if type(one) is str]
    cookies = reply.get("c")
    if cookies:
        if type(cookies) is not list:
            raise FrameError("c is not a list")
        for cookie in cookies:
            line = scrubber.set_cookie(cookie, cookie_path)
            if line is not None:
                lines.append(b"set-cookie: " + line + b"\r\n")
    return lines


def assemble(status: int, method: str, lines: list[bytes], body: bytes, ends: bytes) -> bytes:
    """The bytes of an answer; `ends` are the lines that every answer of this connection has."""
    if status in _NO_BODY:
        length = b"content-length: 0\r\n" if status == 205 else b""
        body = b""
    else:
        length = b"content-length: %d\r\n" % len(body)
        if method == "HEAD":
            body = b""
    return b"".join((STATUS_LINES[status], *lines, length, ends, SECURITY_LINES, b"\r\n", body))


def assemble_failure(failure: Failure, method: str, request_id: str, ends: bytes) -> bytes:
    """The bytes of an answer that front gives itself."""
    return assemble(failure.status, method, failure_lines(failure), failure.body(request_id), ends)
