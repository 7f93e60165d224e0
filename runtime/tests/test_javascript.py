"""The guest's side, tested in JavaScript: each `js/*.test.js` runs in an engine of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.tests.javascript import DIRECTORY, run_file

FILES = sorted(DIRECTORY.glob("*.test.js"))


@pytest.mark.parametrize("path", FILES, ids=[path.name for path in FILES])
def test_javascript(path: Path) -> None:
    results = run_file(path)
    declared = path.read_text(encoding="utf-8").count("\ntest(")
    failed = [f"{result['name']}\n{result['error']}" for result in results if result["error"]]
    assert not failed, "\n\n".join(failed)
    assert len(results) == declared, f"{declared} tests are written, {len(results)} came to an end"
    assert results
