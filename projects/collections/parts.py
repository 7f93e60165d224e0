"""Collections in an archive of a project: schemas always, records where they are asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import UserError
from projects.choices import FieldType
from projects.collections.drafts import Draft, as_record_id, flat, new_draft, refuse_flaws
from projects.collections.fields import check_fields
from projects.collections.indexes import want_indexes
from projects.collections.layouts import check_form, check_table
from projects.collections.moments import MomentError, moment_of, read_moment
from projects.collections.references import check_references
from projects.collections.store import STORE, Query
from projects.collections.uniques import check_unique
from projects.limits import COLLECTIONS, NAME_LENGTH, RECORDS
from projects.models import Collection, Project
from projects.parts import ArchiveReader, ArchiveWriter, ExportOptions
from projects.schemas import Schema
from projects.slugs import check_slug

_CHUNK = 500
_LOWEST_BITS = (1 << 62) - 1


class CollectionsPart:
    """`collections.json` has the schemas, `records/<slug>.jsonl` the records as REST shows them.

    Records get ids of their own in the new project, in the order of the old ones; references follow. `scheduled` is
    called for each new collection that has indexes to be built.
    """

    name = "collections"

    def __init__(self, scheduled: Callable[[Collection], None]) -> None:
        self.scheduled = scheduled

    def dump(self, project: Project, archive: ArchiveWriter, options: ExportOptions) -> None:
        collections = list(Collection.objects.filter(project=project).order_by("slug"))
        archive.put_json("collections.json", [_described(one) for one in collections])
        for one in collections if options.records else ():
            archive.put_lines(f"records/{one.slug}.jsonl", _lines(one))

    def load(self, project: Project, archive: ArchiveReader, actor: object) -> None:
        raw = archive.get_json("collections.json", [])
        if (
            not isinstance(raw, list)
            or len(raw) > COLLECTIONS
            or not all(isinstance(one, dict) for one in raw)
        ):
            raise _foreign()
        slugs = {one["slug"] for one in raw if isinstance(one.get("slug"), str)}
        made = [_create(project, one, slugs) for one in raw]
        names = set(archive.names("records/"))
        filled = [one for one in made if f"records/{one.slug}.jsonl" in names]
        for one in filled:
            _fill(one, archive.get_lines(f"records/{one.slug}.jsonl"))
        for one in filled:
            _check_filled(one)
        for one in made:
            if want_indexes(one):
                self.scheduled(one)


def _described(collection: Collection) -> dict[str, Any]:
    named = ("name", "slug", "fields", "table_config", "form_config")
    return {name: getattr(collection, name) for name in named}


def _lines(collection: Collection) -> Iterator[object]:
    schema = collection.schema
    for record in STORE.iterate(collection, Query()):
        yield flat(schema, record)


def _create(project: Project, raw: Mapping[str, Any], slugs: set[str]) -> Collection:
    name, slug = raw.get("name"), raw.get("slug")
    if not isinstance(name, str) or not isinstance(slug, str) or not 1 <= len(name.strip()) <= NAME_LENGTH:
        raise _foreign()
    if Collection.objects.filter(project=project, slug=check_slug(slug)).exists():
        raise _foreign()
    schema = check_fields(raw.get("fields", []), slugs).schema
    return Collection.objects.create(
        project=project,
        name=name,
        slug=slug,
        fields=schema.as_json(),
        table_config=check_table(raw.get("table_config", {}), schema),
        form_config=check_form(raw.get("form_config", {}), schema),
    )


def _fill(collection: Collection, lines: Iterator[Any]) -> None:
    """Write the records; whether what they refer to is there shows when all are."""
    schema, now, count = collection.schema, timezone.now(), 0
    keys = [one.key for one in schema.fields if one.type == FieldType.REF]
    while some := list(islice(lines, _CHUNK)):
        drafts = [_draft(collection, schema, line, keys, now) for line in some]
        check_unique(collection, schema, drafts)
        refuse_flaws(drafts)
        count += len(drafts)
        if count > RECORDS:
            message = _("A collection of the archive has more than {count} records.").format(count=RECORDS)
            raise UserError("archive_records_too_many", message, status=422)
        records = []
        for draft in drafts:
            changed = draft.record.updated_at
            record = draft.settle(schema, now)
            record.updated_at = changed
            records.append(record)
        STORE.insert(collection, records)
    Collection.objects.filter(pk=collection.pk).update(record_count=F("record_count") + count)
    collection.record_count = count


def _draft(collection: Collection, schema: Schema, line: object, keys: Sequence[str], now: datetime) -> Draft:
    old = as_record_id(line.get("id")) if isinstance(line, dict) else None
    if not isinstance(line, dict) or old is None:
        raise _foreign()
    moved = {key: _moved(collection.project_id, line[key]) for key in keys if line.get(key) is not None}
    pk = new_id(collection.project_id, old)
    draft = new_draft(collection, schema, {**line, **moved}, now, record_id=pk)
    draft.record.created_at = _moment(line.get("created_at"), now)
    draft.record.updated_at = _moment(line.get("updated_at"), now)
    return draft


def new_id(project_id: UUID, old: UUID) -> UUID:
    """The id that a record of an archive has in this project: of the same time and place, with other random bits.

    So no list of old and new ids is needed, and the order of ids stays the order of creation.
    """
    digest = hashlib.sha256(project_id.bytes + old.bytes).digest()
    return UUID(int=(old.int >> 62 << 62) | (int.from_bytes(digest[:8], "big") & _LOWEST_BITS))


def _moved(project_id: UUID, value: object) -> object:
    old = as_record_id(value)
    return value if old is None else str(new_id(project_id, old))


def _moment(text: object, now: datetime) -> datetime:
    try:
        return moment_of(read_moment(text)) if isinstance(text, str) else now
    except MomentError:
        return now


def _check_filled(collection: Collection) -> None:
    """Raises UserError where a record refers to one that the archive has not."""
    schema = collection.schema
    if not any(one.type == FieldType.REF for one in schema.fields):
        return
    records = STORE.iterate(collection, Query(), chunk=_CHUNK)
    while some := list(islice(records, _CHUNK)):
        drafts = [
            new_draft(collection, schema, dict(record.data), record.created_at, record_id=record.pk)
            for record in some
        ]
        check_references(collection, schema, drafts)
        refuse_flaws(drafts)


def _foreign() -> UserError:
    return UserError("archive_invalid", _("The archive's collections cannot be read."), status=422)


__all__ = ["CollectionsPart", "new_id"]
