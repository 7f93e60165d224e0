"""Values sealed with AES-GCM under a key that lives outside the database."""

from __future__ import annotations

import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_NONCE = 12
_VERSION = b"\x01"


class SealError(Exception):
    """A sealed value cannot be opened: another key, another place, or damage. Carries nothing of the value."""


def seal(plain: bytes, bound_to: str) -> bytes:
    """Sealed bytes that open only with the same `bound_to`."""
    nonce = os.urandom(_NONCE)
    return _VERSION + nonce + _cipher(settings.ENCRYPTION_KEY).encrypt(nonce, plain, bound_to.encode())


def unseal(sealed: bytes, bound_to: str) -> bytes:
    """The bytes given to `seal`; raises SealError."""
    if sealed[:1] != _VERSION:
        raise SealError
    nonce, body = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
    try:
        return _cipher(settings.ENCRYPTION_KEY).decrypt(nonce, body, bound_to.encode())
    except (InvalidTag, ValueError):  # ValueError: too short for a nonce
        raise SealError from None


@lru_cache(maxsize=4)
def _cipher(key: str) -> AESGCM:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"m3m environment values").derive(
        key.encode()
    )
    return AESGCM(derived)
