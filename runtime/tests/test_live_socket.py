from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.routing import URLRouter
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.test import TransactionTestCase
from django.utils import timezone

from accounts.actions.logins import log_out
from accounts.authentication import new_ticket
from accounts.models import Login, User
from projects.actions.members import add_member
from projects.actions.projects import create_project, delete_project
from runtime import logs
from runtime.models import Run
from runtime.routing import websocket_urlpatterns


class Socket:
    """The browser's side; channels' own test client needs a server that is not installed here."""

    def __init__(self, application: Any, scope: dict[str, Any]) -> None:  # noqa: ANN401  (channels has no types)
        communicator: Any = ApplicationCommunicator
        self.channel = communicator(application, scope)

    async def connect(self) -> bool:
        await self.channel.send_input({"type": "websocket.connect"})
        return bool((await self.channel.receive_output(5))["type"] == "websocket.accept")

    async def receive(self) -> Any:  # noqa: ANN401
        return json.loads((await self.channel.receive_output(5))["text"])

    async def disconnect(self) -> None:
        await self.channel.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.channel.wait(5)


class LiveSocketTest(TransactionTestCase):
    def setUp(self) -> None:
        self.alice = User.objects.create_user("alice@example.org", can_create_projects=True)
        self.bob = User.objects.create_user("bob@example.org")
        self.charlie = User.objects.create_user("charlie@example.org")
        self.project = create_project(actor=self.alice, name="Shop", slug="shop")
        add_member(actor=self.alice, project=self.project, email=self.bob.email)
        self.run_ = Run.objects.create(project=self.project, version="0.1")
        self.log = logs.Writer(self.project.pk, self.run_.pk)

    def open(
        self, user: User | AnonymousUser, query: bytes = b"", session: SessionBase | None = None
    ) -> Socket:
        scope: dict[str, Any] = {
            "type": "websocket",
            "path": "/ws/projects/shop/",
            "query_string": query,
            "headers": [],
            "user": user,
            "session": session,
        }
        return Socket(URLRouter(websocket_urlpatterns), scope)

    def test_status_and_new_lines_arrive(self) -> None:
        async def scenario() -> None:
            self.log.write("info", "before")
            socket = self.open(self.bob)
            self.assertTrue(await socket.connect())
            status = await socket.receive()
            self.assertEqual((status["type"], status["status"]), ("status", "starting"))
            first = await socket.receive()
            self.assertEqual(
                ([line["message"] for line in first["lines"]], first["reset"]), (["before"], True)
            )
            self.log.write("error", "after")
            second = await socket.receive()
            self.assertEqual(
                ([line["message"] for line in second["lines"]], second["reset"]), (["after"], False)
            )
            await socket.disconnect()

        async_to_sync(scenario)()

    def refused(self, user: User | AnonymousUser, query: bytes = b"") -> bool:
        async def scenario() -> bool:
            socket = self.open(user, query)
            connected = await socket.connect()
            if connected:
                await socket.disconnect()
            return not connected

        return async_to_sync(scenario)()

    def test_strangers_are_refused(self) -> None:
        self.assertTrue(self.refused(self.charlie))
        self.assertTrue(self.refused(AnonymousUser()))
        self.assertTrue(self.refused(AnonymousUser(), b"ticket=guess"))

    def test_a_ticket_opens_one_socket(self) -> None:
        ticket = new_ticket(self.bob, None).encode()
        self.assertFalse(self.refused(AnonymousUser(), b"ticket=" + ticket))
        self.assertTrue(self.refused(AnonymousUser(), b"ticket=" + ticket))

    def closes_after(self, socket: Socket, leave: Callable[[], object]) -> None:
        """The socket opens, and is closed by the platform once `leave` was called."""

        async def scenario() -> None:
            self.assertTrue(await socket.connect())
            await socket.receive()
            await sync_to_async(leave)()
            for _ in range(10):
                message = await socket.channel.receive_output(5)
                if message["type"] == "websocket.close":
                    self.assertEqual(message["code"], 4404)
                    return
            self.fail("the socket stayed open")

        async_to_sync(scenario)()

    def test_it_closes_when_the_project_goes(self) -> None:
        self.closes_after(
            self.open(self.bob),
            lambda: delete_project(actor=self.alice, project=self.project, confirm="shop"),
        )

    def test_it_closes_with_the_session_that_opened_it(self) -> None:
        session = SessionStore()
        session.create()
        socket = self.open(self.bob, session=session)
        self.closes_after(socket, lambda: session.flush())

    def test_it_closes_with_the_login_that_opened_it(self) -> None:
        login = Login.objects.create(user=self.bob, expires_at=timezone.now())
        socket = self.open(AnonymousUser(), b"ticket=" + new_ticket(self.bob, login).encode())
        self.closes_after(socket, lambda: log_out(login=login))
