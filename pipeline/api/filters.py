"""How lists of branches and releases are filtered and ordered."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters

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
