"""How lists are filtered, sorted and searched: what is not understood is refused, never ignored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import filters
from rest_framework.request import Request

from accounts.errors import UserError
from accounts.limits import SEARCH_WORDS


class OrderingFilter(filters.OrderingFilter):
    """`?ordering=-created_at,name`, of the door's `ordering_fields`; ties are broken by the primary key.

    A door's `ordering_columns` says what a field is in the database, where that is another or more than one.
    """

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> list[str]:  # noqa: ANN401
        """Raises UserError for a field that the list is not sorted by."""
        text = request.query_params.get(self.ordering_param)
        if not text:
            return self._unique(list(self.get_default_ordering(view) or ()))
        terms = [term.strip() for term in text.split(",")]
        known = {name for name, _label in self.get_valid_fields(queryset, view, {"request": request})}
        if not all(term.removeprefix("-") in known for term in terms):
            message = _("This list is ordered by: {fields}.").format(fields=", ".join(sorted(known)))
            raise UserError("ordering_invalid", message)
        columns: Mapping[str, Sequence[str]] = getattr(view, "ordering_columns", {})
        return self._unique([column for term in terms for column in _columns(term, columns)])

    def _unique(self, terms: Sequence[str]) -> list[str]:
        known = {term.removeprefix("-") for term in terms}
        return [*terms] if known & {"pk", "id"} else [*terms, "pk"]

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:  # noqa: ANN401  (as the base has it)
        fields = list(getattr(view, "ordering_fields", None) or ())
        directions = [*fields, *(f"-{name}" for name in fields)]
        return [
            {
                "name": self.ordering_param,
                "in": "query",
                "description": "Fields to sort by, with `-` before those that go downwards.",
                "schema": {"type": "array", "items": {"type": "string", "enum": directions}, "minItems": 1},
                "style": "form",
                "explode": False,
            }
        ]


class SearchFilter(filters.SearchFilter):
    """`?search=two words`: both have to be found."""

    def get_search_terms(self, request: Request) -> list[str]:
        """Raises UserError for more words than a statement takes."""
        terms: list[str] = super().get_search_terms(request)
        if len(terms) > SEARCH_WORDS:
            message = _("A search has at most {count} words.").format(count=SEARCH_WORDS)
            raise UserError("search_invalid", message)
        return terms


def _columns(term: str, columns: Mapping[str, Sequence[str]]) -> list[str]:
    name = term.removeprefix("-")
    sign = "-" if term != name else ""
    return [sign + column for column in columns.get(name, (name,))]
