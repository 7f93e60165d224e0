from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.serializers import PersonSerializer, StrictSerializer
from projects import facets, time_zones
from projects.choices import Color, EnvType
from projects.limits import ENV_TEXT_LENGTH, KEEP_RUNS, NAME_LENGTH, SLUG_LENGTH
from projects.models import EnvVar, Project


class TimeZoneField(serializers.ChoiceField):
    """All of them share the names of six hundred zones, which would be copied for each serializer otherwise."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=(), **options)
        self.grouped_choices = self._choices = self.choice_strings_to_values = _zones()


@cache
def _zones() -> dict[str, str]:
    return {name: name for name in time_zones.names()}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "some settings", {"name": "Shop", "color": "teal", "auto_start": True}, request_only=True
        )
    ]
)
class ProjectSerializer(StrictSerializer, serializers.ModelSerializer[Project]):
    """A project; `represent` adds the facets."""

    owner = PersonSerializer(read_only=True)
    members = PersonSerializer(many=True, read_only=True)
    slug = serializers.CharField(
        max_length=SLUG_LENGTH,
        required=False,
        allow_blank=True,
        help_text="Made of the name where it is left out.",
    )
    color = serializers.ChoiceField(choices=Color.choices, allow_blank=True, required=False)
    name = serializers.CharField(max_length=NAME_LENGTH)
    keep_runs = serializers.IntegerField(min_value=1, max_value=KEEP_RUNS, required=False)
    auto_start = serializers.BooleanField(required=False)
    time_zone = TimeZoneField(required=False)
    api_key_prefix = serializers.CharField(
        source="api_key.prefix",
        read_only=True,
        default=None,
        allow_null=True,
        help_text="The visible part of the API key; null without one.",
    )

    class Meta:
        model = Project
        fields = (
            "id",
            "name",
            "slug",
            "color",
            "owner",
            "members",
            "auto_start",
            "keep_runs",
            "time_zone",
            "api_key_prefix",
            "created_at",
            "updated_at",
        )

    def answered(self) -> Iterable[str]:
        return facets.names()


class ProjectNameSerializer(serializers.ModelSerializer[Project]):
    """A project as those see it who give people access to it."""

    class Meta:
        model = Project
        fields = ("id", "name", "slug", "color")


def represent(projects: Sequence[Project]) -> list[dict[str, Any]]:
    """Projects with all their facets: a constant number of queries for any number of projects."""
    loaded = facets.load(projects)
    # One serializer for all: making one costs more than what it does for a project.
    rows = ProjectSerializer(projects, many=True).data
    return [{**row, **loaded[project.pk]} for project, row in zip(projects, rows, strict=True)]


class ConfirmationSerializer(StrictSerializer):
    slug = serializers.CharField(required=False, default="", max_length=SLUG_LENGTH)


@extend_schema_serializer(
    examples=[OpenApiExample("a person", {"email": "bob@example.org"}, request_only=True)]
)
class MemberSerializer(StrictSerializer):
    """Who is to be let in: one of both."""

    email = serializers.CharField(required=False, max_length=254)
    user_id = serializers.UUIDField(required=False)


class ApiKeySerializer(serializers.Serializer[None]):
    """A new key, shown this once."""

    api_key = serializers.CharField()
    prefix = serializers.CharField()


@extend_schema_field({})
class AnyJSONField(serializers.Field[Any, Any, Any, Any]):
    """Any JSON value as it is. Its errors never quote it."""

    def to_internal_value(self, data: object) -> object:
        return data

    def to_representation(self, value: object) -> object:
        return value


@extend_schema_serializer(
    examples=[
        OpenApiExample("a number", {"key": "PAGE_SIZE", "type": "integer", "value": 20}, request_only=True)
    ]
)
class EnvVarSerializer(StrictSerializer):
    """A variable as somebody wants it."""

    key = serializers.CharField(max_length=128)
    type = serializers.ChoiceField(choices=EnvType.choices, default=EnvType.STRING)
    value = AnyJSONField(
        required=False,
        allow_null=True,
        help_text="Left out or null, a secret keeps the value it has.",
    )

    def answered(self) -> Iterable[str]:
        return ShownEnvVarSerializer.Meta.fields

    default_error_messages = {"invalid": "A variable is an object."}  # noqa: RUF012  (the base class has it so)


class ShownEnvVarSerializer(serializers.ModelSerializer[EnvVar]):
    """A variable as people see it: a secret's value is null."""

    value = AnyJSONField(source="shown", read_only=True)
    is_set = serializers.BooleanField(default=True, read_only=True)

    class Meta:
        model = EnvVar
        fields = ("key", "type", "value", "is_set", "updated_at")


class EnvTextSerializer(StrictSerializer):
    """A `.env` text to take in."""

    text = serializers.CharField(max_length=ENV_TEXT_LENGTH, trim_whitespace=False, allow_blank=True)
    replace = serializers.BooleanField(
        default=False, help_text="Whether variables that the text does not name are deleted."
    )
    secret = serializers.BooleanField(default=False, help_text="Whether new variables are secrets.")


class DryRunSerializer(StrictSerializer):
    dry_run = serializers.BooleanField(default=False, help_text="Say what would change, and change nothing.")


class EnvChangesSerializer(serializers.Serializer[None]):
    """Keys by what became of them."""

    created = serializers.ListField(child=serializers.CharField())
    updated = serializers.ListField(child=serializers.CharField())
    unchanged = serializers.ListField(child=serializers.CharField())
    deleted = serializers.ListField(child=serializers.CharField())


class RevealedSerializer(serializers.Serializer[None]):
    key = serializers.CharField()
    value = AnyJSONField()


class ExportSerializer(serializers.Serializer[None]):
    """What an archive takes along beside the rest."""

    records = serializers.BooleanField(default=True, help_text="The records of collections.")
    files = serializers.BooleanField(default=False, help_text="The files of the storage.")


class ImportSerializer(serializers.Serializer[None]):
    archive = serializers.FileField(help_text="A zip file that an export made.")
    name = serializers.CharField(max_length=NAME_LENGTH, default="", allow_blank=True)
    slug = serializers.CharField(max_length=SLUG_LENGTH, default="", allow_blank=True)


class ImportedSerializer(serializers.Serializer[None]):
    project = ProjectSerializer()
    missing_secrets = serializers.ListField(
        child=serializers.CharField(), help_text="Keys of secrets, which no archive holds: set them anew."
    )
