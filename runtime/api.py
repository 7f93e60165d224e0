"""REST of services: start, stop, restart, status and logs of a project."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.idempotency import idempotent
from accounts.errors import NotFoundError
from projects.api.base import ProjectDoor
from runtime import logs
from runtime.actions.runs import restart_service, start_service, stop_service
from runtime.choices import FINAL_STATUSES, RunStatus
from runtime.models import Run
from runtime.serializers import (
    LogQuerySerializer,
    LogsSerializer,
    RunQuerySerializer,
    RunSerializer,
    StartSerializer,
    StatusSerializer,
    WaitSerializer,
)
from runtime.states import describe_project, describe_run

LONGEST_WAIT = 30.0
REPLAYED = "Idempotency-Replayed"
START_EXAMPLES = [
    OpenApiExample("the active release", {}, request_only=True),
    OpenApiExample("another release", {"version": "0.2"}, request_only=True),
    OpenApiExample("the draft of a branch", {"branch": "develop"}, request_only=True),
]
# Each request that waits holds a thread of web; the rest of the pool stays free for everybody else.
_waiters = threading.BoundedSemaphore(6)


def wait_for(run: Run, seconds: float, done: Callable[[Run], bool]) -> Run:
    """The run once `done`, or as it is after `seconds`, or at once when too many requests wait already."""
    deadline = time.monotonic() + min(seconds, LONGEST_WAIT)
    pause = 0.004
    if not _waiters.acquire(blocking=False):
        return run
    try:
        while not done(run) and time.monotonic() < deadline:
            time.sleep(pause)
            pause = min(pause * 1.3, 0.1)
            run.refresh_from_db(
                fields=["status", "reason", "error", "started_at", "finished_at", "restarts", "epoch"]
            )
    finally:
        _waiters.release()
    return run


def _seconds(request: Request) -> float:
    query = WaitSerializer(data=request.query_params)
    query.is_valid(raise_exception=True)
    seconds: float = query.validated_data["wait"]
    return seconds


def _runs_or_failed(run: Run) -> bool:
    return run.status == RunStatus.RUNNING or run.is_final


def _accepted(run: Run) -> Response:
    return Response(RunSerializer(describe_run(run)).data, status=status.HTTP_202_ACCEPTED)


def _held(answer: Response, seconds: float, done: Callable[[Run], bool]) -> Response:
    """The answer once its run is `done`, or after `seconds`; outside of any transaction, which nodes could not see."""
    run = Run.objects.filter(pk=answer.data["id"]).first() if seconds else None
    if run is None:
        return answer
    replayed = {name: answer[name] for name in (REPLAYED,) if name in answer}
    data = RunSerializer(describe_run(wait_for(run, seconds, done))).data
    return Response(data, status=answer.status_code, headers=replayed)


class StartView(ProjectDoor):
    tag = "service"

    @extend_schema(
        operation_id="projects_start",
        parameters=[WaitSerializer],
        request=StartSerializer,
        responses={202: RunSerializer},
        examples=START_EXAMPLES,
    )
    def post(self, request: Request, project: str) -> Response:
        """Start a release, a branch, or with an empty body the active release; `?wait=` holds the answer."""
        seconds = _seconds(request)
        return _held(self._start(request, project), seconds, _runs_or_failed)

    post.idempotent = True  # type: ignore[attr-defined]  # read by the API's document

    @idempotent
    def _start(self, request: Request, project: str) -> Response:
        found = self.project
        data = StartSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        return _accepted(start_service(actor=self.actor, project=found, **data.validated_data))


class RestartView(ProjectDoor):
    tag = "service"

    @extend_schema(
        operation_id="projects_restart",
        parameters=[WaitSerializer],
        request=StartSerializer,
        responses={202: RunSerializer},
        examples=START_EXAMPLES,
    )
    def post(self, request: Request, project: str) -> Response:
        """Start anew what ran last, or the release or branch that is named."""
        seconds = _seconds(request)
        return _held(self._restart(request, project), seconds, _runs_or_failed)

    post.idempotent = True  # type: ignore[attr-defined]

    @idempotent
    def _restart(self, request: Request, project: str) -> Response:
        found = self.project
        data = StartSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        action = start_service if data.validated_data else restart_service
        return _accepted(action(actor=self.actor, project=found, **data.validated_data))


class StopView(ProjectDoor):
    tag = "service"

    @extend_schema(
        operation_id="projects_stop",
        parameters=[WaitSerializer],
        request=None,
        responses={202: RunSerializer, 204: None},
    )
    def post(self, request: Request, project: str) -> Response:
        """Stop the service; answers the run that is to end, or the last one; 204 where none ever was."""
        seconds = _seconds(request)
        project_found = self.project
        run = stop_service(actor=self.actor, project=project_found)
        run = run or Run.objects.latest_of([project_found]).first()
        if run is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        run.refresh_from_db()
        return _held(_accepted(run), seconds, lambda it: it.status in FINAL_STATUSES)


class StatusView(ProjectDoor):
    tag = "service"

    @extend_schema(responses=StatusSerializer)
    def get(self, request: Request, project: str) -> Response:
        """Status, newest run, routes and schedules."""
        return Response(StatusSerializer(describe_project(self.project)).data)


class LogDoor(ProjectDoor):
    """Doors to the log of one run: the newest, or the one that `?run=` names."""

    tag = "logs"

    def run_of(self, run_id: UUID | None) -> Run | None:
        runs = Run.objects.filter(project=self.project)
        if run_id is None:
            return runs.order_by("-created_at").first()
        found = runs.filter(pk=run_id).first()
        if found is None:
            raise NotFoundError("run_not_found", _("There is no such run."))
        return found


class LogsView(LogDoor):
    @extend_schema(parameters=[LogQuerySerializer], responses=LogsSerializer)
    def get(self, request: Request, project: str) -> Response:
        """Messages from `cursor` on, or the last ones up to `before`, or the newest."""
        query = LogQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted: dict[str, Any] = dict(query.validated_data)
        run = self.run_of(wanted.pop("run", None))
        if run is None:
            return Response(
                LogsSerializer({"run": None, "lines": [], "cursor": 0, "start": 0, "end": 0}).data
            )
        page = logs.read(logs.directory(run.project_id, run.pk), **wanted)
        return Response(LogsSerializer({"run": run.pk, **asdict(page)}).data)


class LogDownloadView(LogDoor):
    @extend_schema(parameters=[RunQuerySerializer], responses={(200, "text/plain"): str})
    def get(self, request: Request, project: str) -> StreamingHttpResponse:
        """The whole log as a text file."""
        query = RunQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        run = self.run_of(query.validated_data.get("run"))
        content = logs.download(logs.directory(run.project_id, run.pk)) if run else iter(())
        answer = StreamingHttpResponse(content, content_type="text/plain; charset=utf-8")
        name = f"{self.project.slug}-{run.created_at:%Y%m%d-%H%M%S}" if run else self.project.slug
        answer["Content-Disposition"] = f'attachment; filename="{name}.log"'
        return answer
