"""`/api/users/me…`"""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actions.users import change_password, update_profile
from accounts.api.base import Door
from accounts.serializers import PasswordSerializer, UserSerializer


class MeView(Door):
    @extend_schema(responses=UserSerializer)
    def get(self, request: Request) -> Response:
        """Your own account."""
        return Response(UserSerializer(self.person).data)

    @extend_schema(request=UserSerializer, responses=UserSerializer)
    def put(self, request: Request) -> Response:
        """Change your name; rights and address are not yours to change here."""
        data = UserSerializer(data=request.data, partial=True)
        data.is_valid(raise_exception=True)
        user = update_profile(actor=self.person, name=data.validated_data.get("name", self.person.name))
        return Response(UserSerializer(user).data)


class PasswordView(Door):
    @extend_schema(request=PasswordSerializer, responses={204: None})
    def put(self, request: Request) -> Response:
        """Change your password; all your logins end, this one too."""
        data = PasswordSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        change_password(actor=self.person, **data.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)
