from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.serializers import PersonSerializer
from projects import facets
from projects.choices import Color, EnvType
from projects.limits import KEEP_RUNS, NAME_LENGTH, SLUG_LENGTH
from projects.models import EnvVar, Project


class ProjectSerializer(serializers.ModelSerializer[Project]):
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
            "created_at",
            "updated_at",
        )


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


class ConfirmationSerializer(serializers.Serializer[None]):
    slug = serializers.CharField(required=False, default="", max_length=SLUG_LENGTH)


class MemberSerializer(serializers.Serializer[None]):
    """Who is to be let in: one of both."""

    email = serializers.CharField(required=False, max_length=254)
    user_id = serializers.UUIDField(required=False)


@extend_schema_field({})
class AnyJSONField(serializers.Field[Any, Any, Any, Any]):
    """Any JSON value as it is. Its errors never quote it."""

    def to_internal_value(self, data: object) -> object:
        return data

    def to_representation(self, value: object) -> object:
        return value


class EnvVarSerializer(serializers.Serializer[EnvVar]):
    """A variable as somebody wants it."""

    key = serializers.CharField(max_length=128)
    type = serializers.ChoiceField(choices=EnvType.choices, default=EnvType.STRING)
    value = AnyJSONField(
        required=False,
        allow_null=True,
        help_text="Left out or null, a secret keeps the value it has.",
    )

    default_error_messages = {"invalid": "A variable is an object."}  # noqa: RUF012  (the base class has it so)


class ShownEnvVarSerializer(serializers.ModelSerializer[EnvVar]):
    """A variable as people see it: a secret's value is null."""

    value = AnyJSONField(source="shown", read_only=True)
    is_set = serializers.BooleanField(default=True, read_only=True)

    class Meta:
        model = EnvVar
        fields = ("key", "type", "value", "is_set", "updated_at")
