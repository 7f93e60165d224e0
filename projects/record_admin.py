"""Collections, records and imports in the admin. What changes anything goes through the actions of REST."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin import ActionAdmin, VisibleFilter, adopt
from accounts.permissions import actor_of
from projects.actions.collections import (
    HIGHEST_LIMIT,
    create_collection,
    delete_collection,
    update_collection,
)
from projects.actions.imports import cancel_import
from projects.actions.records import delete_record
from projects.choices import Right
from projects.models import Collection, Project, Record, RecordImport

_SHOWN_KEYS = 5
# What the admin shows before a deletion: texts, counts, missing permissions, what is protected.
Listing = tuple[list[str], dict[str, int], set[str], list[str]]


class CollectionForm(forms.ModelForm[Collection]):
    """The schema as JSON, as REST takes it."""

    confirm = forms.BooleanField(
        label=_("go on although values of records are lost"), required=False, initial=False
    )

    class Meta:
        model = Collection
        fields = ("project", "name", "slug", "fields", "table_config", "form_config", "record_limit")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name in ("slug", "fields", "table_config", "form_config"):
            if name in self.fields:
                self.fields[name].required = False
        if "record_limit" in self.fields:
            self.fields["record_limit"] = forms.IntegerField(
                label=_("limit of records"), required=False, min_value=0, max_value=HIGHEST_LIMIT
            )

    def clean_fields(self) -> object:
        return self.cleaned_data.get("fields") or []

    def clean_table_config(self) -> object:
        return self.cleaned_data.get("table_config") or {}

    def clean_form_config(self) -> object:
        return self.cleaned_data.get("form_config") or {}

    def validate_unique(self) -> None:
        """The action says it better."""


def _works(request: HttpRequest, project: Project) -> bool:
    return Right.WORK in project.rights_of(actor_of(request))


@admin.register(Collection)
class CollectionAdmin(ActionAdmin):
    """Deleting one with records asks for its slug, which this page cannot: it is done by REST."""

    form = CollectionForm
    list_display = ("name", "slug", "project", "record_count", "updated_at")
    list_filter = (("project", VisibleFilter),)
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
    """Records are read and deleted here; they are edited where their fields are known."""

    list_display = ("id", "collection", "values", "updated_at")
    list_filter = (("collection", VisibleFilter),)
    list_select_related = ("collection__project",)
    search_fields = ("search",)
    ordering = ("-pk",)
    show_full_result_count = False
    fields: ClassVar[tuple[str, ...]] = ("id", "collection", "data", "revision", "created_at", "updated_at")
    readonly_fields = fields

    @admin.display(description=_("values"))
    def values(self, record: Record) -> str:
        """The first fields, cut."""
        shown = [f"{key}: {str(value)[:40]}" for key, value in list(record.data.items())[:_SHOWN_KEYS]]
        return ", ".join(shown)

    def has_delete_permission(self, request: HttpRequest, obj: Record | None = None) -> bool:
        return self.has_view_permission(request) and (obj is None or _works(request, obj.collection.project))

    def get_deleted_objects(self, objs: Sequence[Model], request: HttpRequest) -> Listing:
        return [str(one) for one in objs], {str(Record._meta.verbose_name_plural): len(objs)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Record) -> None:
        delete_record(actor=actor_of(request), collection=obj.collection, record_id=obj.pk)


@admin.register(RecordImport)
class RecordImportAdmin(ActionAdmin):
    list_display = ("id", "collection", "status", "processed", "total", "failed", "created_at")
    list_filter = ("status", "format")
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
