"""`/api/audit`: who did what."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import Door, Pages
from accounts.api.filters import OrderingFilter, SearchFilter
from accounts.models import AuditEntry
from accounts.permissions import require_manage_users
from accounts.serializers import AuditEntrySerializer


class MomentField(IsoDateTimeField):  # type: ignore[misc]  # untyped there
    """A moment that can be told in UTC: the first and the last hours of the calendar cannot."""

    def to_python(self, value: Any) -> datetime | None:  # noqa: ANN401
        found: datetime | None = super().to_python(value)
        try:
            return found.astimezone(UTC) if found else None
        except OverflowError:
            raise ValidationError(forms.DateTimeField.default_error_messages["invalid"], "invalid") from None


class MomentFilter(filters.IsoDateTimeFilter):  # type: ignore[misc]  # untyped there
    field_class = MomentField


class AuditFilter(filters.FilterSet):  # type: ignore[misc]  # untyped there
    verb = filters.CharFilter(label=_("what was done, e.g. create_user"))
    actor = filters.UUIDFilter(field_name="actor_id", label=_("id of the person who did it"))
    target_type = filters.CharFilter(label=_("kind of what it was done to, e.g. accounts.user"))
    target_id = filters.CharFilter(label=_("id of what it was done to"))
    project = filters.UUIDFilter(field_name="project_id", label=_("id of the project it was done in"))
    since = MomentFilter(field_name="created_at", lookup_expr="gte", label=_("not before this moment"))
    until = MomentFilter(field_name="created_at", lookup_expr="lt", label=_("before this moment"))

    class Meta:
        model = AuditEntry
        fields = ("verb", "actor", "target_type", "target_id", "project", "since", "until")


class AuditDoor(Door, GenericAPIView[AuditEntry]):
    """A list of audit entries; what is in it, `entries` says."""

    serializer_class = AuditEntrySerializer
    pagination_class = Pages
    filter_backends = (filters.DjangoFilterBackend, OrderingFilter, SearchFilter)
    filterset_class = AuditFilter
    ordering_fields = ("created_at",)
    ordering: ClassVar[list[str]] = ["-created_at", "-id"]
    search_fields = ("actor_label", "target_label", "target_id", "request_id")

    def entries(self) -> QuerySet[AuditEntry]:
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[AuditEntry]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without anybody asking
            return AuditEntry.objects.none()
        return self.entries()

    def page(self) -> Response:
        found = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(AuditEntrySerializer(found or [], many=True).data)


class AuditView(AuditDoor):
    def entries(self) -> QuerySet[AuditEntry]:
        require_manage_users(self.person)
        return AuditEntry.objects.visible_to(self.person)

    @extend_schema(operation_id="audit_list", responses=AuditEntrySerializer(many=True))
    def get(self, request: Request) -> Response:
        """What was done, newest first: to users for who manages them, everything for the root."""
        return self.page()
