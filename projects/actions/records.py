"""Records of a collection. Values are never audited, and neither are single creations and changes, for speed:
services write many of them. Deletions and what touches many at once are, by their ids and counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record as audit
from accounts.errors import ConflictError, NotFoundError, UserError
from accounts.etags import check_if_match
from accounts.permissions import Actor
from projects.collections.drafts import (
    Draft,
    new_draft,
    partial_draft,
    refuse_flaws,
    whole_draft,
)
from projects.collections.filters import Filter
from projects.collections.references import Deletion, check_references, lock_family, plan_deletion, portions
from projects.collections.store import STORE, Query
from projects.collections.uniques import as_conflict, check_unique
from projects.limits import DELETED_AT_ONCE, RECORDS_AT_ONCE
from projects.models import Collection, Record
from projects.permissions import Right, require

_AUDITED_IDS = 100


def create_record(*, actor: Actor, collection: Collection, body: object) -> Record:
    """One new record out of its fields. Raises UserError with all flaws, ConflictError."""
    with writing(actor, collection) as locked:
        return _insert(locked, [new_draft(locked, locked.schema, body, timezone.now())])[0]


def create_records(*, actor: Actor, collection: Collection, bodies: Sequence[object]) -> list[Record]:
    """Several new records, all or none. Raises UserError with the flaws of all, pointing below `/records`."""
    if len(bodies) > RECORDS_AT_ONCE:
        message = _("At most {count} records at once; import more.").format(count=RECORDS_AT_ONCE)
        raise UserError("records_at_once", message, pointer="/records")
    with writing(actor, collection) as locked:
        schema, now = locked.schema, timezone.now()
        drafts = [
            new_draft(locked, schema, body, now, f"/records/{position}")
            for position, body in enumerate(bodies)
        ]
        made = _insert(locked, drafts)
        audit(actor=actor, verb="create_records", target=locked, after={"created": len(made)})
        return made


def replace_record(
    *, actor: Actor, collection: Collection, record_id: UUID, body: object, if_match: str | None = None
) -> Record:
    """Replace all values; fields left out get their defaults. Raises UserError, NotFoundError, StaleError."""
    with writing(actor, collection) as locked:
        record = _present(locked, record_id, if_match)
        return _save(locked, whole_draft(record, locked.schema, body, timezone.now()))


def update_record(
    *, actor: Actor, collection: Collection, record_id: UUID, body: object, if_match: str | None = None
) -> Record:
    """Change the values that the body names. Raises UserError, NotFoundError, StaleError."""
    with writing(actor, collection) as locked:
        record = _present(locked, record_id, if_match)
        return _save(locked, partial_draft(record, locked.schema, body))


def delete_record(
    *, actor: Actor, collection: Collection, record_id: UUID, if_match: str | None = None
) -> None:
    """Delete one record, and what refers to it as its fields say. Raises NotFoundError, StaleError, ConflictError."""
    with _deleting(actor, collection) as locked:
        record = _present(locked, record_id, if_match)
        plan = plan_deletion(locked, [record.pk])
        _carry_out(plan)
        audit(actor=actor, verb="delete_record", target=record, before=_deleted(locked, plan))


def delete_records(
    *,
    actor: Actor,
    collection: Collection,
    ids: Iterable[UUID] | None = None,
    chosen: Filter | None = None,
    confirm: bool = False,
) -> int:
    """Delete the records of these ids, or all that a filter chooses, which needs `confirm`; returns how many.

    Ids that are none are left out. What goes along with them by reference is not counted. Raises UserError,
    ConflictError.
    """
    with _deleting(actor, collection) as locked:
        found = _chosen(locked, ids, chosen, confirm)
        plan = plan_deletion(locked, found)
        _carry_out(plan)
        after = {**_deleted(locked, plan), "ids": [str(one) for one in found[:_AUDITED_IDS]]}
        audit(actor=actor, verb="delete_records", target=locked, after=after)
        return len(found)


@contextmanager
def writing(actor: Actor, collection: Collection) -> Iterator[Collection]:
    """One change of records: permission, transaction, and the collection locked, as it is now."""
    require(actor, collection.project, Right.WORK)
    try:
        with transaction.atomic():
            yield lock_collection(collection)
    except IntegrityError as error:
        raise as_conflict(collection, error) from None


def lock_collection(collection: Collection) -> Collection:
    """The collection as it is now; writers take turns. Raises NotFoundError when it was deleted meanwhile."""
    locked = Collection.objects.select_for_update(no_key=True).filter(pk=collection.pk).first()
    if locked is None:
        raise NotFoundError("collection_not_found", _("There is no such collection."))
    locked.project = collection.project
    return locked


def insert_drafts(locked: Collection, drafts: Sequence[Draft]) -> list[Record]:
    """Write new records that are checked; the collection is locked. Raises ConflictError past the limit."""
    if locked.record_count + len(drafts) > locked.limit:
        message = _("This collection holds at most {count} records.").format(count=locked.limit)
        raise ConflictError("records_too_many", message)
    schema, now = locked.schema, timezone.now()
    records = [draft.settle(schema, now) for draft in drafts]
    STORE.insert(locked, records)
    _count(locked.pk, len(records))
    locked.record_count += len(records)
    return records


def _insert(locked: Collection, drafts: Sequence[Draft]) -> list[Record]:
    _check(locked, drafts)
    return insert_drafts(locked, drafts)


def _save(locked: Collection, draft: Draft) -> Record:
    _check(locked, [draft])
    record = draft.settle(locked.schema, timezone.now())
    STORE.save(locked, record)
    return record


def _check(locked: Collection, drafts: Sequence[Draft]) -> None:
    refuse_flaws(drafts)
    check_unique(locked, locked.schema, drafts)
    check_references(locked, locked.schema, drafts)
    refuse_flaws(drafts)


def _present(locked: Collection, record_id: UUID, if_match: str | None) -> Record:
    """The record as it is now: the lock of its collection keeps every other writer out."""
    record = STORE.get(locked, record_id)
    check_if_match(if_match, record.etag)
    return record


@contextmanager
def _deleting(actor: Actor, collection: Collection) -> Iterator[Collection]:
    require(actor, collection.project, Right.WORK)
    with transaction.atomic():
        family = lock_family(collection)
        if collection.pk not in family:
            raise NotFoundError("collection_not_found", _("There is no such collection."))
        yield family[collection.pk]


def _chosen(
    locked: Collection, ids: Iterable[UUID] | None, chosen: Filter | None, confirm: bool
) -> list[UUID]:
    if ids is not None:
        ids = set(ids)
        _check_count(len(ids))
        rows = Record.objects.filter(collection=locked)
        return [
            pk
            for some in portions(sorted(ids))
            for pk in rows.filter(pk__in=some).values_list("pk", flat=True)
        ]
    query = Query(filter=chosen)
    count = STORE.count(locked, query)
    if not confirm:
        message = _("This deletes {count} records. Send `confirm` to go on.").format(count=count)
        raise UserError("confirmation_missing", message, pointer="/confirm", count=count)
    _check_count(count)
    return [record.pk for record in STORE.iterate(locked, query)]


def _check_count(count: int) -> None:
    if count > DELETED_AT_ONCE:
        message = _("At most {count} records are deleted at once, with those that refer to them.")
        raise ConflictError("delete_too_many", message.format(count=DELETED_AT_ONCE))


def _carry_out(plan: Deletion) -> None:
    for collection_id, ids in plan.gone.items():
        home = Collection(pk=collection_id)
        deleted = sum(STORE.delete(home, some) for some in portions(sorted(ids)))
        _count(collection_id, -deleted)
    now = timezone.now()
    changed: dict[UUID, list[Record]] = {}
    for record, keys in plan.emptied.values():
        if not plan.is_gone(record.collection_id, record.pk):
            changed.setdefault(record.collection_id, []).append(_emptied(record, keys, now))
    for collection_id, records in changed.items():
        STORE.save_many(Collection(pk=collection_id), records)


def _emptied(record: Record, keys: set[str], now: datetime) -> Record:
    """The record without these references. The text that searches look in has none of them."""
    record.data = {key: value for key, value in record.data.items() if key not in keys}
    record.revision += 1
    record.updated_at = now
    return record


def _count(collection_id: UUID, change: int) -> None:
    if change:
        Collection.objects.filter(pk=collection_id).update(record_count=F("record_count") + change)


def _deleted(locked: Collection, plan: Deletion) -> dict[str, Any]:
    """What the audit says of a deletion: how many went, here and in all."""
    here = len(plan.gone.get(locked.pk, ()))
    return {"collection": locked.slug, "deleted": here, "in_all": sum(map(len, plan.gone.values()))}
