"""`/api/projects/:id/env…`"""

from __future__ import annotations

from django.views.decorators.debug import sensitive_variables
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from projects.actions.env import Variable, create_env, delete_env, replace_env, update_env
from projects.api.base import ProjectDoor
from projects.models import EnvVar, Project
from projects.permissions import Right, require
from projects.serializers import EnvVarSerializer, ShownEnvVarSerializer


class EnvView(ProjectDoor):
    @extend_schema(responses=ShownEnvVarSerializer(many=True))
    def get(self, request: Request, project: str) -> Response:
        """All variables in their order; secrets without values."""
        found = self.project
        require(self.actor, found, Right.WORK)
        return self._answer(found)

    @extend_schema(
        operation_id="projects_env_replace",
        request=EnvVarSerializer(many=True),
        responses=ShownEnvVarSerializer(many=True),
    )
    @sensitive_variables()
    def put(self, request: Request, project: str) -> Response:
        """Make these, in this order, the project's variables."""
        found = self.project
        data = EnvVarSerializer(data=request.data, many=True)
        data.is_valid(raise_exception=True)
        replace_env(actor=self.actor, project=found, variables=data.validated_data)
        return self._answer(found)

    @extend_schema(request=EnvVarSerializer, responses={201: ShownEnvVarSerializer})
    @sensitive_variables()
    def post(self, request: Request, project: str) -> Response:
        """Add one variable at the end."""
        found = self.project
        data = EnvVarSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        created = create_env(actor=self.actor, project=found, variable=Variable(**data.validated_data))
        return Response(ShownEnvVarSerializer(created).data, status=status.HTTP_201_CREATED)

    def _answer(self, project: Project) -> Response:
        return Response(ShownEnvVarSerializer(EnvVar.objects.filter(project=project), many=True).data)


class EnvVarView(ProjectDoor):
    @extend_schema(request=EnvVarSerializer, responses=ShownEnvVarSerializer)
    @sensitive_variables()
    def put(self, request: Request, project: str, key: str) -> Response:
        """Change one variable; `key` in the body renames it."""
        found = self.project
        body = {"key": key, **request.data} if isinstance(request.data, dict) else request.data
        data = EnvVarSerializer(data=body)
        data.is_valid(raise_exception=True)
        changed = update_env(
            actor=self.actor, project=found, key=key, variable=Variable(**data.validated_data)
        )
        return Response(ShownEnvVarSerializer(changed).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, project: str, key: str) -> Response:
        """Take one variable away."""
        delete_env(actor=self.actor, project=self.project, key=key)
        return Response(status=status.HTTP_204_NO_CONTENT)
