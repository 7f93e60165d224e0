"""The ASGI application of web: HTTP to Django's WSGI handler in threads, WebSockets to Channels."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast
from urllib.parse import urlsplit

from a2wsgi import WSGIMiddleware
from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from django.conf import settings

from m3m_site.wsgi import application as wsgi_application
from runtime.routing import websocket_urlpatterns

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def same_origin(scope: Scope) -> bool:
    """Whether a browser's socket comes from this platform's own pages.

    A browser names the page's origin, `null` for a sandboxed page; other clients name none and bring no cookies
    of a person, so they pass on to authentication.
    """
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    origin = headers.get(b"origin")
    if origin is None:
        return True
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    host = urlsplit(origin).netloc
    return bool(host) and host in (headers.get(b"host"), headers.get(b"x-forwarded-host"))


def sockets() -> App:
    """The WebSocket half, for the session of the person who is logged in."""
    inner = AuthMiddlewareStack(URLRouter(websocket_urlpatterns))

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if not same_origin(scope) or not _is_known(scope):
            await send({"type": "websocket.close", "code": 4403})
            return
        await inner(scope, receive, send)

    return guarded


def _is_known(scope: Scope) -> bool:
    # Channels raises for a path that no pattern matches; a stranger's typing is no error of ours.
    path = scope["path"].lstrip("/")
    return any(pattern.pattern.match(path) for pattern in websocket_urlpatterns)


def make_application() -> App:
    """One callable for every kind of connection; requests wait for a free thread, sockets never hold one."""
    # Django's response is the iterable that WSGI wants; its types do not say so.
    http = WSGIMiddleware(cast(Any, wsgi_application), workers=settings.WEB_THREADS)
    websocket = sockets()

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await http(scope, receive, send)  # type: ignore[arg-type]
        elif scope["type"] == "websocket":
            await websocket(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _live(receive, send)

    return application


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


application = make_application()
