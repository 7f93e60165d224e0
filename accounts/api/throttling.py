"""How many requests an actor may send, counted in Redis; where Redis is away nobody is held up.

A sliding window out of two counters: what the window before held counts by the part of it that still lies within
the last period. One round trip.
"""

from __future__ import annotations

import ipaddress
import logging
import math
import time
from typing import Any, NamedTuple

import redis
from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.authentication import client_ip
from accounts.models import KeyActor, User

log = logging.getLogger(__name__)

# A request waits no longer than this for the count, and after a failure none does for a while.
PATIENCE = 0.05
PAUSE = 5.0
_IPV6_SITE = 64


class Rate(NamedTuple):
    """`limit` requests in `period` seconds."""

    limit: int
    period: int


class State(NamedTuple):
    """What an actor has left; `reset` is in seconds."""

    limit: int
    remaining: int
    reset: int
    allowed: bool


class Counter:
    """Requests by name. Fails open: None stands for "not known"."""

    def __init__(self) -> None:
        self._client: redis.Redis | None = None
        self._away_until = 0.0

    def add(self, name: str, rate: Rate, now: float) -> State | None:
        """Count one request; None where Redis does not answer."""
        if time.monotonic() < self._away_until:
            return None
        window, passed = divmod(now, rate.period)
        key = f"m3m:rate:{name}:{int(window)}"
        try:
            with self._redis().pipeline(transaction=False) as pipe:
                pipe.incr(key)
                pipe.expire(key, rate.period * 2)
                pipe.get(f"m3m:rate:{name}:{int(window) - 1}")
                here, _set, before = pipe.execute()
        except redis.RedisError as error:
            self._away_until = time.monotonic() + PAUSE
            log.warning("requests are not counted for %d s: %s", PAUSE, error)
            return None
        used = int(here) + int(before or 0) * (1 - passed / rate.period)
        left = max(0, math.floor(rate.limit - used))
        return State(rate.limit, left, math.ceil(rate.period - passed), used <= rate.limit)

    def _redis(self) -> redis.Redis:
        if self._client is None:
            self._client = redis.Redis.from_url(
                settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
            )
        return self._client


COUNTER = Counter()


class ActorThrottle(BaseThrottle):
    """Counts per person, per project's key, else per address."""

    def allow_request(self, request: Request, view: Any) -> bool:  # noqa: ANN401  (as the base has it)
        rate = settings.RATE_LIMIT
        if rate is None:
            return True
        state = COUNTER.add(who(request), Rate(*rate), time.time())
        # On Django's request, which the answer's headers are made of.
        request._request.rate_state = state  # type: ignore[attr-defined]
        self._state = state
        return state is None or state.allowed

    def wait(self) -> float | None:
        return None if self._state is None else float(self._state.reset)


def who(request: Request) -> str:
    """A short name of the actor for counting; a network of addresses counts as one where it belongs to one site."""
    if isinstance(request.auth, KeyActor):
        return f"k{request.auth.project_id}"
    if isinstance(request.user, User):
        return f"u{request.user.pk}"
    address = ipaddress.ip_address(client_ip(request) or "0.0.0.0")  # noqa: S104  (stands for "unknown")
    if isinstance(address, ipaddress.IPv6Address):
        return f"i{ipaddress.ip_network((address, _IPV6_SITE), strict=False)}"
    return f"i{address}"


def rate_headers(request: Request) -> dict[str, str]:
    """`RateLimit-…` of the draft "RateLimit header fields for HTTP"; none where requests are not counted."""
    state: State | None = getattr(getattr(request, "_request", request), "rate_state", None)
    if state is None:
        return {}
    return {
        "RateLimit-Limit": str(state.limit),
        "RateLimit-Remaining": str(state.remaining),
        "RateLimit-Reset": str(state.reset),
    }
