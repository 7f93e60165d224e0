"""How lists of branches and releases are filtered and ordered."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request

from accounts.errors import UserError
from pipeline.choices import Tag
from pipeline.models import Release


class ReleaseFilter(filters.FilterSet):  # type: ignore[misc]  # ships no types
    tag = filters.MultipleChoiceFilter(choices=Tag.choices, label=_("one of these tags; may be repeated"))
    branch = filters.CharFilter(label=_("name of the branch it was made of"))
    author = filters.CharFilter(
        field_name="author_label", lookup_expr="iexact", label=_("e-mail address of who published it")
    )
    is_active = filters.BooleanFilter(label=_("whether it is the active one"))

    class Meta:
        model = Release
        fields = ("tag", "branch", "author", "is_active")


class ExactOrdering(OrderingFilter):
    """`ordering` of the door's fields and no others; ties are broken by the primary key."""

    # What a field is in the database, where that is another or more than one.
    columns = {"version": ("major", "minor")}

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> list[str]:  # noqa: ANN401
        """Raises UserError for a field that the list is not ordered by."""
        text = request.query_params.get(self.ordering_param)
        if not text:
            return list(view.ordering)
        terms = [term.strip() for term in text.split(",")]
        if not {term.removeprefix("-") for term in terms} <= set(view.ordering_fields):
            message = _("This list is ordered by: {fields}.").format(fields=", ".join(view.ordering_fields))
            raise UserError("ordering_invalid", message)
        wanted = [column for term in terms for column in self._columns(term)]
        return [*wanted, "pk"]

    def _columns(self, term: str) -> list[str]:
        name = term.removeprefix("-")
        sign = "-" if term != name else ""
        return [sign + column for column in self.columns.get(name, (name,))]
