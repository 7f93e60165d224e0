"""By what lists are filtered."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters

from projects.choices import Color
from projects.models import Project


class ProjectFilter(filters.FilterSet):  # type: ignore[misc]
    color = filters.MultipleChoiceFilter(
        choices=Color.choices, label=_("one of these colours; may be repeated")
    )
    owner = filters.UUIDFilter(field_name="owner_id", label=_("id of the owner"))
    auto_start = filters.BooleanFilter(label=_("whether the service starts with the platform"))

    class Meta:
        model = Project
        fields = ("color", "owner", "auto_start")
