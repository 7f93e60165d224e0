"""Answers that front gives itself, and the fixed parts of every answer below /r/."""

from __future__ import annotations

import http
from dataclasses import dataclass

import orjson

# Whatever a service answers, of any type, gets no access to the platform's origin.
SECURITY_LINES = (
    b"content-security-policy: sandbox allow-scripts allow-forms allow-modals allow-popups allow-downloads\r\n"
    b"x-content-type-options: nosniff\r\n"
)
# By this header web says under which slug a service is known now.
MOVED_TO = "X-M3M-Moved-To"
JSON_LINE = b"content-type: application/json\r\n"
CLOSE_LINE = b"connection: close\r\n"


def _status_line(status: int) -> bytes:
    try:
        phrase = http.HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()


STATUS_LINES = {status: _status_line(status) for status in range(200, 600)}


@dataclass(frozen=True)
class Failure:
    """Why a request was not answered by a service; `message` says nothing about its script."""

    status: int
    code: str
    message: str
    retry_after: int | None = None
    location: str = ""
    moved_to: str = ""

    def body(self, request_id: str) -> bytes:
        return orjson.dumps({"error": {"code": self.code, "message": self.message, "requestId": request_id}})


BAD_REQUEST = Failure(400, "bad_request", "The request cannot be understood.")
BAD_PATH = Failure(400, "bad_path", "The path is not valid percent-encoded UTF-8 without NUL.")
NOT_FOUND = Failure(404, "not_found", "There is no such service.")
BODY_TOO_SLOW = Failure(408, "body_too_slow", "The body of the request did not arrive in time.")
TOO_LARGE = Failure(413, "body_too_large", "The body of the request is too large.")
HEAD_TOO_LARGE = Failure(431, "headers_too_large", "The headers of the request are too large.")
BAD_STATUS = Failure(500, "bad_status", "Internal error")
NO_SOCKETS = Failure(501, "not_supported", "Services do not speak WebSocket at this address.")
DIED = Failure(502, "service_died", "The service ended before it answered.")
RESPONSE_TOO_LARGE = Failure(502, "response_too_large", "The service's answer is too large.")
BAD_ANSWER = Failure(502, "bad_answer", "The service's answer cannot be passed on.")
BUSY = Failure(503, "busy", "The service has too many requests in hand.", 1)
FRONT_BUSY = Failure(503, "busy", "The platform has too many requests in hand.", 1)
NOT_RUNNING = Failure(503, "not_running", "The service is not running.", 5)
STARTING = Failure(503, "starting", "The service is not ready yet.", 1)
NODE_AWAY = Failure(503, "unavailable", "The service is being moved.", 1)
WEB_AWAY = Failure(503, "unavailable", "The platform is not available at the moment.", 2)
TOO_SLOW = Failure(504, "timeout", "The service did not answer in time.")


def failure_lines(failure: Failure) -> list[bytes]:
    """Header lines of a failure, without the ones that every answer has."""
    lines = [JSON_LINE]
    if failure.retry_after is not None:
        lines.append(b"retry-after: %d\r\n" % failure.retry_after)
    if failure.location:
        lines.append(b"location: " + failure.location.encode("latin-1") + b"\r\n")
        # A browser would keep a 308 for good, even when another service has that address.
        lines.append(b"cache-control: no-store\r\n")
    return lines
