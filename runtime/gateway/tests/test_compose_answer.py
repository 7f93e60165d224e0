"""What a service may say in headers: never another header, another answer, or something for the whole origin."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.gateway.replies import encode_text, header_line
from runtime.gateway.tests.harness import FakeService, Front, always

anything = st.text(st.characters(max_codepoint=0x2FF), max_size=30)
token = st.text("abcDEF-", min_size=1, max_size=10)


class ComposeHeaderTest:
    @given(anything, anything)
    def test_it_makes_one_line_or_none(self, name: str, value: str) -> None:
        line = header_line(name, value)
        if line:
            assert line.endswith(b"\r\n")
            assert not set(line[:-2]) & {0, 10, 13}
            assert line.partition(b":")[0].decode() == name.lower()

    @given(
        token, anything, st.sampled_from(["\r", "\n", "\0", "\r\n", "\x0b", "\x7f", "€", "\ud800"]), anything
    )
    def test_it_drops_a_value_that_could_split(self, name: str, before: str, bad: str, after: str) -> None:
        assert header_line(name, before + bad + after) == b""
        assert header_line(name + bad, before) == b""

    @given(token, st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20))
    def test_it_passes_ordinary_ones(self, name: str, value: str) -> None:
        if name.lower() not in ("te", "date"):
            assert header_line(f"x-{name}", value) == f"x-{name.lower()}: {value.strip()}\r\n".encode()

    @pytest.mark.parametrize(
        "name",
        ["Connection", "Keep-Alive", "Transfer-Encoding", "Content-Length", "Set-Cookie", "Clear-Site-Data",
         "Service-Worker-Allowed", "Strict-Transport-Security", "Alt-Svc", "Server", "Date", "X-Request-ID", "NEL",
         "Report-To", "Upgrade", "Trailer", "", "a b", "a:b", "ä"],
    )  # fmt: skip
    def test_it_drops_what_is_not_the_services(self, name: str) -> None:
        assert header_line(name, "x") == header_line(name.upper(), "x") == b""

    @given(st.text(st.characters(categories=["L", "Cs", "N"])))
    def test_it_encodes_any_text(self, text: str) -> None:
        encoded = encode_text(text).decode()
        assert len(encoded) <= len(text)
        assert not any(0xD800 <= ord(character) <= 0xDFFF for character in encoded)


class ComposeAnswerTest:
    async def test_it_cannot_be_split(self, front: Front) -> None:
        evil = "x\r\nSet-Cookie: sessionid=evil\r\n\r\nHTTP/1.1 200 OK\r\n\r\n<script>"
        reply = {
            "s": 200,
            "h": {"x-a": evil, evil: "x", "x-b": [evil, "fine"], "x-c": 5, "x-d": None},
            "c": [evil],
        }
        async with FakeService(front.runtime_dir, "demo", always(reply)):
            answer = await front.raw(b"GET /r/demo/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"evil" not in answer
        assert b"x-b: fine\r\n" in answer
        assert answer.count(b"HTTP/1.1") == 1

    async def test_it_says_each_header_of_its_own_once(self, front: Front) -> None:
        reply = {
            "s": 200,
            "h": {
                "Date": "yesterday",
                "Server": "mine",
                "Content-Length": "999",
                "X-Request-ID": "forged",
                "X-Content-Type-Options": "sniff",
                "Transfer-Encoding": "chunked",
            },
            "b": "12345",
        }
        async with FakeService(front.runtime_dir, "demo", always(reply)), front.ask("/r/demo/") as response:
            assert await response.text() == "12345"
            for name, value in {"Content-Length": "5", "X-Content-Type-Options": "nosniff"}.items():
                assert response.headers.getall(name) == [value]
            assert len(response.headers.getall("Date")) == 1
            assert "yesterday" not in response.headers["Date"]
            assert "forged" not in response.headers.getall("X-Request-ID")
            assert "Server" not in response.headers
