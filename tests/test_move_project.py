"""The demo project leaves one platform as an archive, and answers on an empty one as it did before."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from m3m_site.testing import Require
from projects import parts
from tests.platform import Answer, Platform, wait_for
from tests.stores import KINDS, missing, store

pytestmark = pytest.mark.slow

CALLS = (
    ("GET", "/r/demo/", None),
    ("GET", "/r/demo/hello/Ada", None),
    ("POST", "/r/demo/double", {"n": 21}),
    ("POST", "/r/demo/double", {"n": "x"}),
    ("GET", "/r/demo/page", None),
    ("GET", "/r/demo/nowhere", None),
)


@contextmanager
def platform_on(kind: str) -> Iterator[Platform]:
    """A platform with a database of its own, and a Redis of its own: two of them live side by side."""
    with store(kind) as environment:
        environment.pop("M3M_REDIS_URI", None)
        with Platform(**environment) as platform:
            yield platform


@pytest.fixture(params=KINDS)
def elsewhere(request: pytest.FixtureRequest, require: Require) -> Iterator[Platform]:
    """A platform with no project, on each database."""
    require(not missing(request.param), missing(request.param))
    with platform_on(request.param) as platform:
        assert platform.api("DELETE", "/projects/demo?confirm=demo").status == 204
        assert platform.api("GET", "/projects").json["count"] == 0
        yield platform


def answers(platform: Platform) -> list[tuple[int, object]]:
    """What the freshly started demo service answers to each call; ids of requests are nobody's to compare."""
    started = platform.api("POST", "/projects/demo/restart?wait=20", {})
    assert started.json["status"] == "running", started
    return [(answer.status, told(answer)) for answer in (platform.request(*call) for call in CALLS)]


def data(platform: Platform) -> dict[str, object]:
    """What the demo project keeps; records get new ids elsewhere."""
    records = platform.api("GET", "/projects/demo/models/guests/data").json["results"]
    (goal,) = platform.api("GET", "/projects/demo/goals/stats?days=2&group_by=month").json["goals"]
    own = ("name", "language", "since")
    return {
        "records": [{key: record[key] for key in own} for record in records],
        "goal": (goal["public_slug"], goal["color"], goal["total"]),
        "fields": platform.api("GET", "/projects/demo/models/guests").json["fields"],
    }


def told(answer: Answer) -> object:
    try:
        body = answer.json
    except ValueError:
        return answer.text
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        body["error"].pop("requestId", None)
    return body


def download(platform: Platform) -> bytes:
    request = urllib.request.Request(  # noqa: S310  (this platform)
        f"{platform.url}/api/projects/demo/export?files=true",
        headers={"Authorization": f"Bearer {platform.login()}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return bytes(answer.read())


def upload(platform: Platform, archive: bytes) -> dict[str, object]:
    request = urllib.request.Request(  # noqa: S310  (this platform)
        f"{platform.url}/api/projects/import",
        data=archive,
        headers={"Authorization": f"Bearer {platform.login()}", "Content-Type": "application/zip"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        assert answer.status == 201
        return dict(json.load(answer))


class MoveProjectTest:
    def test_it_answers_as_before(self, elsewhere: Platform) -> None:
        if "pipeline" not in {part.name for part in parts.registered()}:
            pytest.skip("The code of a project is no part of its archive.")
        # From one database to the other where there are two.
        other = "embedded" if elsewhere.processes.environment.get("M3M_DATABASE_DRIVER") else "postgresql"
        with platform_on("embedded" if missing(other) else other) as here:
            wanted = answers(here)
            assert [status for status, _body in wanted][:3] == [200, 200, 200]
            archive = download(here)
            kept = data(here)
        made = upload(elsewhere, archive)
        assert (made["project"]["slug"], made["missing_secrets"]) == ("demo", [])  # type: ignore[index]
        assert made["project"]["status"] == "stopped"  # type: ignore[index]
        assert answers(elsewhere) == wanted
        assert len(kept["records"]) == 3  # type: ignore[arg-type]
        assert data(elsewhere) == kept

    def test_a_renamed_service_answers_at_both_addresses(self, elsewhere: Platform) -> None:
        elsewhere.start_service("shop", {"main": "router.get('/a b', () => ({ here: true }));"})
        assert elsewhere.request("GET", "/r/shop/a%20b").status == 200
        assert elsewhere.api("PUT", "/projects/shop", {"slug": "store"}).status == 200
        moved = self.settled(elsewhere)
        headers = {key.lower(): value for key, value in moved.headers.items()}
        assert (moved.status, headers["location"]) == (308, "/r/store/a%20b?x=%2F")
        assert elsewhere.request("GET", headers["location"]).json == {"here": True}
        assert elsewhere.api("DELETE", "/projects/store?confirm=store").status == 204

    def settled(self, platform: Platform) -> Answer:
        """The answer at the former address once the node has moved the socket: within a tick."""
        found: list[Answer] = []

        def moved() -> bool:
            found.append(platform.request("GET", "/r/shop/a%20b?x=%2F"))
            return found[-1].status != 200

        wait_for(moved, 10, "the former address redirects")
        return found[-1]
