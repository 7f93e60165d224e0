"""Collections come, change and go. What is audited is names and types of fields."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.audit import record as audit
from accounts.errors import ConflictError, NotFoundError, UserError
from accounts.etags import check_if_match
from accounts.models import User
from accounts.permissions import SYSTEM, Actor
from accounts.queueing import send_after_commit
from projects.collections.changes import Plan, SchemaChange
from projects.collections.fields import Wanted, check_fields
from projects.collections.indexes import want_indexes
from projects.collections.layouts import check_form, check_table, fit_form, fit_table
from projects.collections.references import referring_fields, rename_targets
from projects.limits import COLLECTIONS, NAME_LENGTH, RECORDS
from projects.models import Collection, Project
from projects.permissions import Right, require
from projects.schemas import Schema
from projects.slugs import check_slug, free_slug
from projects.tasks.collections import clear_collections
from projects.tasks.indexes import schedule_indexes

# More would outgrow what one collection is for, and what a database column counts.
HIGHEST_LIMIT = 100 * RECORDS
_SETTINGS = frozenset({"name", "slug", "fields", "table_config", "form_config", "record_limit"})


def create_collection(
    *,
    actor: Actor,
    project: Project,
    name: str,
    slug: str = "",
    fields: object = (),
    table_config: object = None,
    form_config: object = None,
) -> Collection:
    """A new collection; a slug is made of the name if none is given. Raises UserError, ConflictError."""
    require(actor, project, Right.WORK)
    _check_name(name)
    with transaction.atomic():
        # Creations in one project take turns, or two of them could pass the limit together.
        Project.objects.lock(project.pk)
        taken = set(project.collections.values_list("slug", flat=True))
        if len(taken) >= COLLECTIONS:
            message = _("A project has at most {count} collections.").format(count=COLLECTIONS)
            raise ConflictError("collections_too_many", message)
        slug = check_slug(slug) if slug else free_slug(name, taken)
        if slug in taken:
            raise _slug_taken()
        schema = check_fields(fields, taken | {slug}).schema
        created = Collection.objects.create(
            project=project,
            name=name.strip(),
            slug=slug,
            fields=schema.as_json(),
            table_config=check_table(table_config or {}, schema),
            form_config=check_form(form_config or {}, schema),
        )
        _want_indexes(created)
        audit(actor=actor, verb="create_collection", target=created, after=_described(created))
    return created


def plan_change(*, actor: Actor, collection: Collection, fields: object) -> Plan:
    """What a change of fields would do to the records that are there; changes nothing. Raises UserError."""
    require(actor, collection.project, Right.VIEW)
    return SchemaChange(collection, _wanted(collection, fields)).plan()


def update_collection(
    *,
    actor: Actor,
    collection: Collection,
    confirm: bool = False,
    if_match: str | None = None,
    **changes: Any,
) -> Collection:
    """Change name, slug, fields, table_config, form_config or record_limit (root only); others stay.

    Where a change of fields would lose values, ConflictError `schema_loses_data` lists what, unless `confirm`.
    What cannot be done at all is refused with `schema_impossible`. Raises UserError, StaleError.
    """
    require(actor, collection.project, Right.WORK)
    unknown = changes.keys() - _SETTINGS
    if unknown:
        raise TypeError(f"cannot change {sorted(unknown)}")
    if "fields" in changes and not confirm:
        # Mostly this is where a change is refused; nobody waits for it.
        check_if_match(if_match, collection.etag)
        _refuse_loss(SchemaChange(collection, _wanted(collection, changes["fields"])).plan(), confirm)
    try:
        with transaction.atomic():
            locked = _lock(collection, changes)
            check_if_match(if_match, locked.etag)
            before = _described(locked)
            _put_name(locked, changes)
            _put_limit(actor, locked, changes)
            _put_fields(locked, changes, confirm)
            locked.revision += 1
            locked.save()
            _want_indexes(locked)
            audit(
                actor=actor, verb="update_collection", target=locked, before=before, after=_described(locked)
            )
    except IntegrityError:
        raise _slug_taken() from None
    return locked


def delete_collection(*, actor: Actor, collection: Collection, confirm: str = "") -> None:
    """Delete a collection with its records; `confirm` has to be its slug unless it is empty.

    Raises UserError, and ConflictError while another collection refers to it. It is gone at once; a task removes
    its records in portions, so that nobody waits for them.
    """
    require(actor, collection.project, Right.WORK)
    with transaction.atomic():
        locked = _lock(collection, {})
        others = [one for one in Collection.objects.filter(project=locked.project_id) if one.pk != locked.pk]
        found = [
            {"collection": one.slug, "field": each.key} for one, each in referring_fields(others, locked.slug)
        ]
        if found:
            message = _("Another collection refers to this one; change its field first.")
            raise ConflictError("collection_referred", message, referring=found)
        if locked.record_count and confirm != locked.slug:
            message = _("Deletion is final. Send the collection's slug as confirmation: {slug}.")
            raise UserError(
                "confirmation_missing", message.format(slug=locked.slug), count=locked.record_count
            )
        audit(actor=actor, verb="delete_collection", target=locked, before=_described(locked))
        locked.mark_deleted()
        _want_indexes(locked)
        send_after_commit(clear_collections)


def _lock(collection: Collection, changes: dict[str, Any]) -> Collection:
    """The collection as it is now, locked with those that a change concerns, all in one order."""
    project = collection.project_id
    concerned = Collection.objects.filter(project=project)
    if changes.get("slug", collection.slug) == collection.slug:
        slugs = {one.target for one in collection.schema.fields if one.target} | _targets(changes)
        named = concerned.filter(slug__in=slugs).values_list("pk", flat=True)
        concerned = concerned.filter(pk__in={collection.pk, *named})
    rows = concerned.select_for_update(no_key=True, of=("self",)).select_related("project").order_by("pk")
    locked = next((one for one in rows if one.pk == collection.pk), None)
    if locked is None:
        raise NotFoundError("collection_not_found", _("There is no such collection."))
    return locked


def _targets(changes: dict[str, Any]) -> set[str]:
    """Slugs that wanted fields refer to; they are not checked yet."""
    raw = changes.get("fields")
    items = [one for one in raw if isinstance(one, dict)] if isinstance(raw, list | tuple) else []
    named = [one.get("target") or one.get("ref_model") for one in items]
    return {name for name in named if isinstance(name, str) and "\0" not in name}


def _wanted(collection: Collection, fields: object) -> Wanted:
    slugs = set(Collection.objects.filter(project=collection.project_id).values_list("slug", flat=True))
    return check_fields(fields, slugs | {collection.slug}, collection.schema)


def _put_name(locked: Collection, changes: dict[str, Any]) -> None:
    if "name" in changes:
        _check_name(changes["name"])
        locked.name = changes["name"].strip()
    slug = changes.get("slug", locked.slug)
    if slug != locked.slug:
        check_slug(slug)
        if Collection.objects.filter(project=locked.project_id, slug=slug).exists():
            raise _slug_taken()
        old, locked.slug = locked.slug, slug
        locked.save(update_fields=["slug"])
        rename_targets(locked.project, old, slug)
        fresh = Collection.objects.get(pk=locked.pk)
        locked.fields, locked.revision = fresh.fields, fresh.revision


def _put_limit(actor: Actor, locked: Collection, changes: dict[str, Any]) -> None:
    """Whoever sends back the limit that he was shown changes nothing."""
    limit = changes.get("record_limit", locked.limit)
    if limit in (locked.record_limit, locked.limit):
        return
    if not (actor is SYSTEM or (isinstance(actor, User) and actor.is_root)):
        raise PermissionDenied(_("Only the root account changes the limit of records."))
    if limit is not None and not 0 <= limit <= HIGHEST_LIMIT:
        message = _("A limit lies between 0 and {count}.").format(count=HIGHEST_LIMIT)
        raise UserError("record_limit_invalid", message, pointer="/record_limit")
    locked.record_limit = limit


def _put_fields(locked: Collection, changes: dict[str, Any], confirm: bool) -> None:
    renamed = {}
    if "fields" in changes:
        wanted = _wanted(locked, changes["fields"])
        renamed = dict(wanted.renamed)
        if wanted.schema != locked.schema or renamed:
            _refuse_loss(SchemaChange(locked, wanted).carry_out(), confirm)
            locked.fields = wanted.schema.as_json()
    schema = Schema.from_json(locked.fields)
    if "table_config" in changes:
        locked.table_config = check_table(changes["table_config"], schema)
    else:
        locked.table_config = fit_table(locked.table_config, schema, renamed)
    if "form_config" in changes:
        locked.form_config = check_form(changes["form_config"], schema)
    else:
        locked.form_config = fit_form(locked.form_config, schema, renamed)


def _refuse_loss(plan: Plan, confirm: bool) -> None:
    told = [one.as_json() for one in plan.changes]
    if not plan.is_possible:
        message = _("The records that are there do not fit these fields.")
        raise ConflictError("schema_impossible", message, changes=told)
    if plan.loses_data and not confirm:
        message = _("Values would be lost. Send `confirm` to go on.")
        raise ConflictError("schema_loses_data", message, changes=told)


def _want_indexes(collection: Collection) -> None:
    if want_indexes(collection):
        schedule_indexes(collection)


def _check_name(name: str) -> None:
    if not 1 <= len(name.strip()) <= NAME_LENGTH:
        raise UserError("name_invalid", _("A name holds 1 to 100 characters."), pointer="/name")


def _described(collection: Collection) -> dict[str, Any]:
    return {
        "name": collection.name,
        "slug": collection.slug,
        "fields": {one.key: one.type for one in collection.schema.fields},
        "record_limit": collection.record_limit,
    }


def _slug_taken() -> ConflictError:
    return ConflictError("slug_taken", _("This slug is taken."), pointer="/slug")
