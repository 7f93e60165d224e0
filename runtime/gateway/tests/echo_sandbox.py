"""A process that speaks a sandbox's side of the route protocol without any JavaScript: a fake, for tests of front.

`python -m runtime.gateway.tests.echo_sandbox SOCKET` listens there; what it does is told by the request's path.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any, cast

import orjson

from runtime.sandbox.frames import HEADER, Kind, Reader, pack

HELLO = {"epoch": 1, "body": 1024 * 1024, "wall": 2.0, "response": 8 * 1024 * 1024}
_REQUESTS = frozenset({int(Kind.REQUEST)})


def answer_count(request: dict[str, Any], state: dict[str, int]) -> bytes:
    """What the measured route does: parse, read a header and a query value, count, answer JSON."""
    body = orjson.loads(request["b"])
    state["count"] += 1
    result = {
        "count": state["count"],
        "name": body.get("name"),
        "header": request["h"].get("x-bench"),
        "query": request["q"].partition("=")[2],
    }
    answer = {
        "s": 200,
        "h": {"content-type": "application/json; charset=utf-8"},
        "b": orjson.dumps(result).decode(),
    }
    return orjson.dumps(answer)


class EchoSandbox(asyncio.Protocol):
    """One connection of front."""

    def __init__(self, hello: dict[str, Any] | None = None) -> None:
        self.hello = HELLO if hello is None else hello
        self.reader = Reader(_REQUESTS)
        self.state = {"count": 0}
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self.transport = cast("asyncio.Transport", transport)
        if self.hello:
            self.transport.write(pack(Kind.HELLO, json.dumps(self.hello).encode()))

    def data_received(self, data: bytes) -> None:
        out = []
        for _, frame_id, payload in self.reader.feed(data):
            reply = self.reply(orjson.loads(payload), frame_id)
            if reply is not None:
                out.append(HEADER.pack(len(reply), Kind.RESPONSE, frame_id) + reply)
        if out:
            self.transport.write(b"".join(out))

    def reply(self, request: dict[str, Any], frame_id: int) -> bytes | None:
        """The payload of the answer, or None for none (now)."""
        if request["p"] == "/count":
            return answer_count(request, self.state)
        return orjson.dumps({"s": 200, "h": {"content-type": "application/json"}, "b": json.dumps(request)})


async def listen(path: str) -> None:
    server = await asyncio.get_running_loop().create_unix_server(EchoSandbox, path)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(listen(sys.argv[1]))
