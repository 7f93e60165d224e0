from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.serializers import StrictSerializer
from runtime.choices import STATUSES, EndReason, LogLevel, RunStatus

LARGEST = 2**63 - 1  # a position in a log


class StartSerializer(StrictSerializer):
    """What to start; empty for the active release."""

    version = serializers.CharField(required=False, max_length=20)
    branch = serializers.CharField(required=False, max_length=100)


class WaitSerializer(serializers.Serializer[None]):
    wait = serializers.FloatField(
        required=False, default=0.0, min_value=0, help_text="seconds that the answer may be held, at most 30"
    )


class RunSerializer(serializers.Serializer[dict[str, Any]]):
    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=RunStatus.choices)
    release = serializers.CharField(allow_null=True)
    branch = serializers.CharField(allow_null=True)
    reason = serializers.ChoiceField(choices=EndReason.choices, allow_null=True)
    error = serializers.CharField(allow_null=True)
    restarts = serializers.IntegerField()
    epoch = serializers.IntegerField()
    requested_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class RouteSerializer(serializers.Serializer[dict[str, Any]]):
    method = serializers.CharField()
    path = serializers.CharField()


class StatusSerializer(serializers.Serializer[dict[str, Any]]):
    status = serializers.ChoiceField(choices=STATUSES)
    run = RunSerializer(allow_null=True)
    routes = RouteSerializer(many=True)
    schedules = serializers.ListField(child=serializers.CharField(), max_length=0, help_text="Empty for now.")
    route_url = serializers.CharField()


class LogQuerySerializer(serializers.Serializer[None]):
    run = serializers.UUIDField(required=False)
    cursor = serializers.IntegerField(required=False, min_value=0, max_value=LARGEST)
    before = serializers.IntegerField(required=False, min_value=0, max_value=LARGEST)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=1000, default=200)
    level = serializers.ChoiceField(choices=LogLevel.choices, required=False)
    search = serializers.CharField(required=False, max_length=200)


class RunQuerySerializer(serializers.Serializer[None]):
    run = serializers.UUIDField(required=False)


class LineSerializer(serializers.Serializer[dict[str, Any]]):
    time = serializers.CharField()
    level = serializers.CharField()
    message = serializers.CharField()
    cursor = serializers.IntegerField()


class LogsSerializer(serializers.Serializer[dict[str, Any]]):
    """`cursor` reads on from here, `start` is `before` of the page that comes earlier, `end` the log's length."""

    run = serializers.UUIDField(allow_null=True)
    lines = LineSerializer(many=True)
    cursor = serializers.IntegerField()
    start = serializers.IntegerField()
    end = serializers.IntegerField()
