from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

from runtime.supervisor.calls import Calls


def call(*, held: bool, gone: bool) -> dict[str, Any]:
    """What a call to a function that does not exist is answered: that it does not exist, unless it is refused before."""
    run = SimpleNamespace(pk=uuid4(), project_id=uuid4())
    sandbox = SimpleNamespace(gone=gone, run=run, epoch=1, key="k")
    calls = Calls(cast("Any", SimpleNamespace(held=held)))
    return dict(calls(cast("Any", sandbox), "no.such", [])["e"])


class RefuseHostCallsTest:
    def test_without_the_lease(self) -> None:
        assert call(held=False, gone=False)["code"] == "lease_lost"

    def test_of_a_sandbox_that_has_ended(self) -> None:
        assert call(held=True, gone=True)["code"] == "lease_lost"

    def test_but_not_of_a_living_one(self) -> None:
        assert call(held=True, gone=False)["code"] == "unknown_function"
