"""No request whatsoever makes the API fail or contradict its document.

M3M_FUZZ_CASES says how many are sent (10000 with `make test ARGS="-k fuzz -s"` take some minutes), M3M_FUZZ_SEED
which ones.
"""

from __future__ import annotations

import os
import sys
from unittest import mock

import pytest

from m3m_site.tests.fuzz import Fuzz
from m3m_site.tests.stage import StageCase

CASES = int(os.environ.get("M3M_FUZZ_CASES", "600"))
SEED = int(os.environ.get("M3M_FUZZ_SEED", "1"))
# Of all cases so many have to be let in: refusing everything would be no proof.
WELL = 0.3


@pytest.mark.slow
# No node runs here, so that `?wait=` would only ever last as long as it may.
@mock.patch("runtime.api.LONGEST_WAIT", 0.01)
@mock.patch("projects.api.imports.LONGEST_WAIT", 0.01)
class FuzzTest(StageCase):
    def test_it_never_fails_and_never_contradicts_its_document(self) -> None:
        fuzz = Fuzz(self.stage, SEED)
        fuzz.run(CASES)
        sys.stderr.write(fuzz.table() + "\n")
        told = "\n\n".join(f"{key}\n{text}" for key, text in fuzz.failures.items())
        self.assertEqual(fuzz.failures, {}, f"\n{told}")
        never = [label for label, tally in fuzz.tallies.items() if not tally.well]
        self.assertEqual(never, [], "these never answered 2xx")
        self.assertGreaterEqual(fuzz.well / fuzz.cases, WELL)
        self.assertGreaterEqual(fuzz.cases, CASES)
