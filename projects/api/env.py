"""`/api/projects/:id/env…`"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import ClassVar

from django.views.decorators.debug import sensitive_variables
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.etags import StaleError
from projects.actions.env import Variable, create_env, delete_env, replace_env, require_env, update_env
from projects.actions.env_import import import_env, reveal_env
from projects.api.base import UNCACHED, ProjectDoor
from projects.models import EnvVar, Project
from projects.permissions import Right, require
from projects.serializers import (
    DryRunSerializer,
    EnvChangesSerializer,
    EnvTextSerializer,
    EnvVarSerializer,
    RevealedSerializer,
    ShownEnvVarSerializer,
)

_VARIABLE = {"key": "PAGE_SIZE", "type": "integer", "value": 20}
_SECRET = {"key": "SMTP_PASSWORD", "type": "secret", "value": "correct horse"}


class EnvDoor(ProjectDoor):
    """Answers carry the ETag of the environment as a whole; changes may name the one they began with."""

    @property
    def wanted_etag(self) -> str | None:
        return self.request.headers.get("If-Match")

    @contextmanager
    def telling_newer(self, project: Project) -> Iterator[None]:
        """A change that comes too late is told what is there now."""
        try:
            yield
        except StaleError as error:
            error.extra["newer"] = self.shown(project)
            raise

    @staticmethod
    def shown(project: Project) -> list[dict[str, object]]:
        return list(ShownEnvVarSerializer(EnvVar.objects.filter(project=project), many=True).data)

    def answer(self, project: Project, body: object, code: int = status.HTTP_200_OK) -> Response:
        return Response(body, status=code, headers={"ETag": project.env_etag})


class EnvView(EnvDoor):
    if_match: ClassVar[tuple[str, ...]] = ("PUT", "POST")

    @extend_schema(responses=ShownEnvVarSerializer(many=True))
    def get(self, request: Request, project: str) -> Response:
        """All variables in their order; secrets without values."""
        found = self.project
        require(self.actor, found, Right.WORK)
        return self.answer(found, self.shown(found))

    @extend_schema(
        operation_id="projects_env_replace",
        request=EnvVarSerializer(many=True),
        responses=ShownEnvVarSerializer(many=True),
        examples=[OpenApiExample("two variables", value=[_VARIABLE, _SECRET], request_only=True)],
    )
    @sensitive_variables()
    def put(self, request: Request, project: str) -> Response:
        """Make these, in this order, the project's variables."""
        found = self.project
        data = EnvVarSerializer(data=request.data, many=True)
        data.is_valid(raise_exception=True)
        with self.telling_newer(found):
            wanted = data.validated_data
            replace_env(actor=self.actor, project=found, variables=wanted, if_match=self.wanted_etag)
        return self.answer(found, self.shown(found))

    @extend_schema(
        request=EnvVarSerializer,
        responses={201: ShownEnvVarSerializer},
        examples=[OpenApiExample("a number", value=_VARIABLE, request_only=True)],
    )
    @sensitive_variables()
    def post(self, request: Request, project: str) -> Response:
        """Add one variable at the end."""
        found = self.project
        data = EnvVarSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        variable = Variable(**data.validated_data)
        with self.telling_newer(found):
            created = create_env(
                actor=self.actor, project=found, variable=variable, if_match=self.wanted_etag
            )
        return self.answer(found, ShownEnvVarSerializer(created).data, status.HTTP_201_CREATED)


class EnvVarView(EnvDoor):
    if_match: ClassVar[tuple[str, ...]] = ("PUT", "DELETE")

    @extend_schema(operation_id="projects_env_retrieve_one", responses=ShownEnvVarSerializer)
    def get(self, request: Request, project: str, key: str) -> Response:
        """One variable; a secret without its value."""
        found = self.project
        require(self.actor, found, Right.WORK)
        present = {variable.key: variable for variable in EnvVar.objects.filter(project=found)}
        return self.answer(found, ShownEnvVarSerializer(require_env(present, key)).data)

    @extend_schema(request=EnvVarSerializer, responses=ShownEnvVarSerializer)
    @sensitive_variables()
    def put(self, request: Request, project: str, key: str) -> Response:
        """Change one variable; `key` in the body renames it."""
        found = self.project
        body = {"key": key, **request.data} if isinstance(request.data, dict) else request.data
        data = EnvVarSerializer(data=body)
        data.is_valid(raise_exception=True)
        variable = Variable(**data.validated_data)
        with self.telling_newer(found):
            changed = update_env(
                actor=self.actor, project=found, key=key, variable=variable, if_match=self.wanted_etag
            )
        return self.answer(found, ShownEnvVarSerializer(changed).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, project: str, key: str) -> Response:
        """Take one variable away."""
        found = self.project
        with self.telling_newer(found):
            delete_env(actor=self.actor, project=found, key=key, if_match=self.wanted_etag)
        return self.answer(found, None, status.HTTP_204_NO_CONTENT)


class EnvImportView(EnvDoor):
    if_match: ClassVar[tuple[str, ...]] = ("POST",)

    @extend_schema(
        operation_id="projects_env_import",
        request=EnvTextSerializer,
        parameters=[DryRunSerializer],
        responses=EnvChangesSerializer,
        examples=[
            OpenApiExample(
                "three lines",
                value={"text": "# mail\nSMTP_HOST=mail.example.org\nexport SMTP_PORT=25\nNOTE='two words'\n"},
                request_only=True,
            )
        ],
    )
    @sensitive_variables()
    def post(self, request: Request, project: str) -> Response:
        """Take in the text of a `.env` file, whole or not at all."""
        found = self.project
        options = DryRunSerializer(data=request.query_params)
        options.is_valid(raise_exception=True)
        data = EnvTextSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        wanted = {**data.validated_data, **options.validated_data}
        with self.telling_newer(found):
            changes = import_env(actor=self.actor, project=found, if_match=self.wanted_etag, **wanted)
        return self.answer(found, asdict(changes))


class RevealView(ProjectDoor):
    @extend_schema(operation_id="projects_env_reveal", request=None, responses=RevealedSerializer)
    @sensitive_variables()
    def post(self, request: Request, project: str, key: str) -> Response:
        """Show the value of a variable, be it a secret, to the owner; the audit tells of it."""
        value = reveal_env(actor=self.actor, project=self.project, key=key)
        return Response({"key": key, "value": value}, headers=UNCACHED)
