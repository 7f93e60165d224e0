from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.crowd import all_serve, make_services, sandbox_of, sandboxes, slugs
from tests.platform import Platform, wait_for

GOOD = 8
PATIENCE = 20.0

# Boots well until its environment says otherwise.
MOODY = """
service.boot(() => {
  if (env.get('MOOD') === 'broken') missing.call();
  if (env.get('MOOD') === 'hanging') return new Promise(() => {});
  return undefined;
});
router.get('/', () => ({ born: 1 }));
"""


def set_mood(platform: Platform, slug: str, mood: str) -> None:
    answer = platform.api("PUT", f"/projects/{slug}/env", [{"key": "MOOD", "type": "string", "value": mood}])
    assert answer.status == 200, answer


def run_of(platform: Platform, slug: str) -> dict[str, object]:
    return dict(platform.api("GET", f"/projects/{slug}/status").json["run"])


@pytest.mark.slow
class StartEverythingTest:
    def test_the_rest_serves_beside_a_broken_and_a_hanging_service(
        self, report: Callable[[str], None]
    ) -> None:
        *good, broken, hanging, manual = slugs(GOOD + 3)
        with Platform(M3M_RUNTIME_TIMEOUT="5s") as platform:
            make_services(platform, good)
            make_services(platform, [broken, hanging, manual], MOODY)
            set_mood(platform, broken, "broken")
            set_mood(platform, hanging, "hanging")
            assert platform.api("PUT", f"/projects/{manual}", {"auto_start": False}).status == 200
            platform.processes.stop()
            assert not any(sandboxes([*good, broken, hanging, manual]).values())
            begun = time.monotonic()
            platform.processes.start()
            wait_for(platform.is_well, PATIENCE, "/health says 200")
            all_serve(platform, good, PATIENCE)
            report(
                f"everything started with a hanging boot among {GOOD}: all serve after {time.monotonic() - begun:.1f} s"
            )
            wait_for(lambda: run_of(platform, broken)["status"] == "crashed", PATIENCE, "the broken one ends")
            assert run_of(platform, broken)["reason"] == "script_error"
            assert "missing" in str(run_of(platform, broken)["error"])
            wait_for(
                lambda: run_of(platform, hanging)["status"] == "crashed", PATIENCE, "the hanging one ends"
            )
            assert run_of(platform, hanging)["reason"] == "limit_wall"
            assert run_of(platform, manual)["status"] == "stopped"
            assert not sandbox_of(manual)
            all_serve(platform, good, 1)
