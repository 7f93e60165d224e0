from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from accounts.errors import UserError
from accounts.serializers import PersonSerializer, StrictSerializer
from pipeline import syntax
from pipeline.choices import Bump, FileStatus, Tag
from pipeline.diffs import FileDiff
from pipeline.models import Branch, BranchRevision, Release


class FileSerializer(StrictSerializer):
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


class FaultSerializer(serializers.Serializer[Any]):
    """A syntax error; line and column count from 1, and are 0 where there is no place to tell."""

    file = serializers.CharField()
    line = serializers.IntegerField(min_value=0)
    column = serializers.IntegerField(min_value=0)
    message = serializers.CharField()


class SavedBranchSerializer(BranchContentSerializer):
    """A branch with its code after a change, and what is wrong in it by JavaScript's grammar."""

    warnings = FaultSerializer(many=True, read_only=True)

    class Meta(BranchContentSerializer.Meta):
        fields = (*BranchContentSerializer.Meta.fields, "warnings")
        read_only_fields = fields

    def to_representation(self, instance: Branch) -> dict[str, Any]:
        files = instance.as_files()
        faults = FaultSerializer(syntax.check(files), many=True).data
        return {**BranchSerializer(instance).data, **_content(files), "warnings": faults}


class NewBranchSerializer(StrictSerializer):
    """Where a branch begins: one of both sources."""

    name = serializers.CharField(max_length=64)
    parent_branch = serializers.CharField(
        max_length=64, required=False, default="", allow_blank=True, allow_null=True
    )
    created_from_release = serializers.CharField(
        max_length=16, required=False, default="", allow_blank=True, allow_null=True
    )


class SaveBranchSerializer(StrictSerializer):
    """Either all files, or the code of `main` alone."""

    files = FileSerializer(many=True, required=False)
    code = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    autosave = serializers.BooleanField(
        default=False, help_text="Nobody pressed a button: the history keeps one such save in five minutes."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("files" in attrs) == ("code" in attrs):
            raise serializers.ValidationError(_("Send either `files` or `code`."))
        return attrs

    def answered(self) -> Iterable[str]:
        return SavedBranchSerializer.Meta.fields

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


@extend_schema_serializer(examples=[OpenApiExample("a name", {"name": "feature"}, request_only=True)])
class BranchNameSerializer(StrictSerializer):
    name = serializers.CharField(max_length=64)


@extend_schema_serializer(examples=[OpenApiExample("a release", {"version": "0.2"}, request_only=True)])
class ResetSerializer(StrictSerializer):
    version = serializers.CharField(max_length=16, help_text="the release whose code it takes")


class SaveFileSerializer(StrictSerializer):
    code = serializers.CharField(allow_blank=True, trim_whitespace=False)
    autosave = serializers.BooleanField(default=False)

    def answered(self) -> Iterable[str]:
        return FileSerializer().fields


class RenameFileSerializer(StrictSerializer):
    name = serializers.CharField(max_length=255, trim_whitespace=False)
    new_name = serializers.CharField(max_length=255, trim_whitespace=False)


class RevisionSerializer(serializers.ModelSerializer[BranchRevision]):
    """One entry of a branch's history, without its code."""

    author = PersonSerializer(read_only=True, allow_null=True)
    file_count = serializers.IntegerField(source="count", read_only=True, min_value=1)

    class Meta:
        model = BranchRevision
        fields: tuple[str, ...] = ("revision", "kind", "author", "author_label", "file_count", "created_at")
        read_only_fields: tuple[str, ...] = fields


class RevisionContentSerializer(RevisionSerializer):
    """What the branch held then; `code` is that of `main`."""

    files = FileSerializer(many=True, read_only=True)
    code = serializers.CharField(read_only=True)

    class Meta(RevisionSerializer.Meta):
        fields = (*RevisionSerializer.Meta.fields, "files", "code")
        read_only_fields = fields

    def to_representation(self, instance: BranchRevision) -> dict[str, Any]:
        return {**RevisionSerializer(instance).data, **_content(instance.as_files())}


class FileDiffSerializer(serializers.Serializer[FileDiff]):
    """One file that differs."""

    name = serializers.CharField()
    status = serializers.ChoiceField(choices=FileStatus.choices)
    old_name = serializers.CharField(allow_null=True, help_text="the former name of a renamed file")
    added = serializers.IntegerField(min_value=0, help_text="lines")
    removed = serializers.IntegerField(min_value=0, help_text="lines")
    diff = serializers.CharField(allow_blank=True, help_text="unified, with three lines of context")
    is_cut = serializers.BooleanField(help_text="The diff is longer than what is answered.")


class DiffSerializer(serializers.Serializer[dict[str, Any]]):
    """What differs between two sources of code."""

    old = serializers.CharField()
    new = serializers.CharField()
    files = FileDiffSerializer(many=True)
    added = serializers.IntegerField(min_value=0, help_text="lines of all files")
    removed = serializers.IntegerField(min_value=0, help_text="lines of all files")


class PurgeSerializer(StrictSerializer):
    keep_last = serializers.IntegerField(min_value=0, max_value=1_000_000, default=0)
    dry_run = serializers.BooleanField(default=False)


class PurgedSerializer(serializers.Serializer[dict[str, Any]]):
    deleted = serializers.ListField(child=serializers.CharField(), help_text="versions, newest first")
    dry_run = serializers.BooleanField()


class ReleaseSerializer(serializers.ModelSerializer[Release]):
    """A release without its code, as in lists."""

    version = serializers.CharField(read_only=True)
    author = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Release
        fields: tuple[str, ...] = (
            "version",
            "tag",
            "comment",
            "branch",
            "author",
            "author_label",
            "is_active",
            "created_at",
        )
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


class PublishSerializer(StrictSerializer):
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
