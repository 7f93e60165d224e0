"""The live socket of a project: its status and the log of its newest run.

Messages to the browser: {"type": "status", …as GET …/status} whenever it changes, {"type": "log", "run", "lines",
"cursor", "reset"} with new messages; `reset` marks the first of a run. The browser may send nothing.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.core.serializers.json import DjangoJSONEncoder

from accounts.authentication import lasts, redeem_ticket
from accounts.errors import NotFoundError
from accounts.models import Login, SocketTicket, User
from projects.models import Project
from projects.permissions import Right, require
from runtime import logs
from runtime.models import Run
from runtime.states import describe_project

# Polling one file's length and one indexed row costs next to nothing, and needs neither Redis nor the node.
POLL_LOG = 0.25
POLL_STATUS = 0.5
LINES = 500
REFUSED, GONE = 4403, 4404


class ProjectConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels ships no types
    """Asks the permission that REST asks: at the start, and again with every look at the status."""

    async def connect(self) -> None:
        self._loop: asyncio.Task[None] | None = None
        self._login: Login | None = None
        self._session_key = ""
        user = await self._user()
        if user is None:
            await self.close(REFUSED)
            return
        self._actor = user
        try:
            await self._look()
        except NotFoundError:
            await self.close(GONE)
            return
        await self.accept()
        self._loop = asyncio.create_task(self._watch())

    async def _user(self) -> User | None:
        """The person of the session, or of a one-use ticket in `?ticket=`."""
        ticket = parse_qs(self.scope["query_string"].decode("latin-1")).get("ticket")
        if ticket:
            row: SocketTicket | None = await database_sync_to_async(redeem_ticket)(ticket[0])
            if row is None:
                return None
            self._login, self._session_key = row.login, row.session_key
            return row.user
        user, session = self.scope["user"], self.scope.get("session")
        self._session_key = (session and session.session_key) or ""
        return user if isinstance(user, User) and user.is_active else None

    async def _look(self) -> tuple[dict[str, Any], Run | None]:
        """The project's status as the actor may see it now. Raises NotFoundError."""
        found: tuple[dict[str, Any], Run | None] = await database_sync_to_async(self._query)()
        return found

    def _query(self) -> tuple[dict[str, Any], Run | None]:
        # Whoever has logged out, is blocked, deleted or has another password by now is shown nothing more.
        mine = User.objects.filter(pk=self._actor.pk, password=self._actor.password)
        actor = mine.filter(is_active=True).first()
        if actor is None or not lasts(self._login, self._session_key):
            raise NotFoundError
        project = Project.objects.lookup(actor, self.scope["url_route"]["kwargs"]["project"])
        require(actor, project, Right.VIEW)
        return describe_project(project), Run.objects.latest_of([project]).first()

    async def _watch(self) -> None:
        shown, position, cursor, turn = "", "", 0, 0
        run: Run | None = None
        try:
            while True:
                if turn % round(POLL_STATUS / POLL_LOG) == 0:
                    status, run = await self._look()
                    text = json.dumps({"type": "status", **status}, cls=DjangoJSONEncoder)
                    if text != shown:
                        shown = text
                        await self.send(text)
                if run is not None:
                    fresh = str(run.pk) != position
                    position = str(run.pk)
                    cursor = await self._send_log(run, None if fresh else cursor)
                turn += 1
                await asyncio.sleep(POLL_LOG)
        except NotFoundError:
            await self.close(GONE)

    async def _send_log(self, run: Run, cursor: int | None) -> int:
        """Send what is new; returns where to read on."""
        path = logs.directory(run.project_id, run.pk)
        if cursor is not None:
            first, end = await asyncio.to_thread(logs.bounds, path)
            if end == cursor:
                return cursor
        page = await asyncio.to_thread(logs.read, path, cursor=cursor, limit=LINES)
        if page.lines or cursor is None:
            lines = [asdict(line) for line in page.lines]
            message = {
                "type": "log",
                "run": str(run.pk),
                "lines": lines,
                "cursor": page.cursor,
                "reset": cursor is None,
            }
            await self.send(json.dumps(message))
        return page.cursor

    async def disconnect(self, code: int) -> None:
        if self._loop is not None:
            self._loop.cancel()
