from __future__ import annotations

import base64
import json
import time
from urllib.parse import quote

import pytest
from hypothesis import assume, given
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


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("it's (mine)!*~", "it's%20(mine)!*~"),  # encodeURIComponent
        ("it's (mine)!*~", "it%27s+%28mine%29%21*%7E"),  # URLSearchParams
        ("/path?a=ключ", "/path?a=%D0%BA%D0%BB%D1%8E%D1%87"),  # encodeURI
        ("/path?a=ключ", "%2fpath%3fa%3d%d0%ba%d0%bb%d1%8e%d1%87"),
        ("ключ-ÿ😀/", "%u043A%u043B%u044E%u0447-%FF%uD83D%uDE00/"),  # escape
        ("Gehäuse", "R2Vo5HVzZ"),  # btoa
        ('a"b\\c', r"a\\\"b\\\\c"),  # JSON in JSON
        ('a"b\\c\nd', 'a"b\\\\c\\nd'),  # the console's quotes
        ("<b>&'", "&lt;b&gt;&amp;&#x27;"),
        ("100%%sure", "100%sure"),  # a template of console.log
        ("abcdef%sghijkl", "abcdefXghijkl"),
        ("trailing\n", "trailing"),
        ("one line\nanother", "one line\n      another"),  # indented in a group
        ("one line\r\n\r\nanother", "one line\nanother"),  # split and joined
        ("first line\nsecond line", "> first line\n> second line"),
    ],
)
def test_what_processing_makes_of_a_secret_is_masked(secret: str, text: str) -> None:
    masked = Masker([secret]).mask(f"before {text} after")
    assert MASK in masked
    assert not any(
        word in masked for word in text.replace("X", " ").replace(">", " ").split() if len(word) > 3
    )


@given(st.text(min_size=8, max_size=40), st.integers(4, 40), st.text(max_size=20))
def test_the_beginning_of_a_secret_before_a_cut_is_masked(secret: str, length: int, before: str) -> None:
    assume(secret == secret.strip() and length < len(secret))
    masked = Masker([secret]).mask(f"{before}{secret[:length]}… (5 more)")
    assert masked.endswith(f"{MASK}… (5 more)")


def test_a_cut_through_a_surrogate_pair_is_masked() -> None:
    assert Masker(["secret-😀-secret"]).mask("x secret-\ud83d…") == f"x {MASK}…"


def test_words_of_a_secret_that_the_engine_quotes_are_masked() -> None:
    masker = Masker(["hunter2secret-and-more"])
    assert masker.mask("unexpected token: 'hunter2secret'") == f"unexpected token: '{MASK}'"
    assert masker.mask("unexpected token: 'another word'") == "unexpected token: 'another word'"


def test_secrets_that_overlap_are_masked_as_one() -> None:
    assert Masker(["abcdef-1", "f-1-ghij"]).mask("x abcdef-1-ghij y") == f"x {MASK} y"


def test_a_database_takes_what_is_storable() -> None:
    assert Masker(["hidden-word"]).storable("\ud800\0 hidden-word") == f"?\ufffd {MASK}"


@given(st.text(max_size=200))
def test_texts_without_secrets_stay_as_they_are(text: str) -> None:
    assert Masker(["a-secret-of-no-other-text", "line one of it\nline two of it"]).mask(text) == text


def test_many_long_secrets_cost_little() -> None:
    """One sandbox's lines must not hold up the others'."""
    masker = Masker(f'{number}-é"/%s\n' + "x" * 4000 + str(number) for number in range(64))
    begun = time.monotonic()
    for _ in range(100):
        masker.mask("GET /users 200 in 3 ms " * 5)
    assert time.monotonic() - begun < 1.0
