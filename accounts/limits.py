"""What people may hand in, at most."""

from __future__ import annotations

AVATAR_BYTES = 2 * 1024 * 1024
PROJECTS_AT_ONCE = 1000
# Words of one search: each is a condition of its own, and a statement takes a thousand.
SEARCH_WORDS = 20
