"""`X-API-Key`: a program that works in one project."""

from __future__ import annotations

import hmac

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.authentication import digest
from accounts.models import KeyActor
from projects.keys import prefix_of
from projects.models import ApiKey

HEADER = "X-API-Key"


class KeyAuthentication(BaseAuthentication):
    """The actor stands in `request.auth`; `request.user` stays nobody, for a key is no person. One query."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, KeyActor] | None:
        """None without the header; raises AuthenticationFailed for a key that does not count."""
        text = request.headers.get(HEADER)
        return None if text is None else (AnonymousUser(), key_actor(text))

    def authenticate_header(self, request: Request) -> str:
        """What a caller who showed nothing is asked for: people have tokens."""
        return 'Bearer realm="api"'


def key_actor(text: str) -> KeyActor:
    """Whom a key stands for. Raises AuthenticationFailed, alike for every reason."""
    prefix = prefix_of(text.strip())
    key = ApiKey.objects.filter(prefix=prefix).first() if prefix else None
    if key is None or not hmac.compare_digest(key.digest, digest(text.strip())):
        raise AuthenticationFailed(_("This API key does not count."), "api_key_invalid")
    key.note_use()
    return KeyActor(project_id=key.project_id, prefix=key.prefix)
