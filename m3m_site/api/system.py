"""`/api/version` and `/api/system/…`"""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.base import Door
from accounts.permissions import require_root
from m3m_site.serializers import NodeSerializer, SystemSerializer, VersionSerializer
from m3m_site.system import describe_nodes, describe_system, describe_version


class VersionView(Door):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    tag = "system"

    @extend_schema(
        responses=VersionSerializer,
        examples=[OpenApiExample("M3M", value={"name": "M3M", "version": "0.1.0", "api": "3.1.0"})],
    )
    def get(self, request: Request) -> Response:
        """Which platform this is."""
        return Response(VersionSerializer(describe_version()).data)


class SystemView(Door):
    @extend_schema(operation_id="system_info", responses=SystemSerializer)
    def get(self, request: Request) -> Response:
        """The installation: versions, nodes, space, counts and settings; for the root."""
        require_root(self.actor)
        return Response(SystemSerializer(describe_system()).data)


class NodesView(Door):
    @extend_schema(operation_id="system_nodes", responses=NodeSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The worker processes that host services, the living first; for the root."""
        require_root(self.actor)
        nodes: Any = describe_nodes()
        return Response(NodeSerializer(nodes, many=True).data)
