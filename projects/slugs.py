"""The form of slugs, and slugs made out of names."""

from __future__ import annotations

import re
from collections.abc import Collection
from uuid import UUID

from django.utils.translation import gettext as _
from slugify import slugify

from accounts.errors import UserError
from projects.limits import SLUG_LENGTH

PATTERN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?")
# What stands at the place of a project in addresses of REST.
RESERVED = frozenset({"import"})
_HEX_ID = re.compile(r"(?:[0-9a-f]{24}|[0-9a-f]{32})")


def as_id(text: str) -> UUID | None:
    """The id that a text spells, if it spells one."""
    try:
        return UUID(text)
    except ValueError:
        return None


def looks_like_id(text: str) -> bool:
    return as_id(text) is not None or _HEX_ID.fullmatch(text) is not None


def is_slug(text: str) -> bool:
    return PATTERN.fullmatch(text) is not None and not looks_like_id(text) and text not in RESERVED


def check_slug(text: str) -> str:
    """The slug itself; raises UserError for a wrong form."""
    if PATTERN.fullmatch(text) is None:
        message = _(
            "A slug holds 1 to 50 of a-z, 0-9 and hyphens, and begins and ends with a letter or digit."
        )
        raise UserError("slug_invalid", message, pointer="/slug")
    if looks_like_id(text):
        raise UserError("slug_like_id", _("This slug could be taken for an id."), pointer="/slug")
    if text in RESERVED:
        raise UserError(
            "slug_reserved", _("This slug has a meaning of its own; choose another."), pointer="/slug"
        )
    return text


def slug_of(name: str, number: int = 1) -> str:
    """A slug out of a name in any alphabet; `number` above 1 is appended."""
    base = slugify(name, max_length=SLUG_LENGTH - 10).strip("-") or "project"
    if looks_like_id(base) or base in RESERVED:
        base = f"p-{base}"[: SLUG_LENGTH - 10].strip("-")
    return base if number == 1 else f"{base}-{number}"


def free_slug(name: str, taken: Collection[str]) -> str:
    """The first slug of a name that is not taken."""
    number = 1
    while (slug := slug_of(name, number)) in taken:
        number += 1
    return slug
