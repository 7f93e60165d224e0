"""The yardstick: the benchmark's route as a bare ASGI application under uvicorn, `python -m benchmarks.bare PORT`."""

from __future__ import annotations

import json
import sys
from urllib.parse import parse_qs

import uvicorn
from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope

count = 0


async def application(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Parse the body, read a header and a query value, count, answer JSON."""
    global count  # noqa: PLW0603  (state in memory is what is measured)
    assert scope["type"] == "http"  # noqa: S101
    raw = b""
    more = True
    while more:
        message = await receive()
        assert message["type"] == "http.request"  # noqa: S101
        raw += message.get("body", b"")
        more = message.get("more_body", False)
    body = json.loads(raw)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = parse_qs(scope["query_string"].decode())
    count += int(query["step"][0])
    answer = json.dumps({"count": count, "name": body["name"], "tag": headers["x-tag"]}).encode()
    lines = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": lines, "trailers": False})
    await send({"type": "http.response.body", "body": answer, "more_body": False})


def main() -> None:
    uvicorn.run(
        application,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
    )


if __name__ == "__main__":
    main()
