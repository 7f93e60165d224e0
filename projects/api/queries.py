"""Pages of records out of parameters and bodies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from accounts.errors import NotFoundError, UserError
from projects.collections.drafts import flat
from projects.collections.filters import both, parse_filter, parse_filter_text, parse_params, parse_sort
from projects.collections.store import STORE, Query
from projects.limits import RECORDS_AT_ONCE
from projects.models import Collection

PAGE_SIZE = 50
_LARGEST_PAGE = 1_000_000
_CHOOSING = frozenset({"filter", "search", "sort", "order"})
_PAGING = frozenset({"page", "page_size", "limit", "cursor"})

CHOOSING_PARAMETERS = [
    OpenApiParameter(
        "filter", str, description="A filter as JSON. Also `filter[field]` and `filter[field][op]`."
    ),
    OpenApiParameter(
        "search", str, description="Text that is looked for in all fields of text, in any case."
    ),
    OpenApiParameter("sort", str, description="Up to four keys, `-` for descending: `-age,name`."),
    OpenApiParameter("order", str, enum=["asc", "desc"], description="`desc` turns `sort` round."),
]
PAGING_PARAMETERS = [
    OpenApiParameter("page", {"type": "integer", "minimum": 1, "maximum": _LARGEST_PAGE}),
    OpenApiParameter("page_size", {"type": "integer", "minimum": 1, "maximum": RECORDS_AT_ONCE}),
    OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": RECORDS_AT_ONCE}),
    OpenApiParameter(
        "cursor", str, description="`next_cursor` of the page before; deep pages stay fast by it."
    ),
]


def query_of_params(request: Request, collection: Collection, more: frozenset[str] = frozenset()) -> Query:
    """The query of a GET, without its page; `more`: names of parameters that mean something else."""
    given = request.query_params
    unknown = [name for name in given if name not in _CHOOSING | more and not name.startswith("filter[")]
    if unknown:
        raise UserError(
            "parameter_unknown",
            _("There is no parameter “{name}”.").format(name=unknown[0][:60]),
            parameters=unknown[:10],
        )
    schema = collection.schema
    pairs = [(name, text) for name, texts in given.lists() for text in texts]
    return Query(
        filter=both(
            parse_filter_text(given.get("filter", ""), schema, "/filter"), parse_params(pairs, schema)
        ),
        search=given.get("search", ""),
        sort=parse_sort(given.get("sort", ""), schema, given.get("order", "")),
    )


def page_of_params(request: Request, collection: Collection) -> Response:
    query = query_of_params(request, collection, _PAGING)
    given = request.query_params
    size = _number(given, "page_size", _number(given, "limit", PAGE_SIZE, RECORDS_AT_ONCE), RECORDS_AT_ONCE)
    query = replace(query, limit=size, cursor=given.get("cursor", ""))
    page = _number(given, "page", 1, _LARGEST_PAGE)
    return Response(_page(collection, query, page, request.build_absolute_uri()))


def page_of_body(collection: Collection, body: Mapping[str, Any]) -> Response:
    schema = collection.schema
    query = Query(
        filter=both(
            parse_filter(body.get("filter"), schema, "/filter"),
            parse_filter(body.get("filters"), schema, "/filters"),
        ),
        search=body["search"],
        sort=parse_sort(body["sort"], schema, body["order"]),
        limit=body.get("page_size", body.get("limit", PAGE_SIZE)),
        cursor=body["cursor"],
    )
    return Response(_page(collection, query, body["page"], None))


def _page(collection: Collection, query: Query, page: int, url: str | None) -> dict[str, Any]:
    """A page by number, or behind a cursor; `url` is where its neighbours are to be asked for."""
    count = None if query.cursor else STORE.count(collection, query)
    offset = (page - 1) * query.limit
    if count is not None and page > 1 and offset >= count:
        raise NotFoundError("page_not_found", _("There is no such page."))
    found = STORE.find(collection, replace(query, offset=offset))
    schema = collection.schema
    cursor = found.next_cursor or None
    following, before = None, None
    if url and query.cursor:
        following = replace_query_param(url, "cursor", cursor) if cursor else None
    elif url:
        following = replace_query_param(url, "page", page + 1) if cursor else None
        before = None if page == 1 else _page_url(url, page - 1)
    return {
        "count": count,
        "next": following,
        "previous": before,
        "next_cursor": cursor,
        "results": [flat(schema, record) for record in found.records],
    }


def _page_url(url: str, page: int) -> str:
    return remove_query_param(url, "page") if page == 1 else replace_query_param(url, "page", page)


def _number(given: Mapping[str, str], name: str, default: int, largest: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    if re.fullmatch(r"[0-9]{1,9}", text) and 1 <= int(text) <= largest:
        return int(text)
    message = _("A number from 1 to {count} is needed here.").format(count=largest)
    raise UserError("page_invalid", message, pointer=f"/{name}")
