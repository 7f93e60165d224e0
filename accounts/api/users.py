"""`/api/users` and `/api/users/:id…`: people, for those who manage them."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actions.users import (
    block_user,
    create_user,
    delete_user,
    set_password,
    unblock_user,
    update_user,
)
from accounts.api.base import Door, Pages
from accounts.api.filters import OrderingFilter, SearchFilter
from accounts.api.pictures import picture_answer
from accounts.errors import NotFoundError, UserError
from accounts.models import User
from accounts.permissions import require_manage_users
from accounts.serializers import (
    ChangedUserSerializer,
    GivenPasswordSerializer,
    NewUserSerializer,
    UserSerializer,
    represent,
)

EXAMPLE = OpenApiExample(
    "A member of one project",
    value={
        "email": "bob@example.org",
        "name": "Bob",
        "password": "correct horse battery",
        "permissions": {
            "create_projects": True,
            "manage_users": False,
            "project_access": ["91b4a4f0-53f6-4a2e-8a0a-3f6a0f6b9d53"],
        },
    },
    request_only=True,
)


class UserFilter(filters.FilterSet):  # type: ignore[misc]  # untyped there
    is_blocked = filters.BooleanFilter(field_name="is_active", exclude=True, label=_("whether blocked"))
    is_root = filters.BooleanFilter(label=_("whether the root"))
    create_projects = filters.BooleanFilter(field_name="can_create_projects", label=_("has that right"))
    manage_users = filters.BooleanFilter(field_name="can_manage_users", label=_("has that right"))

    class Meta:
        model = User
        fields = ("is_blocked", "is_root", "create_projects", "manage_users")


class UserDoor(Door):
    """A door below `/api/users/<id>`."""

    @property
    def user(self) -> User:
        """The person of the address; raises NotFoundError."""
        found = User.objects.known_to(self.person).filter(pk=self.kwargs["user"]).first()
        if found is None:
            raise NotFoundError("user_not_found", _("There is no such person."))
        return found

    def shown(self, user: User, code: int = status.HTTP_200_OK) -> Response:
        return Response(represent([user], self.person)[0], status=code)


class UsersView(UserDoor, GenericAPIView[User]):
    serializer_class = UserSerializer
    pagination_class = Pages
    filter_backends = (filters.DjangoFilterBackend, OrderingFilter, SearchFilter)
    filterset_class = UserFilter
    ordering_fields = ("email", "name", "created_at", "updated_at", "last_login")
    ordering: ClassVar[list[str]] = ["email", "id"]
    search_fields = ("email", "name")

    def get_queryset(self) -> QuerySet[User]:
        if getattr(self, "swagger_fake_view", False):  # the schema is made without anybody asking
            return User.objects.none()
        require_manage_users(self.person)
        return User.objects.visible_to(self.person)

    @extend_schema(operation_id="users_list", responses=UserSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All people, for who manages them."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(represent(page or [], self.person))

    @extend_schema(request=NewUserSerializer, responses={201: UserSerializer}, examples=[EXAMPLE])
    def post(self, request: Request) -> Response:
        """Add a person, with rights that you have yourself and access to any project."""
        require_manage_users(self.person)
        data = NewUserSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        return self.shown(create_user(actor=self.person, **data.changes()), status.HTTP_201_CREATED)


class UserView(UserDoor):
    @extend_schema(responses=UserSerializer)
    def get(self, request: Request, user: UUID) -> Response:
        """One person and the rights he has."""
        return self.shown(self.user)

    @extend_schema(request=ChangedUserSerializer, responses=UserSerializer)
    def put(self, request: Request, user: UUID) -> Response:
        """Change somebody else's address, name, rights or access to projects; what is left out stays."""
        found = self.user
        data = ChangedUserSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        return self.shown(update_user(actor=self.person, user=found, **data.changes()))

    patch = put

    @extend_schema(
        request=None,
        responses={204: None},
        parameters=[
            OpenApiParameter(
                "transfer_to",
                OpenApiTypes.UUID,
                description="Who is to own the projects that the person owns.",
            )
        ],
    )
    def delete(self, request: Request, user: UUID) -> Response:
        """Delete somebody else; who owns projects only together with `transfer_to`."""
        delete_user(actor=self.person, user=self.user, transfer_to=self._heir(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _heir(self, request: Request) -> User | None:
        text = request.query_params.get("transfer_to", "")
        if not text:
            return None
        try:
            found = User.objects.visible_to(self.person).filter(pk=UUID(text)).first()
        except ValueError:
            found = None
        if found is None:
            message = _("Name another person, who is not blocked, to have the projects.")
            raise UserError("heir_invalid", message)
        return found


class BlockView(UserDoor):
    @extend_schema(request=None, responses=UserSerializer)
    def post(self, request: Request, user: UUID) -> Response:
        """Shut somebody out: logins and sessions end at once."""
        return self.shown(block_user(actor=self.person, user=self.user))


class UnblockView(UserDoor):
    @extend_schema(request=None, responses=UserSerializer)
    def post(self, request: Request, user: UUID) -> Response:
        """Let somebody in again."""
        return self.shown(unblock_user(actor=self.person, user=self.user))


class GivenPasswordView(UserDoor):
    @extend_schema(request=GivenPasswordSerializer, responses={204: None})
    def put(self, request: Request, user: UUID) -> Response:
        """Give somebody else a password; his logins end. Needs every right that he has."""
        found = self.user
        data = GivenPasswordSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        set_password(actor=self.person, user=found, password=data.validated_data["password"])
        return Response(status=status.HTTP_204_NO_CONTENT)


class AvatarView(UserDoor):
    @extend_schema(
        parameters=[OpenApiParameter("v", OpenApiTypes.STR, description="Which picture; changes with it.")],
        responses={(200, "image/webp"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, user: UUID) -> HttpResponse:
        """A person's picture, 256 pixels wide and high."""
        return picture_answer(request, self.user)
