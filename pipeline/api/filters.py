"""How lists of branches and releases are filtered and ordered."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters

from accounts.api.filters import OrderingFilter
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
    """Fields of the answer that are several columns, or another one, in the database."""

    # What a field is in the database, where that is another or more than one.
    columns = {"version": ("major", "minor")}

    def _unique(self, terms: Iterable[str]) -> list[str]:
        return super()._unique(column for term in terms for column in self._columns(term))

    def _columns(self, term: str) -> list[str]:
        name = term.removeprefix("-")
        sign = "-" if term != name else ""
        return [sign + column for column in self.columns.get(name, (name,))]
