from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.supervisor.masking import MASK, Masker

SECRET = 'pa/ss "wörd"+\n42'


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
        SECRET.encode().hex(),
        SECRET.encode().hex().upper(),
        quote(SECRET, safe=""),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
    ],
)
def test_each_spelling_is_masked(text: str) -> None:
    masked = Masker([SECRET]).mask(f"before {text} after")
    assert MASK in masked
    assert text.strip('"') not in masked


@given(st.binary(max_size=8), st.binary(max_size=8), st.text(min_size=8, max_size=24))
def test_base64_of_more_than_the_secret_shows_nothing_of_it(before: bytes, after: bytes, secret: str) -> None:
    try:
        raw = secret.encode()
    except UnicodeEncodeError:
        return
    whole = base64.b64encode(before + raw + after).decode()
    # The characters that depend on nothing but the secret.
    first, last = -(-len(before) * 8 // 6), (len(before) + len(raw)) * 8 // 6
    assert whole[first:last] not in Masker([secret]).mask(whole)


def test_later_secrets_join_the_earlier() -> None:
    masker = Masker(["first-secret"]).also(["second-secret"])
    assert masker.mask("first-secret second-secret") == f"{MASK} {MASK}"


def test_short_values_and_none_change_nothing() -> None:
    assert Masker(["abc", ""]).mask("abc abc") == "abc abc"
