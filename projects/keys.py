"""API keys of projects: `m3m_<8 hex digits>_<43 characters>`, of which the first half is shown and the second is not.

The form is one that front takes out of requests to services, see runtime/gateway/scrub.py.
"""

from __future__ import annotations

import re
import secrets

PREFIX_LENGTH = 12
_KEY = re.compile(r"(m3m_[0-9a-f]{8})_[A-Za-z0-9_-]{43}", re.ASCII)


def new_key() -> str:
    """A key that nobody has: 32 bits of name, 256 bits of secret."""
    return f"m3m_{secrets.token_hex(4)}_{secrets.token_urlsafe(32)}"


def prefix_of(key: str) -> str | None:
    """The visible part of a key; None for something that is no key."""
    match = _KEY.fullmatch(key)
    return match[1] if match else None
