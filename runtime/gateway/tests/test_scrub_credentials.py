"""The platform's credentials do not reach a service, and a service cannot set them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from http.cookies import SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.gateway.requests import visible_headers
from runtime.gateway.scrub import Scrubber
from runtime.gateway.tests.harness import COOKIES, SECRET, FakeService, Front, always, echo

KEY = "m3m_" + "Ab9-" * 8
scrubber = Scrubber(frozenset(COOKIES), SECRET, "m3m_")

names = st.one_of(
    st.text("abcXYZ019_-.", min_size=1, max_size=8),
    st.sampled_from(
        ["sessionid", "SessionID", "csrftoken", "__Host-sessionid", "__SECURE-csrftoken", "theme"]
    ),
)
values = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=';,"\\'), max_size=12
)
pairs = st.lists(st.tuples(names, values), max_size=8)
separators = st.sampled_from([";", "; ", " ; ", ";;", "\t;"])
anything = st.text(st.characters(min_codepoint=0, max_codepoint=0x17F), max_size=60)


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(secret: str = SECRET, /, **claims: object) -> str:
    signed = encode(b'{"alg":"HS256","typ":"JWT"}') + "." + encode(json.dumps(claims).encode())
    return signed + "." + encode(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())


def is_platform(name: str) -> bool:
    return name.lower().removeprefix("__host-").removeprefix("__secure-") in COOKIES


class HideCookiesTest:
    @given(pairs, separators)
    def test_it_hides_exactly_the_platforms(self, cookies: list[tuple[str, str]], separator: str) -> None:
        header = separator.join(f"{name}={value}" for name, value in cookies)
        expected = "; ".join(f"{name}={value}" for name, value in cookies if not is_platform(name))
        assert scrubber.request_cookies(header) == expected

    @given(
        st.lists(
            st.one_of(anything, st.sampled_from(["sessionid=1", "csrftoken=2", ";", "=", '"'])), max_size=6
        )
    )
    def test_it_leaves_nothing_that_reads_as_the_platforms(self, pieces: list[str]) -> None:
        kept = scrubber.request_cookies("".join(pieces))
        assert not any(is_platform(part.partition("=")[0].strip()) for part in kept.split(";"))

    @pytest.mark.parametrize(
        "header",
        [
            "sessionid",
            " sessionid = 1",
            '"x; sessionid=1"',
            "\xa0sessionid=1",
            "=; sessionid=1",
            "a=1;sessionid=1;b=2",
        ],
    )
    def test_it_hides_odd_spellings(self, header: str) -> None:
        assert "sessionid" not in scrubber.request_cookies(header)

    def test_it_hides_tokens_in_cookies(self) -> None:
        assert scrubber.request_cookies(f"a=1; access={token()}; key={KEY}; b=2") == "a=1; b=2"


class HideTokensTest:
    @given(
        st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
        st.sampled_from(["Bearer", "bearer", "JWT"]),
    )
    def test_it_drops_what_verifies(self, claims: dict[str, int], scheme: str) -> None:
        mine, foreign = token(**{"exp": 1, **claims}), token("another-secret", **claims)
        headers = [
            (b"authorization", f"{scheme} {mine}".encode()),
            (b"x-api-key", mine.encode()),
            (b"a", b"1"),
        ]
        assert visible_headers(headers, scrubber) == {"a": "1"}
        kept = visible_headers([(b"authorization", f"{scheme} {foreign}".encode())], scrubber)
        assert kept == {"authorization": f"{scheme} {foreign}"}

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("authorization", f"Bearer {KEY}"),
            ("authorization", f"ApiKey  {KEY}"),
            ("authorization", KEY),
            ("x-api-key", KEY),
            ("x-api-key", f" {KEY} "),
            ("authorization", "Basic " + base64.b64encode(f"key:{KEY}".encode()).decode()),
            ("authorization", "Basic " + base64.b64encode(f"{token()}:".encode()).decode()),
            ("authorization", f"Bearer  {token()}"),
            ("authorization", f"Bearer {token()}="),
            ("authorization", f"Digest a, Bearer {token()}, b"),
            ("x-other", f"Bearer {token()}"),
            ("referer", f"https://x/?token={token()}&a=1"),
        ],
    )
    def test_it_drops_every_form(self, name: str, value: str) -> None:
        assert visible_headers([(name.encode(), value.encode()), (b"a", b"1")], scrubber) == {"a": "1"}

    @pytest.mark.parametrize(
        "value",
        [
            "Bearer some-opaque-token",
            "Basic dXNlcjpwYXNzd29yZA==",
            "Basic not base64!",
            "Bearer m3m_short",
            f"Bearer {token('other')}",
            f"Bearer {token()[:-2]}",
            "Bearer " + token().replace(".", ".x", 1),
            "Basic " * 1000,
            "eyJ" * 10_000,
        ],
    )
    def test_it_passes_foreign_credentials(self, value: str) -> None:
        assert visible_headers([(b"authorization", value.encode())], scrubber) == {"authorization": value}

    def test_it_drops_signatures_spelled_otherwise(self) -> None:
        # The last of 43 characters holds two bits that mean nothing.
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        good = token()
        position = alphabet.index(good[-1])
        for other in range(position - position % 4, position - position % 4 + 4):
            assert scrubber.is_secret(f"Bearer {good[:-1]}{alphabet[other]}")


class ConfineCookiesTest:
    @given(anything)
    def test_it_lets_no_cookie_out_of_its_path(self, cookie: str) -> None:
        line = scrubber.set_cookie(cookie, "/r/demo/")
        if line is None:
            return
        text = line.decode("latin-1")
        assert not any(ord(character) < 32 or ord(character) == 127 for character in text)
        pair, *attributes = text.split("; ")
        assert not is_platform(pair.partition("=")[0].strip())
        named = [attribute.partition("=")[0].strip().lower() for attribute in text.split(";")[1:]]
        assert named.count("path") == 1
        assert attributes[-2:] == ["Path=/r/demo/", "Priority=Low"]
        assert "domain" not in named

    @given(
        names,
        values,
        st.lists(
            st.sampled_from(
                [
                    "Path=/",
                    "path = /admin",
                    "Domain=example.org",
                    "DOMAIN=.x",
                    "HttpOnly",
                    "Secure",
                    "SameSite=None",
                    "Max-Age=5",
                    "Expires=Wed, 21 Oct 2026 07:28:00 GMT",
                    "Path",
                    "Priority=High",
                    "x=y",
                ]
            ),
            max_size=5,
        ),
    )
    def test_it_keeps_what_does_no_harm(self, name: str, value: str, attributes: list[str]) -> None:
        line = scrubber.set_cookie("; ".join([f"{name}={value}", *attributes]), "/r/demo/")
        if is_platform(name):
            assert line is None
            return
        assert line is not None
        kept = [
            one
            for one in attributes
            if one.split("=")[0].strip().lower() not in ("path", "domain", "priority", "x")
        ]
        assert line.decode() == "; ".join([f"{name}={value}", *kept, "Path=/r/demo/", "Priority=Low"])

    @pytest.mark.parametrize(
        "cookie",
        ["sessionid=1", "SESSIONID=1", " sessionid =1", "__Host-sessionid=1", "__secure-CsrfToken=1", "=sessionid=1",
         "sessionid", "", ";", "a b=1", "a=1\r\nSet-Cookie: sessionid=1", "a=\x00", "a=1\n", "a=\x7f", "a=€", "ä=1",
         5, None, ["a=b"], {"a": "b"}],
    )  # fmt: skip
    def test_it_drops_what_is_forbidden_or_malformed(self, cookie: object) -> None:
        assert scrubber.set_cookie(cookie, "/r/demo/") is None


class ScrubOnTheWireTest:
    async def test_the_service_sees_no_credentials(self, front: Front) -> None:
        headers = {
            "Cookie": "sessionid=secret-1; theme=dark; csrftoken=secret-2",
            "Authorization": f"Bearer {token(user_id=1)}",
            "X-Api-Key": KEY,
            "X-CSRFToken": "secret-3",
        }
        async with FakeService(front.runtime_dir, "demo", echo) as service:
            await front.get("/r/demo/", headers=headers)
        seen = service.requests[0]["h"]
        assert seen["cookie"] == "theme=dark"
        assert not {"authorization", "x-api-key", "x-csrftoken"} & set(seen)
        assert "secret" not in json.dumps(service.requests)

    @pytest.mark.parametrize("prefix", ["/r/", "/api/r/"])
    async def test_the_service_sets_none(self, front: Front, prefix: str) -> None:
        reply = {
            "s": 200,
            "h": {"set-cookie": "sessionid=evil", "Set-Cookie": ["csrftoken=evil"]},
            "c": ["sessionid=evil; Path=/", "mine=1; Path=/; Domain=example.org; HttpOnly"],
        }
        async with (
            FakeService(front.runtime_dir, "demo", always(reply)),
            front.ask(f"{prefix}demo/x") as response,
        ):
            lines = response.headers.getall("Set-Cookie")
        assert lines == [f"mine=1; HttpOnly; Path={prefix}demo/; Priority=Low"]
        assert SimpleCookie(lines[0])["mine"]["path"] == f"{prefix}demo/"
