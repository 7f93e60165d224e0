"""Collections, records and imports in the admin. What changes anything goes through the actions of REST."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanSwitchWidget,
)

from accounts.action_admin import ActionAdmin, VisibleFilter, adopt
from accounts.json_text import loads
from accounts.permissions import actor_of
from projects.actions.collections import (
    HIGHEST_LIMIT,
    create_collection,
    delete_collection,
    update_collection,
)
from projects.actions.imports import cancel_import
from projects.actions.records import create_record, delete_record, delete_records, replace_record
from projects.choices import Right
from projects.collections.drafts import flat
from projects.limits import DELETED_AT_ONCE
from projects.models import Collection, Project, Record, RecordImport

_SHOWN_KEYS = 5
# What the admin shows before a deletion: texts, counts, missing permissions, what is protected.
Listing = tuple[list[str], dict[str, int], set[str], list[str]]


class _Strict(json.JSONDecoder):
    """As bodies of REST are read: bounded in depth, without what no database holds."""

    def decode(self, text: str, *_rest: Any) -> Any:  # noqa: ANN401  (any JSON)
        try:
            return loads(text.encode())
        except ValueError as error:
            raise json.JSONDecodeError(str(error), "", 0) from None


class _Indented(json.JSONEncoder):
    """Readable, as people edit it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "indent": 2, "ensure_ascii": False})


def _full_name(one: Model) -> str:
    """Other projects may have a collection of that name."""
    return f"{one.project.slug}/{one}" if isinstance(one, Collection) else str(one)


def _ordered(found: QuerySet[Any]) -> QuerySet[Any]:
    return found.select_related("project").order_by("project__slug", "slug")


class CollectionForm(forms.ModelForm[Collection]):
    """The schema as JSON, as REST takes it."""

    confirm = forms.BooleanField(
        label=capfirst(_("go on although values of records are lost")),
        required=False,
        initial=False,
        widget=UnfoldBooleanSwitchWidget,
    )

    class Meta:
        model = Collection
        fields = ("project", "name", "slug", "fields", "table_config", "form_config", "record_limit")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name in ("slug", "fields", "table_config", "form_config"):
            if name in self.fields:
                self.fields[name].required = False
        for name in ("fields", "table_config", "form_config"):
            if name in self.fields:
                self.fields[name].encoder = _Indented  # type: ignore[attr-defined]
                self.fields[name].decoder = _Strict  # type: ignore[attr-defined]
                self.fields[name].widget = UnfoldAdminTextareaWidget(attrs={"class": "m-json", "rows": 8})
        if "slug" in self.fields and self.instance._state.adding:
            self.fields["slug"].help_text = _("Made of the name where it is left empty.")
        if "record_limit" in self.fields:
            self.fields["record_limit"] = forms.IntegerField(
                label=capfirst(_("limit of records")),
                required=False,
                min_value=0,
                max_value=HIGHEST_LIMIT,
                widget=UnfoldAdminIntegerFieldWidget,
            )

    def clean_fields(self) -> object:
        return self.cleaned_data.get("fields") or []

    def clean_table_config(self) -> object:
        return self.cleaned_data.get("table_config") or {}

    def clean_form_config(self) -> object:
        return self.cleaned_data.get("form_config") or {}

    def validate_unique(self) -> None:
        """The action says it better."""


class RecordForm(forms.ModelForm[Record]):
    """The values as JSON, as REST takes them."""

    # What the person has seen: somebody else's change in between is not overwritten.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    data = forms.JSONField(  # type: ignore[assignment]  # what was sent stays in form.data
        required=False,  # an object without keys is a value
        initial=dict,
        label=capfirst(_("values")),
        encoder=_Indented,
        decoder=_Strict,
        widget=UnfoldAdminTextareaWidget(attrs={"class": "m-json", "rows": 12}),
    )

    class Meta:
        model = Record
        fields = ("collection", "data")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        record = self.instance
        if record._state.adding:
            self.fields["collection"].label_from_instance = _full_name  # type: ignore[attr-defined]
            return
        own = record.collection.schema.by_key
        shown = flat(record.collection.schema, record)
        self.initial["data"] = {key: value for key, value in shown.items() if key in own}
        self.initial["seen"] = record.etag


class CollectionFilter(VisibleFilter):
    def ready(self, found: QuerySet[Any]) -> QuerySet[Any]:
        return _ordered(found)

    def label_of(self, one: Model) -> str:
        return _full_name(one)


def _works(request: HttpRequest, project: Project) -> bool:
    return Right.WORK in project.rights_of(actor_of(request))


@admin.register(Collection)
class CollectionAdmin(ActionAdmin):
    """Deleting one with records asks for its slug, which this page cannot: it is done by REST."""

    form = CollectionForm
    list_display = ("name", "slug", "project", "record_count", "updated_at")
    list_filter = (("project", VisibleFilter), "updated_at")
    list_select_related = ("project",)
    search_fields = ("name", "slug", "project__slug")
    ordering = ("project__slug", "name", "pk")

    def get_fields(self, request: HttpRequest, obj: Collection | None = None) -> list[str]:
        shown = ["project", "name", "slug", "fields", "table_config", "form_config"]
        if obj is None:
            return shown
        return [*shown, "record_limit", "record_count", "created_at", "updated_at", "confirm"]

    def get_readonly_fields(self, request: HttpRequest, obj: Collection | None = None) -> list[str]:
        if obj is None:
            return []
        own = ["project", "record_count", "created_at", "updated_at"]
        return own if actor_of(request).is_root else [*own, "record_limit"]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:  # noqa: ANN401
        if db_field.name == "project":
            kwargs["queryset"] = Project.objects.visible_to(actor_of(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Collection | None = None) -> bool:
        return self.has_view_permission(request) and (obj is None or _works(request, obj.project))

    def has_delete_permission(self, request: HttpRequest, obj: Collection | None = None) -> bool:
        return self.has_change_permission(request, obj)

    def get_deleted_objects(self, objs: Sequence[Model], request: HttpRequest) -> Listing:
        """Its parts go with it; listing all its records would take as long as deleting them."""
        return [str(one) for one in objs], {str(Collection._meta.verbose_name_plural): len(objs)}, set(), []

    def save_model(self, request: HttpRequest, obj: Collection, form: CollectionForm, change: bool) -> None:
        actor, data = actor_of(request), dict(form.cleaned_data)
        confirm = data.pop("confirm", False)
        if not change:
            data.pop("record_limit", None)
            adopt(obj, create_collection(actor=actor, **data))
            return
        changes = {key: data[key] for key in form.changed_data if key in data}
        present = Collection.objects.get(pk=obj.pk)
        adopt(obj, update_collection(actor=actor, collection=present, confirm=confirm, **changes))

    def delete_model(self, request: HttpRequest, obj: Collection) -> None:
        delete_collection(actor=actor_of(request), collection=obj)


@admin.register(Record)
class RecordAdmin(ActionAdmin):
    form = RecordForm
    list_display = ("id", "collection", "values", "updated_at")
    list_filter = (("collection", CollectionFilter), "updated_at")
    list_select_related = ("collection__project",)
    search_fields = ("search",)
    ordering = ("-pk",)
    show_full_result_count = False

    def get_fields(self, request: HttpRequest, obj: Record | None = None) -> list[str]:
        if obj is None:
            return ["collection", "data"]
        return ["id", "collection", "data", "revision", "created_at", "updated_at", "seen"]

    def get_readonly_fields(self, request: HttpRequest, obj: Record | None = None) -> list[str]:
        return [] if obj is None else ["id", "collection", "revision", "created_at", "updated_at"]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:  # noqa: ANN401
        kwargs["queryset"] = _ordered(Collection.objects.visible_to(actor_of(request)))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description=_("values"))
    def values(self, record: Record) -> str:
        """The first fields, cut."""
        shown = [f"{key}: {str(value)[:40]}" for key, value in list(record.data.items())[:_SHOWN_KEYS]]
        return ", ".join(shown)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Record | None = None) -> bool:
        return self.has_view_permission(request) and (obj is None or _works(request, obj.collection.project))

    def has_delete_permission(self, request: HttpRequest, obj: Record | None = None) -> bool:
        return self.has_change_permission(request, obj)

    def get_deleted_objects(self, objs: Sequence[Model], request: HttpRequest) -> Listing:
        return [str(one) for one in objs], {str(Record._meta.verbose_name_plural): len(objs)}, set(), []

    def save_model(self, request: HttpRequest, obj: Record, form: RecordForm, change: bool) -> None:
        actor, data = actor_of(request), form.cleaned_data
        body = {} if data["data"] is None else data["data"]
        if not change:
            adopt(obj, create_record(actor=actor, collection=data["collection"], body=body))
            return
        seen = data["seen"] or None
        present = Record.objects.select_related("collection").get(pk=obj.pk)
        saved = replace_record(
            actor=actor, collection=present.collection, record_id=obj.pk, body=body, if_match=seen
        )
        adopt(obj, saved)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """By the action of REST, which bounds how many go at once."""
        chosen: dict[Collection, list[UUID]] = {}
        for record in queryset.select_related("collection").only("pk", "collection")[: DELETED_AT_ONCE + 1]:
            chosen.setdefault(record.collection, []).append(record.pk)
        with transaction.atomic():
            for collection, ids in chosen.items():
                delete_records(actor=actor_of(request), collection=collection, ids=ids)

    def delete_model(self, request: HttpRequest, obj: Record) -> None:
        delete_record(actor=actor_of(request), collection=obj.collection, record_id=obj.pk)


@admin.register(RecordImport)
class RecordImportAdmin(ActionAdmin):
    list_display = ("id", "collection", "status", "processed", "total", "failed", "created_at")
    list_filter = (("collection", CollectionFilter), "status", "format")
    list_select_related = ("collection__project",)
    search_fields = ("collection__slug", "collection__project__slug")
    fields: ClassVar[tuple[str, ...]] = (
        *("collection", "status", "format", "mode", "key", "on_error", "dry_run", "actor"),
        *("total", "processed", "inserted", "updated", "failed", "errors", "created_at", "finished_at"),
    )
    readonly_fields = fields

    def has_delete_permission(self, request: HttpRequest, obj: RecordImport | None = None) -> bool:
        return self.has_view_permission(request) and (obj is None or _works(request, obj.collection.project))

    def delete_model(self, request: HttpRequest, obj: RecordImport) -> None:
        """Cancels one that runs; takes one that has ended off the list."""
        cancel_import(actor=actor_of(request), row=obj)
