"""Takes the platform's own credentials out of what crosses between a client and a service.

An administrator who opens the URL of a service must not hand his session to its author, and a service must not
plant one of its own.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
from base64 import b64decode, urlsafe_b64decode

# HS256: the signature is always 43 characters. Anchored by its length, so that a hostile header cannot ask for
# thousands of signatures.
_JWT = re.compile(r"(eyJ[\w-]{8,}\.[\w-]{2,})\.([\w-]{43})(?![\w-])", re.ASCII)
_COOKIE_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_UNSAFE = re.compile(r"[^\x20-\x7e\x80-\xff]")
_KEPT_ATTRIBUTES = frozenset({"expires", "max-age", "secure", "httponly", "samesite", "partitioned"})
# A browser keeps so many cookies of a host, and throws these away before the platform's: else a service could log
# out whoever opens it, by setting hundreds.
_LOW = "Priority=Low"


class Scrubber:
    """Knows what belongs to the platform; built once for a process."""

    def __init__(self, cookies: frozenset[str], jwt_secret: str, api_key_prefix: str) -> None:
        names = {name.lower() for name in cookies}
        self._cookies = frozenset(prefix + name for name in names for prefix in ("", "__host-", "__secure-"))
        self._secret = jwt_secret.encode()
        self._prefix = api_key_prefix
        self._api_key = re.compile(re.escape(api_key_prefix) + r"[A-Za-z0-9_.~+/=-]{20,}")

    def is_secret(self, value: str) -> bool:
        """Whether a header's value carries an API key of our form or a token that verifies under our key.

        Expired tokens count: they are still somebody's. Basic credentials are looked into.
        """
        if "eyJ" in value and any(self._verifies(*match.groups()) for match in _JWT.finditer(value)):
            return True
        if self._prefix in value and self._api_key.search(value) is not None:
            return True
        return value[:6].lower() == "basic " and self._is_secret_basic(value[6:])

    def _is_secret_basic(self, encoded: str) -> bool:
        try:
            decoded = b64decode(encoded.strip()).decode("latin-1")
        except (binascii.Error, ValueError):
            return False
        return decoded[:6].lower() != "basic " and self.is_secret(decoded)

    def _verifies(self, signed: str, signature: str) -> bool:
        actual = hmac.new(self._secret, signed.encode(), hashlib.sha256).digest()
        # Decoded, for several spellings of the last character mean the same signature.
        return hmac.compare_digest(actual, urlsafe_b64decode(signature + "="))

    def request_cookies(self, header: str) -> str:
        """The Cookie header without the platform's cookies and tokens; may be empty."""
        kept = []
        for part in header.split(";"):
            part = part.strip()
            if (
                part
                and part.partition("=")[0].strip().lower() not in self._cookies
                and not self.is_secret(part)
            ):
                kept.append(part)
        return "; ".join(kept)

    def set_cookie(self, cookie: object, path: str) -> bytes | None:
        """A service's Set-Cookie value confined to `path`; None for one that must not leave."""
        if not isinstance(cookie, str) or _UNSAFE.search(cookie) is not None:
            return None
        pair, *attributes = cookie.split(";")
        name, equals, value = pair.partition("=")
        name = name.strip()
        # A cookie without a name would come back as whatever its value spells.
        if not equals or _COOKIE_NAME.fullmatch(name) is None or name.lower() in self._cookies:
            return None
        parts = [f"{name}={value.strip()}"]
        for attribute in attributes:
            attribute = attribute.strip()
            if attribute.partition("=")[0].strip().lower() in _KEPT_ATTRIBUTES:
                parts.append(attribute)
        # Last: parsers that do not know it take it for the beginning of another cookie.
        parts += [f"Path={path}", _LOW]
        return "; ".join(parts).encode("latin-1")
