"""Collections of records: the schema, the records, and the database indexes that the schema asks for."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.errors import NotFoundError
from accounts.permissions import Actor
from projects.choices import IndexStatus
from projects.limits import COLLECTION_KEY_LENGTH, NAME_LENGTH, RECORDS, SLUG_LENGTH
from projects.models.project import Project
from projects.record_ids import new_record_id
from projects.schemas import Schema
from projects.slugs import as_id

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class CollectionQuerySet(models.QuerySet["Collection"]):
    def visible_to(self, actor: Actor) -> Self:
        return self.filter(project__in=Project.objects.visible_to(actor))

    def lookup(self, project: Project, id_or_slug: str) -> Collection:
        """The project's collection of that id or slug; raises NotFoundError."""
        key = as_id(id_or_slug)
        wanted = {"pk": key} if key else {"slug": id_or_slug}
        found = None if "\0" in id_or_slug else self.filter(project=project, **wanted).first()
        if found is None:
            raise NotFoundError("collection_not_found", _("There is no such collection."))
        return found


class CollectionManager(models.Manager["Collection"]):
    """Leaves out what is deleted and waits for its records to be cleared away."""

    def get_queryset(self) -> CollectionQuerySet:
        return CollectionQuerySet(self.model, using=self._db).filter(deleted_at=None)

    def visible_to(self, actor: Actor) -> CollectionQuerySet:
        return self.get_queryset().visible_to(actor)

    def lookup(self, project: Project, id_or_slug: str) -> Collection:
        return self.get_queryset().lookup(project, id_or_slug)


class Collection(models.Model):
    """A table that an author designs. `revision` grows with each change of schema or settings.

    Deleted ones stay, nameless and invisible, until a task has removed their records in portions.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(
        Project, models.CASCADE, related_name="collections", verbose_name=_("project")
    )
    name = models.CharField(_("name"), max_length=NAME_LENGTH)
    slug = models.CharField(_("slug"), max_length=SLUG_LENGTH)
    fields = models.JSONField(_("fields"), default=list)
    table_config = models.JSONField(_("table settings"), default=dict)
    form_config = models.JSONField(_("form settings"), default=dict)
    revision = models.PositiveIntegerField(_("revision"), default=1)
    # Kept with each insertion and deletion, so that limits and totals need no count over all records.
    record_count = models.PositiveIntegerField(_("records"), default=0, editable=False)
    record_limit = models.PositiveIntegerField(
        _("limit of records"), null=True, blank=True, help_text=_("Empty for the platform's own.")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = CollectionManager()
    with_deleted = CollectionQuerySet.as_manager()

    if TYPE_CHECKING:
        records: RelatedManager[Record]
        indexes: RelatedManager[FieldIndex]

    class Meta:
        verbose_name = _("collection")
        verbose_name_plural = _("collections")
        ordering = ("name", "pk")
        constraints = (models.UniqueConstraint(fields=["project", "slug"], name="one_collection_per_slug"),)

    def __str__(self) -> str:
        return self.slug

    @property
    def etag(self) -> str:
        """Names this schema and these settings."""
        return f'"{self.pk.hex[:12]}-{self.revision}"'

    @property
    def schema(self) -> Schema:
        return Schema.from_json(self.fields)

    @property
    def limit(self) -> int:
        """How many records it may hold."""
        return RECORDS if self.record_limit is None else self.record_limit

    def mark_deleted(self) -> None:
        """Free the slug and hide it from everybody. Its indexes and records are removed later."""
        self.deleted_at = timezone.now()
        self.slug = f"~{self.pk.hex}"  # no form that a slug can have
        self.fields = []
        self.save(update_fields=["deleted_at", "slug", "fields", "updated_at"])

    mark_deleted.alters_data = True  # type: ignore[attr-defined]


class RecordQuerySet(models.QuerySet["Record"]):
    def visible_to(self, actor: Actor) -> Self:
        return self.filter(collection__in=Collection.objects.visible_to(actor))


class Record(models.Model):
    """One record. `data` holds values as `projects.collections.values` has checked them, missing ones left out."""

    id = models.UUIDField(primary_key=True, default=new_record_id, editable=False)
    collection = models.ForeignKey(
        Collection, models.CASCADE, related_name="records", db_index=False, verbose_name=_("collection")
    )
    data = models.JSONField(_("data"), default=dict)
    # All text of the record, case-folded: what a text search looks in, alike on every database.
    search = models.TextField(default="", blank=True, editable=False)
    revision = models.PositiveIntegerField(_("revision"), default=1)
    created_at = models.DateTimeField(_("created"))
    updated_at = models.DateTimeField(_("changed"))

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("record")
        verbose_name_plural = _("records")
        indexes = (models.Index(fields=["collection", "id"], name="record_by_collection"),)

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def etag(self) -> str:
        return f'"{self.pk.hex[-12:]}-{self.revision}"'


class FieldIndex(models.Model):
    """A database index over one field of one collection: wanted, being made, there, or why not."""

    collection = models.ForeignKey(Collection, models.CASCADE, related_name="indexes")
    field = models.CharField(max_length=COLLECTION_KEY_LENGTH)
    unique = models.BooleanField(default=False)
    # Name of the index in the database; rows outlive their field until the index has been dropped.
    name = models.CharField(max_length=63, unique=True)
    status = models.CharField(
        _("status"), max_length=10, choices=IndexStatus.choices, default=IndexStatus.WANTED
    )
    error = models.CharField(_("error"), max_length=500, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("index")
        verbose_name_plural = _("indexes")

    def __str__(self) -> str:
        return self.name
