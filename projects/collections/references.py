"""References between records: they exist when they are written, and deletions do what on_delete says."""

from __future__ import annotations

from collections.abc import Collection as Sized
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.errors import ConflictError
from projects.choices import FieldType, OnDelete
from projects.collections.drafts import Draft
from projects.collections.store import STORE
from projects.limits import DELETED_AT_ONCE
from projects.models import Collection, Project, Record
from projects.schemas import Field, Schema

_EXAMPLES = 10
_IDS_AT_ONCE = 1000


def check_references(
    collection: Collection, schema: Schema, drafts: Sequence[Draft], known: AbstractSet[UUID] = frozenset()
) -> None:
    """Adds a flaw for each reference that leads nowhere, and locks the records that are referred to.

    Inside a transaction, with the collection locked. `known`: ids that will exist by then.
    """
    fields = [one for one in schema.fields if one.type == FieldType.REF]
    wanted = [(draft, one) for draft in drafts if not draft.flaws for one in fields if _is_new(draft, one)]
    if not wanted:
        return
    homes = _lock_records({UUID(draft.data[one.key]) for draft, one in wanted})
    slugs = dict(collection.project.collections.values_list("slug", "pk"))
    more = True
    while more:
        # Whoever refers to one of the same lot goes with it.
        own = known | {draft.record.pk for draft in drafts if not draft.flaws}
        lost = [
            (draft, one)
            for draft, one in wanted
            if not draft.flaws
            and homes.get(UUID(draft.data[one.key])) != slugs.get(one.target or "")
            and not (one.target == collection.slug and UUID(draft.data[one.key]) in own)
        ]
        for draft, one in lost:
            message = _("There is no such record in {collection}.").format(collection=one.target)
            draft.add_flaw(one.key, "reference_missing", message)
        more = bool(lost)


def _is_new(draft: Draft, one: Field) -> bool:
    value = draft.data.get(one.key)
    return value is not None and (not draft.is_change or value != draft.record.data.get(one.key))


def _lock_records(ids: Sized[UUID]) -> dict[UUID, UUID | None]:
    """The collection of each record that exists. Locked in one order, so that no two wait for one another."""
    homes: dict[UUID, UUID | None] = {}
    for some in portions(sorted(ids)):
        rows = Record.objects.select_for_update(no_key=True).filter(pk__in=some).order_by("pk")
        homes.update(rows.values_list("pk", "collection_id"))
    return homes


def portions(ids: Sequence[UUID], size: int = _IDS_AT_ONCE) -> Iterator[Sequence[UUID]]:
    """Cut to what one statement may name."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def referring_fields(collections: Iterable[Collection], slug: str) -> Iterator[tuple[Collection, Field]]:
    """Each field of these collections that refers to the collection of that slug."""
    for one in collections:
        for each in one.schema.fields:
            if each.type == FieldType.REF and each.target == slug:
                yield one, each


def lock_family(collection: Collection) -> dict[UUID, Collection]:
    """The collection and all whose records a deletion in it may change, locked in one order."""
    every = list(Collection.objects.filter(project=collection.project_id))
    family, fresh = {collection.pk}, [collection.slug]
    while fresh:
        slug = fresh.pop()
        for one, each in referring_fields(every, slug):
            if one.pk not in family:
                family.add(one.pk)
                if each.on_delete == OnDelete.CASCADE:
                    fresh.append(one.slug)
    locked = Collection.objects.select_for_update(no_key=True).filter(pk__in=family).order_by("pk")
    return {one.pk: one for one in locked.select_related("project")}


@dataclass
class Deletion:
    """What goes and what is emptied when some records are deleted."""

    gone: dict[UUID, set[UUID]] = field(default_factory=dict)
    emptied: dict[UUID, tuple[Record, set[str]]] = field(default_factory=dict)
    holding: list[tuple[Collection, Field, UUID]] = field(default_factory=list)

    def is_gone(self, collection_id: UUID, record_id: UUID) -> bool:
        return record_id in self.gone.get(collection_id, ())

    @property
    def size(self) -> int:
        return sum(map(len, self.gone.values())) + len(self.emptied)

    def mark(self, collection_id: UUID, ids: Iterable[UUID]) -> list[UUID]:
        """Those that were not marked before; raises ConflictError when it gets too many."""
        marked = self.gone.setdefault(collection_id, set())
        fresh = [one for one in ids if one not in marked]
        marked.update(fresh)
        self.check_size()
        return fresh

    def check_size(self) -> None:
        if self.size > DELETED_AT_ONCE:
            message = _("At most {count} records are deleted at once, with those that refer to them.")
            raise ConflictError("delete_too_many", message.format(count=DELETED_AT_ONCE))


def plan_deletion(collection: Collection, ids: Iterable[UUID]) -> Deletion:
    """What the deletion of these records takes along; inside a transaction with the family locked.

    Locks the records. Raises ConflictError `record_referred` where a reference forbids it. Cycles end by themselves.
    """
    every = list(Collection.objects.filter(project=collection.project_id))
    plan = Deletion()
    queue = [(collection, plan.mark(collection.pk, ids))]
    while queue:
        target, fresh = queue.pop()
        for some in portions(sorted(fresh)):
            list(Record.objects.select_for_update().filter(pk__in=some).order_by("pk").values_list("pk"))
            for referrer, one in referring_fields(every, target.slug):
                if more := _follow(plan, referrer, one, some):
                    queue.append((referrer, more))
    _refuse_held(plan)
    return plan


def _follow(plan: Deletion, referrer: Collection, one: Field, ids: Sequence[UUID]) -> list[UUID]:
    """Enter what refers to these records by one field; returns what goes with them."""
    found: list[UUID] = []
    for record in STORE.referring(referrer, one, ids):
        if one.on_delete == OnDelete.CASCADE:
            found.extend(plan.mark(referrer.pk, [record.pk]))
        elif one.on_delete == OnDelete.SET_NULL:
            plan.emptied.setdefault(record.pk, (record, set()))[1].add(one.key)
            plan.check_size()
        elif len(plan.holding) <= DELETED_AT_ONCE:
            plan.holding.append((referrer, one, record.pk))
    return found


def _refuse_held(plan: Deletion) -> None:
    """A record that goes itself holds nothing."""
    held = [(one, each, pk) for one, each, pk in plan.holding if not plan.is_gone(one.pk, pk)]
    if held:
        where = [
            {"collection": one.slug, "field": each.key, "id": str(pk)} for one, each, pk in held[:_EXAMPLES]
        ]
        message = _("Other records refer to this one, which their field does not allow to be deleted.")
        raise ConflictError("record_referred", message, referring=where)


def rename_targets(project: Project, old: str, new: str) -> None:
    """Have every reference to a collection follow its new slug; inside the transaction of the renaming."""
    named = Collection.objects.select_for_update(no_key=True).filter(project=project).order_by("pk")
    for one in named:
        if any(True for _found in referring_fields([one], old)):
            one.fields = [
                {**each, "target": new} if each.get("target") == old else each for each in one.fields
            ]
            one.revision += 1
            one.save(update_fields=["fields", "revision", "updated_at"])
