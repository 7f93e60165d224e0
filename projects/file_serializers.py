"""JSON of files and links."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.serializers import PersonSerializer, StrictSerializer
from projects.durations import PATTERN, parse_duration
from projects.files.previews import has_preview
from projects.files.store import ORDERS, Entry
from projects.limits import PATH_BYTES
from projects.models import FileLink, Project

_TEXT_CHARACTERS = 2 * 1024 * 1024


class PathField(serializers.CharField):
    """A path below the root of a project's files."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=PATH_BYTES + 2, trim_whitespace=False, **options)


class EntrySerializer(serializers.Serializer[Entry]):
    """A file or folder; the context has its `project`."""

    name = serializers.CharField(read_only=True)
    path = serializers.CharField(read_only=True)
    is_dir = serializers.BooleanField(read_only=True)
    size = serializers.IntegerField(read_only=True, help_text="bytes; 0 of a folder")
    mime_type = serializers.CharField(read_only=True, help_text="guessed by the name; empty of a folder")
    updated_at = serializers.DateTimeField(read_only=True)
    etag = serializers.CharField(read_only=True, help_text="changes with the content; empty of a folder")
    url = serializers.SerializerMethodField(help_text="of the download")
    preview_url = serializers.SerializerMethodField()

    def get_url(self, entry: Entry) -> str | None:
        return None if entry.is_dir else self._address("download", entry)

    def get_preview_url(self, entry: Entry) -> str | None:
        return self._address("preview", entry) if has_preview(entry) else None

    def _address(self, door: str, entry: Entry) -> str:
        project: Project = self.context["project"]
        return f"/api/projects/{project.pk}/storage/{door}/{quote(entry.path)}"


class StorageListSerializer(serializers.Serializer[None]):
    """A page of a folder, and the project's space."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = EntrySerializer(many=True)
    path = serializers.CharField(allow_blank=True)
    used = serializers.IntegerField(help_text="bytes of all files")
    limit = serializers.IntegerField(help_text="bytes that the project may use")
    files = serializers.IntegerField(help_text="number of all files and folders")
    file_limit = serializers.IntegerField()


class StorageQuerySerializer(serializers.Serializer[None]):
    """How a folder is listed."""

    path = PathField(required=False, default="", allow_blank=True, help_text="Of the folder.")
    ordering = serializers.ChoiceField(choices=ORDERS, required=False, default="name")
    search = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=255,
        help_text="Part of a name, upper or lower case alike, in the folder and all below it.",
    )
    recursive = serializers.BooleanField(
        required=False, default=False, help_text="List all that is below, too."
    )


class UploadQuerySerializer(serializers.Serializer[None]):
    """Where uploads go."""

    path = PathField(
        required=False,
        default="",
        allow_blank=True,
        help_text="Of the file, where the body is the file itself; of the folder for a form.",
    )
    overwrite = serializers.BooleanField(
        required=False, default=False, help_text="Replace files that are there."
    )


class UploadSerializer(serializers.Serializer[None]):
    """A form with files."""

    path = PathField(required=False, allow_blank=True, help_text="Of the folder; the root without it.")
    overwrite = serializers.BooleanField(required=False, help_text="Replace files that are there.")
    file = serializers.ListField(child=serializers.FileField(), min_length=1)


class FolderSerializer(StrictSerializer):
    path = PathField()


class DeletionQuerySerializer(serializers.Serializer[None]):
    recursive = serializers.BooleanField(
        required=False, default=False, help_text="Delete a folder with all that is in it."
    )


class PathDeletionQuerySerializer(DeletionQuerySerializer):
    path = PathField(help_text="What to delete.")


class MoveSerializer(StrictSerializer):
    path = PathField()
    new_path = PathField()
    overwrite = serializers.BooleanField(
        required=False, default=False, help_text="Replace a file that is there."
    )


class RenameSerializer(StrictSerializer):
    """One of both: the whole new path, or a new name in the same folder."""

    path = PathField()
    new_path = PathField(required=False)
    name = PathField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("new_path" in attrs) == ("name" in attrs):
            raise serializers.ValidationError({"new_path": ["Give either new_path or name."]})
        return attrs


class ContentField(serializers.CharField):
    """Text of a file."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=_TEXT_CHARACTERS, trim_whitespace=False, allow_blank=True, **options)


class NewTextFileSerializer(StrictSerializer):
    path = PathField()
    content = ContentField(required=False, default="")


@extend_schema_serializer(examples=[OpenApiExample("a text", {"content": "# Notes\n"}, request_only=True)])
class TextContentSerializer(StrictSerializer):
    content = ContentField()

    def answered(self) -> Iterable[str]:
        return TextFileSerializer().fields


class TextFileSerializer(EntrySerializer):
    """A text file with its content."""

    content = serializers.SerializerMethodField()

    def get_content(self, entry: Entry) -> str:
        return str(self.context["content"])


@extend_schema_field({"oneOf": [{"type": "string", "pattern": PATTERN}, {"type": "integer", "minimum": 1}]})
class DurationField(serializers.Field[timedelta, Any, Any, Any]):
    """A duration such as `30s`, `15m` or `168h`; a bare number is seconds."""

    default_error_messages = {  # noqa: RUF012  (the base class has it so)
        "invalid": gettext_lazy("Write a duration such as 30s, 15m or 168h.")
    }

    def to_internal_value(self, data: object) -> timedelta:
        try:
            if isinstance(data, int) and not isinstance(data, bool):
                return timedelta(seconds=data)
            if isinstance(data, str):
                return parse_duration(data)
        except (ValueError, OverflowError):
            pass
        raise serializers.ValidationError(self.error_messages["invalid"], "invalid")

    def to_representation(self, value: timedelta) -> str:
        return f"{int(value.total_seconds())}s"


class NewLinkSerializer(StrictSerializer):
    path = PathField(help_text="Of the file.")
    expires_in = DurationField(
        required=False, allow_null=True, default=None, help_text="Such as `168h`; never without it."
    )
    download = serializers.BooleanField(
        required=False, default=False, help_text="Never shown in the browser, whatever it is."
    )


class LinkSerializer(serializers.ModelSerializer[FileLink]):
    created_by = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = FileLink
        fields = ("id", "path", "filename", "download", "expires_at", "created_by", "created_at")


class NewLinkAnswerSerializer(LinkSerializer):
    """A link just made: what lets its holder in is told this once."""

    token = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()

    class Meta(LinkSerializer.Meta):
        fields = (*LinkSerializer.Meta.fields, "token", "url")  # type: ignore[assignment]

    def get_token(self, link: FileLink) -> str:
        return str(self.context["token"])

    def get_url(self, link: FileLink) -> str:
        path = f"/api/storage/public/{self.context['token']}/{quote(link.filename)}"
        return f"{settings.PUBLIC_URI}{path}"
