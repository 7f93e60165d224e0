"""The way to the web process (Django): one client session over its unix socket, and its verdicts on services."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from dataclasses import replace

import aiohttp
from yarl import URL

from runtime.gateway.answers import FRONT_BUSY, MOVED_TO, NOT_FOUND, NOT_RUNNING, WEB_AWAY, Failure
from runtime.gateway.connection import Call
from runtime.gateway.exchange import Exchange
from runtime.gateway.requests import ALIAS, ROUTES
from runtime.gateway.services import SLUG
from runtime.gateway.settings import GatewaySettings

logger = logging.getLogger(__name__)

# Shorter than uvicorn's 5 s, so that a request never meets a connection that web is just closing.
_KEEP_ALIVE = 2.0
_MAX_VERDICTS = 1024
_MAX_ASKED = 256
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_AUTOMATIC_HEADERS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


class Web:
    """Owns the client session; opened and closed with the application."""

    # While web is away each request would say so.
    _COMPLAINT_EVERY = 5.0

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None
        self._complained = -self._COMPLAINT_EVERY
        self._unsaid = 0

    def complain(self, what: str, error: BaseException | str) -> None:
        """Log that web did not do `what`; not more often than every few seconds."""
        now = time.monotonic()
        if now - self._complained < self._COMPLAINT_EVERY:
            self._unsaid += 1
            return
        logger.warning(
            "Web did not %s: %s (%d more of the kind since)", what, error or repr(error), self._unsaid
        )
        self._complained, self._unsaid = now, 0

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("The session is opened by the application's lifespan.")
        return self._session

    async def open(self) -> None:
        settings = self._settings
        self._session = aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(str(settings.web_socket), limit=0, keepalive_timeout=_KEEP_ALIVE),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=_AUTOMATIC_HEADERS,
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=settings.web_wait, sock_read=settings.web_silence
            ),
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    @staticmethod
    def url(target: bytes) -> URL:
        """The request target as a URL of web, not quoted again. Raises ValueError for one without a path."""
        if not target.startswith(b"/"):
            raise ValueError("not an absolute path")
        return URL("http://web" + target.decode("ascii"), encoded=True)


class Verdicts:
    """Asks web why a service has no socket: unknown, not running, or moved to another address."""

    def __init__(self, web: Web, settings: GatewaySettings) -> None:
        self._web = web
        self._settings = settings
        self._known: OrderedDict[str, tuple[float, Failure]] = OrderedDict()
        self._asked: dict[str, list[Exchange]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def judge(self, slug: str, call: Call) -> None:
        """Fail `call` with web's verdict, now or when it is known."""
        assert isinstance(call, Exchange)  # noqa: S101  (nothing else is submitted in this process)
        loop = asyncio.get_running_loop()
        known = self._known.get(slug)
        if known is not None and known[0] > loop.time():
            call.fail(aimed(known[1], call))
        elif (asked := self._asked.get(slug)) is not None and len(asked) < self._settings.max_waiting:
            asked.append(call)
        elif asked is not None or len(self._asked) >= _MAX_ASKED:
            call.fail(FRONT_BUSY)
        else:
            self._asked[slug] = [call]
            task = loop.create_task(self._ask(slug, call))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _ask(self, slug: str, first: Exchange) -> None:
        failure = WEB_AWAY
        try:
            failure = await self._fetch(first)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            self._web.complain(f"give a verdict on service {slug}", error)
        finally:
            # A redirect is meant for one address, not for all of the service, unless it names another slug.
            for_one = bool(failure.location) and not failure.moved_to
            if not for_one:
                self._remember(slug, failure)
            for call in self._asked.pop(slug):
                if for_one and call.target != first.target:
                    self.judge(slug, call)
                else:
                    call.fail(aimed(failure, call))

    async def _fetch(self, call: Exchange) -> Failure:
        headers = {
            "Host": call.headers.get("host", "web"),
            "X-Forwarded-For": call.ip,
            "X-Request-ID": call.request_id,
        }
        if proto := call.headers.get("x-forwarded-proto"):
            headers["X-Forwarded-Proto"] = proto
        async with asyncio.timeout(self._settings.web_wait):
            async with self._web.session.get(
                self._web.url(call.target), headers=headers, allow_redirects=False
            ) as response:
                verdict = read_verdict(response)
        if verdict is WEB_AWAY:
            self._web.complain("give a verdict on a service", f"its answer was {response.status}")
        return verdict

    def _remember(self, slug: str, failure: Failure) -> None:
        self._known[slug] = (asyncio.get_running_loop().time() + self._settings.verdict_life, failure)
        self._known.move_to_end(slug)
        if len(self._known) > _MAX_VERDICTS:
            self._known.popitem(last=False)


def aimed(verdict: Failure, call: Exchange) -> Failure:
    """A verdict as it is for one call: under another slug the rest of the target stays, byte for byte."""
    if not verdict.moved_to:
        return verdict
    prefix = ALIAS if call.target.startswith(ALIAS) else ROUTES
    below = call.target[len(prefix) + len(call.slug) :].decode("latin-1")
    return replace(verdict, location=f"{prefix.decode()}{verdict.moved_to}{below}")


def read_verdict(response: aiohttp.ClientResponse) -> Failure:
    """What an answer of web means; its body is never shown."""
    if response.status == NOT_FOUND.status:
        return NOT_FOUND
    location = response.headers.get("Location", "")
    if response.status in _REDIRECTS and location and location.isprintable() and location.isascii():
        present = response.headers.get(MOVED_TO, "")
        slug = present if SLUG.fullmatch(present) else ""
        message = "The service has another address."
        return Failure(response.status, "moved", message, location=location, moved_to=slug)
    if response.status == NOT_RUNNING.status:
        wait = response.headers.get("Retry-After", "")
        seconds = int(wait) if wait.isdecimal() and len(wait) < 5 else NOT_RUNNING.retry_after
        return Failure(NOT_RUNNING.status, NOT_RUNNING.code, NOT_RUNNING.message, seconds)
    return WEB_AWAY
