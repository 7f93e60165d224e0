"""What people may hand in, at most."""

from __future__ import annotations

AVATAR_BYTES = 2 * 1024 * 1024
PROJECTS_AT_ONCE = 1000
