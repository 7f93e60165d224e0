"""What the doors to collections and records take and answer, as OpenAPI says it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from accounts.serializers import StrictSerializer
from projects.choices import (
    DataFormat,
    FieldType,
    ImportMode,
    ImportStatus,
    IndexStatus,
    OnDelete,
    OnImportError,
)
from projects.collections.filters import CONDITIONS
from projects.limits import NAME_LENGTH, RECORDS_AT_ONCE, SLUG_LENGTH
from projects.models import RecordImport
from projects.serializers import AnyJSONField

ANY: dict[str, Any] = {}
_UUID = {"type": "string", "format": "uuid", "readOnly": True}
_MOMENT = {"type": "string", "format": "date-time", "readOnly": True}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "a customer", {"email": "ada@example.org", "age": 36, "plan": "pro"}, request_only=True
        )
    ]
)
class RecordSerializer(serializers.Serializer[None]):
    """A record: its id and times, and a value for each field of its collection."""


class _RecordExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """The other keys of a record are the fields that the author of its collection chose: any JSON."""

    target_class = "projects.api.shapes.RecordSerializer"

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:  # noqa: ANN401  (as the base has it)
        own = {"id": _UUID, "created_at": _MOMENT, "updated_at": _MOMENT}
        schema: dict[str, Any] = {"type": "object", "properties": own, "additionalProperties": ANY}
        # Read-only keys are required of answers only (OpenAPI 3.0, "readOnly").
        return {**schema, "required": list(own)}


class RecordPageSerializer(serializers.Serializer[None]):
    """A page of records. Behind a cursor nothing is counted, and `count` is null."""

    count = serializers.IntegerField(allow_null=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    next_cursor = serializers.CharField(allow_null=True)
    results = RecordSerializer(many=True)


class RecordsSerializer(serializers.Serializer[None]):
    records = RecordSerializer(many=True)


@extend_schema_field(
    {
        "type": "array",
        "minItems": 1,
        "maxItems": RECORDS_AT_ONCE,
        "items": {"$ref": "#/components/schemas/Record"},
    }
)
class RawRecordsField(serializers.Field[Any, Any, Any, Any]):
    """Bodies of records as they are: the action checks them against the collection."""

    def to_internal_value(self, data: object) -> object:
        if not isinstance(data, list) or not data:
            raise serializers.ValidationError("A list of at least one record is needed.")
        return data


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "two customers",
            {"records": [{"email": "ada@example.org"}, {"email": "bob@example.org"}]},
            request_only=True,
        )
    ]
)
class RecordBulkSerializer(StrictSerializer):
    records = RawRecordsField()


class RecordFilterSerializer(serializers.Serializer[None]):
    """A filter: an object of fields with values or operators, or a list of conditions; see the docs."""


class _FilterExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """The other keys of a filter are fields that the author of its collection chose; their values may be any JSON."""

    target_class = "projects.api.shapes.RecordFilterSerializer"

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:  # noqa: ANN401  (as the base has it)
        inner = {"$ref": "#/components/schemas/RecordFilterRequest"}
        group = {"type": "array", "items": inner, "minItems": 1, "maxItems": CONDITIONS}
        return {
            "type": ["object", "array"],
            "properties": {"$and": group, "$or": group, "$not": inner},
            "additionalProperties": ANY,
            "items": inner,
            "maxItems": CONDITIONS,
            "example": {"age": {"$gte": 18}, "$or": [{"plan": "pro"}, {"plan": "free"}]},
        }


@extend_schema_field(RecordFilterSerializer)
class FilterField(AnyJSONField):
    """A filter as it is: the grammar checks it against the collection."""


@extend_schema_serializer(
    examples=[OpenApiExample("by a filter", {"filter": {"plan": "free"}, "confirm": True}, request_only=True)]
)
class RecordBulkDeleteSerializer(StrictSerializer):
    """Which records are to go: `ids`, or a `filter` (an empty one means all) with `confirm`."""

    ids = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=10 * RECORDS_AT_ONCE
    )
    filter = FilterField(required=False)
    confirm = serializers.BooleanField(required=False, default=False)


class DeletedCountSerializer(serializers.Serializer[None]):
    deleted_count = serializers.IntegerField()


class RecordQuerySerializer(StrictSerializer):
    """A query in a body. `filters` and `limit` are other words for `filter` and `page_size`."""

    filter = FilterField(required=False, allow_null=True)
    filters = FilterField(required=False, allow_null=True)
    search = serializers.CharField(required=False, allow_blank=True, default="", max_length=1000)
    sort = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)
    order = serializers.ChoiceField(choices=["asc", "desc"], required=False, allow_blank=True, default="")
    page = serializers.IntegerField(required=False, default=1, min_value=1, max_value=1_000_000)
    page_size = serializers.IntegerField(required=False, min_value=1, max_value=RECORDS_AT_ONCE)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=RECORDS_AT_ONCE)
    cursor = serializers.CharField(required=False, allow_blank=True, default="", max_length=10_000)


class CollectionFieldSerializer(serializers.Serializer[None]):
    """One field of a collection."""

    key = serializers.RegexField(r"^[A-Za-z][A-Za-z0-9_]{0,63}$")
    type = serializers.ChoiceField(choices=FieldType.choices, required=False)
    required = serializers.BooleanField(required=False)  # type: ignore[assignment]
    default_value = AnyJSONField(required=False, allow_null=True)
    unique = serializers.BooleanField(required=False)
    indexed = serializers.BooleanField(required=False)
    options = serializers.ListField(child=serializers.CharField(), required=False)
    target = serializers.CharField(
        required=False, allow_null=True, help_text="Slug of the collection referred to."
    )
    on_delete = serializers.ChoiceField(choices=OnDelete.choices, required=False)


class WantedCollectionFieldSerializer(CollectionFieldSerializer):
    """One field as somebody wants it."""

    ref_model = serializers.CharField(required=False, allow_null=True, help_text="The same as `target`.")
    renamed_from = serializers.CharField(
        required=False,
        allow_null=True,
        help_text="The key that this field had so far; its values come along.",
    )


class RawField(serializers.Field[Any, Any, Any, Any]):
    """A part of a body that its action checks, with pointers of its own."""

    def to_internal_value(self, data: object) -> object:
        return data

    def to_representation(self, value: object) -> object:
        return value


@extend_schema_field(WantedCollectionFieldSerializer(many=True))
class RawFieldsField(RawField):
    pass


class TableConfigSerializer(serializers.Serializer[None]):
    columns = serializers.ListField(child=serializers.CharField(), required=False)
    filters = serializers.ListField(child=serializers.CharField(), required=False)
    sort_columns = serializers.ListField(child=serializers.CharField(), required=False)
    searchable = serializers.ListField(child=serializers.CharField(), required=False)


class FormConfigSerializer(serializers.Serializer[None]):
    field_order = serializers.ListField(child=serializers.CharField(), required=False)
    hidden_fields = serializers.ListField(child=serializers.CharField(), required=False)
    field_views = serializers.DictField(child=serializers.CharField(), required=False)


@extend_schema_field(TableConfigSerializer)
class RawTableField(RawField):
    pass


@extend_schema_field(FormConfigSerializer)
class RawFormField(RawField):
    pass


class WantedCollectionSerializer(StrictSerializer):
    """A collection as somebody wants it; what is left out of a change stays."""

    name = serializers.CharField(max_length=NAME_LENGTH)
    slug = serializers.CharField(max_length=SLUG_LENGTH, required=False, allow_blank=True)
    fields = RawFieldsField(required=False)  # type: ignore[assignment]
    table_config = RawTableField(required=False)
    form_config = RawFormField(required=False)

    def answered(self) -> Iterable[str]:
        return tuple(CollectionSerializer().get_fields())


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "one more field",
            {
                "fields": [
                    {"key": "email", "type": "string", "required": True, "unique": True},
                    {"key": "city", "type": "string"},
                ]
            },
            request_only=True,
        )
    ]
)
class ChangedCollectionSerializer(WantedCollectionSerializer):
    record_limit = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=2**31 - 1, help_text="Changed by root alone."
    )
    confirm = serializers.BooleanField(
        required=False, default=False, help_text="Go on although values of records are lost."
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "without age",
            {"fields": [{"key": "email", "type": "string", "required": True}]},
            request_only=True,
        )
    ]
)
class PlannedFieldsSerializer(StrictSerializer):
    fields = RawFieldsField()  # type: ignore[assignment]


class SchemaChangeSerializer(serializers.Serializer[None]):
    """What a change of fields does to records."""

    kind = serializers.ChoiceField(
        choices=[
            *("field_removed", "type_changed", "target_changed", "options_removed", "value_too_long"),
            *("required_missing", "not_unique"),
        ]
    )
    field = serializers.CharField()
    count = serializers.IntegerField()
    detail = serializers.CharField()
    blocking = serializers.BooleanField()
    examples = serializers.ListField(child=serializers.CharField())


class SchemaPlanSerializer(serializers.Serializer[None]):
    possible = serializers.BooleanField()
    loses_data = serializers.BooleanField()
    changes = SchemaChangeSerializer(many=True)


class FieldIndexSerializer(serializers.Serializer[None]):
    """A database index: `blocking` while it is made in a way that keeps writers out."""

    field = serializers.CharField()
    unique = serializers.BooleanField()
    status = serializers.ChoiceField(choices=IndexStatus.choices)
    error = serializers.CharField(allow_blank=True)
    blocking = serializers.BooleanField()


class CollectionSerializer(serializers.Serializer[Any]):
    """A collection."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    slug = serializers.CharField()
    fields = CollectionFieldSerializer(many=True)  # type: ignore[assignment]
    table_config = TableConfigSerializer()
    form_config = FormConfigSerializer()
    indexes = FieldIndexSerializer(many=True)
    record_count = serializers.IntegerField()
    record_limit = serializers.IntegerField()
    revision = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ImportErrorSerializer(serializers.Serializer[None]):
    line = serializers.IntegerField()
    pointer = serializers.CharField(allow_blank=True)
    code = serializers.CharField()
    detail = serializers.CharField()


class RecordImportSerializer(serializers.ModelSerializer[RecordImport]):
    """An import; `errors` are the first thousand."""

    status = serializers.ChoiceField(choices=ImportStatus.choices)
    format = serializers.ChoiceField(choices=DataFormat.choices)
    mode = serializers.ChoiceField(choices=ImportMode.choices)
    on_error = serializers.ChoiceField(choices=OnImportError.choices)
    phase = serializers.ChoiceField(choices=["checking", "writing"])
    total = serializers.IntegerField(allow_null=True)
    errors = ImportErrorSerializer(many=True)  # type: ignore[assignment]
    url = serializers.CharField()

    class Meta:
        model = RecordImport
        fields = (
            *("id", "status", "format", "mode", "key", "on_error", "dry_run", "phase", "total", "processed"),
            *("inserted", "updated", "failed", "errors", "url", "created_at", "finished_at"),
        )


class ImportQuerySerializer(StrictSerializer):
    """Parameters of an import."""

    format = serializers.ChoiceField(
        choices=DataFormat.choices,
        required=False,
        help_text="By default what the type or name of the file says.",
    )
    mode = serializers.ChoiceField(choices=ImportMode.choices, default=ImportMode.INSERT)
    key = serializers.CharField(default="id", max_length=64, help_text="`id` or a unique field, for upsert.")
    on_error = serializers.ChoiceField(choices=OnImportError.choices, default=OnImportError.ABORT)
    dry_run = serializers.BooleanField(default=False)
    wait = serializers.FloatField(default=0, min_value=0, max_value=30)


class ExportQuerySerializer(serializers.Serializer[None]):
    """Parameters of an export, beside those of a query."""

    format = serializers.ChoiceField(choices=DataFormat.choices, default=DataFormat.CSV)
    bom = serializers.BooleanField(
        default=False, help_text="Begin CSV with a byte order mark, for spreadsheets."
    )
