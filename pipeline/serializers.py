from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from accounts.errors import UserError
from accounts.serializers import PersonSerializer
from pipeline.choices import Bump, Tag
from pipeline.models import Branch, Release


class FileSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=255, trim_whitespace=False)
    code = serializers.CharField(allow_blank=True, trim_whitespace=False)


class BranchSerializer(serializers.ModelSerializer[Branch]):
    """A branch without its code, as in lists."""

    etag = serializers.CharField(read_only=True)

    class Meta:
        model = Branch
        fields: tuple[str, ...] = (
            "name",
            "revision",
            "etag",
            "parent_branch",
            "created_from_release",
            "created_at",
            "updated_at",
        )
        read_only_fields: tuple[str, ...] = fields


class BranchContentSerializer(BranchSerializer):
    """A branch with its code; `code` is that of `main`."""

    files = FileSerializer(many=True, read_only=True)
    code = serializers.CharField(read_only=True)

    class Meta(BranchSerializer.Meta):
        fields = (*BranchSerializer.Meta.fields, "files", "code")
        read_only_fields = fields

    def to_representation(self, instance: Branch) -> dict[str, Any]:
        return {**BranchSerializer(instance).data, **_content(instance.as_files())}


class NewBranchSerializer(serializers.Serializer[Branch]):
    """Where a branch begins: one of both sources."""

    name = serializers.CharField(max_length=64)
    parent_branch = serializers.CharField(
        max_length=64, required=False, default="", allow_blank=True, allow_null=True
    )
    created_from_release = serializers.CharField(
        max_length=16, required=False, default="", allow_blank=True, allow_null=True
    )


class SaveBranchSerializer(serializers.Serializer[Branch]):
    """Either all files, or the code of `main` alone."""

    files = FileSerializer(many=True, required=False)
    code = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("files" in attrs) == ("code" in attrs):
            raise serializers.ValidationError(_("Send either `files` or `code`."))
        return attrs

    def as_files(self) -> dict[str, str]:
        """Raises UserError when two files have one name, which a mapping would hide."""
        files: dict[str, str] = {}
        for index, file in enumerate(self.validated_data["files"]):
            if file["name"] in files:
                raise UserError(
                    "file_twice", _("Two files have the same name."), pointer=f"/files/{index}/name"
                )
            files[file["name"]] = file["code"]
        return files


class ReleaseSerializer(serializers.ModelSerializer[Release]):
    """A release without its code, as in lists."""

    version = serializers.CharField(read_only=True)
    author = PersonSerializer(read_only=True)

    class Meta:
        model = Release
        fields: tuple[str, ...] = ("version", "tag", "comment", "branch", "author", "is_active", "created_at")
        read_only_fields: tuple[str, ...] = fields


class ReleaseContentSerializer(ReleaseSerializer):
    """A release with its code; `code` is that of `main`."""

    files = FileSerializer(many=True, read_only=True)
    code = serializers.CharField(read_only=True)

    class Meta(ReleaseSerializer.Meta):
        fields = (*ReleaseSerializer.Meta.fields, "files", "code")
        read_only_fields = fields

    def to_representation(self, instance: Release) -> dict[str, Any]:
        return {**ReleaseSerializer(instance).data, **_content(instance.as_files())}


class PublishSerializer(serializers.Serializer[Release]):
    branch = serializers.CharField(max_length=64, default="develop")
    bump = serializers.ChoiceField(choices=Bump.choices, default=Bump.MINOR)
    tag = serializers.ChoiceField(choices=Tag.choices, default=Tag.DEVELOP)
    comment = serializers.CharField(max_length=2000, default="", allow_blank=True)
    activate = serializers.BooleanField(default=True, help_text="The first release is activated anyway.")


def _content(files: dict[str, str]) -> dict[str, Any]:
    return {
        "files": [{"name": name, "code": code} for name, code in files.items()],
        "code": files.get("main", ""),
    }
