from __future__ import annotations

from collections.abc import Iterable

import pytest

from m3m_site.asgi import Message, Scope, application, same_origin


def socket_scope(path: str = "/ws/none", **headers: str) -> Scope:
    lines: Iterable[tuple[bytes, bytes]] = [
        (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
    ]
    return {
        "type": "websocket",
        "path": path,
        "headers": list(lines),
        "query_string": b"",
        "subprotocols": [],
    }


class SameOriginTest:
    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"origin": "https://m3m.example.org", "host": "m3m.example.org"},
            {"origin": "http://10.0.0.5:3000", "host": "10.0.0.5:3000"},
            {"origin": "https://m3m.example.org", "host": "web", "x_forwarded_host": "m3m.example.org"},
        ],
    )
    def test_it_lets_own_pages_in(self, headers: dict[str, str]) -> None:
        assert same_origin(socket_scope(**headers))

    @pytest.mark.parametrize(
        "headers",
        [
            {"origin": "https://evil.example.org", "host": "m3m.example.org"},
            {"origin": "null", "host": "m3m.example.org"},
            {"origin": "", "host": ""},
            {"origin": "http://10.0.0.5:3001", "host": "10.0.0.5:3000"},
        ],
    )
    def test_it_keeps_other_pages_out(self, headers: dict[str, str]) -> None:
        assert not same_origin(socket_scope(**headers))


class ApplicationTest:
    async def call(self, scope: Scope, *received: Message) -> list[Message]:
        inbox, sent = list(received), []

        async def receive() -> Message:
            return inbox.pop(0)

        async def send(message: Message) -> None:
            sent.append(message)

        await application(scope, receive, send)
        return sent

    async def test_it_closes_a_socket_of_an_unknown_path(self) -> None:
        sent = await self.call(socket_scope(), {"type": "websocket.connect"})
        assert [message["type"] for message in sent] == ["websocket.close"]

    async def test_it_closes_a_socket_of_another_origin(self) -> None:
        scope = socket_scope("/ws/projects/x/", origin="https://evil.example.org", host="m3m.example.org")
        sent = await self.call(scope, {"type": "websocket.connect"})
        assert [message["type"] for message in sent] == ["websocket.close"]

    async def test_it_answers_the_lifespan(self) -> None:
        messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
        sent = await self.call({"type": "lifespan"}, *messages)
        assert [message["type"] for message in sent] == [
            "lifespan.startup.complete",
            "lifespan.shutdown.complete",
        ]

    async def test_it_answers_requests_through_django(self) -> None:
        scope = {
            **socket_scope("/static/admin/css/base.css", host="localhost"),
            "type": "http",
            "method": "GET",
            "http_version": "1.1",
            "scheme": "http",
            "server": ("localhost", 80),
            "root_path": "",
        }
        sent = await self.call(scope, {"type": "http.request", "body": b"", "more_body": False})
        assert sent[0]["status"] == 200
