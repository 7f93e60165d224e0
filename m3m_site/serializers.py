"""What the platform says of itself."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class VersionSerializer(serializers.Serializer[dict[str, Any]]):
    name = serializers.CharField()
    version = serializers.CharField()
    api = serializers.CharField(help_text="The version of OpenAPI that /api/schema speaks.")


class NodeSerializer(serializers.Serializer[dict[str, Any]]):
    """A worker process that hosts services."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    pid = serializers.IntegerField()
    alive = serializers.BooleanField()
    services = serializers.IntegerField(help_text="Runs that it holds.")
    registered_at = serializers.DateTimeField()
    lease_expires_at = serializers.DateTimeField()


class VersionsSerializer(serializers.Serializer[dict[str, Any]]):
    m3m = serializers.CharField()
    python = serializers.CharField()
    django = serializers.CharField()
    engine = serializers.CharField(help_text="quickjs-ng")
    database = serializers.CharField(allow_null=True)
    redis = serializers.CharField(allow_null=True)


class SpaceSerializer(serializers.Serializer[dict[str, Any]]):
    """Bytes."""

    total = serializers.IntegerField()
    free = serializers.IntegerField()
    data_directory = serializers.IntegerField(allow_null=True, help_text="null while it is counted.")


class CountsSerializer(serializers.Serializer[dict[str, Any]]):
    users = serializers.IntegerField()
    projects = serializers.IntegerField()
    services_running = serializers.IntegerField()


class SettingSerializer(serializers.Serializer[dict[str, Any]]):
    key = serializers.CharField()
    value = serializers.CharField()


class SystemSerializer(serializers.Serializer[dict[str, Any]]):
    """The installation, without secrets."""

    versions = VersionsSerializer()
    database = serializers.CharField(help_text="`sqlite` or `postgresql`")
    started_at = serializers.DateTimeField(help_text="When this web process started.")
    uptime = serializers.IntegerField(help_text="seconds")
    nodes = NodeSerializer(many=True)
    tasks_waiting = serializers.IntegerField(allow_null=True, help_text="null where Redis is away")
    space = SpaceSerializer()
    counts = CountsSerializer()
    settings = SettingSerializer(many=True)
