"""`/api/users/me…`: what people do to themselves."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actions.profile import change_password, remove_avatar, set_avatar, update_profile
from accounts.api.base import Door
from accounts.api.pictures import PARSERS, uploaded_picture
from accounts.serializers import PasswordSerializer, ProfileSerializer, UserSerializer, represent

UPLOAD = {
    "multipart/form-data": inline_serializer("AvatarUpload", {"file": serializers.FileField()}),
    "image/png": OpenApiTypes.BINARY,
    "image/jpeg": OpenApiTypes.BINARY,
    "image/gif": OpenApiTypes.BINARY,
    "image/webp": OpenApiTypes.BINARY,
    "image/bmp": OpenApiTypes.BINARY,
    "application/octet-stream": OpenApiTypes.BINARY,
}


class MeView(Door):
    @extend_schema(responses=UserSerializer)
    def get(self, request: Request) -> Response:
        """Your own account."""
        return Response(represent([self.person], self.person)[0])

    @extend_schema(
        request=ProfileSerializer,
        responses=UserSerializer,
        examples=[
            OpenApiExample(
                "Profile", value={"name": "Bob", "language": "en", "theme": "dark"}, request_only=True
            )
        ],
    )
    def put(self, request: Request) -> Response:
        """Change your name, language or theme; rights and address are not yours to change."""
        data = ProfileSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        user = update_profile(actor=self.person, **data.validated_data)
        return Response(represent([user], user)[0])

    patch = put


class PasswordView(Door):
    @extend_schema(request=PasswordSerializer, responses={204: None})
    def put(self, request: Request) -> Response:
        """Change your password; all your logins end, this one too."""
        data = PasswordSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        change_password(actor=self.person, **data.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)


class MyAvatarView(Door):
    parser_classes = PARSERS

    @extend_schema(request=UPLOAD, responses=UserSerializer)
    def put(self, request: Request) -> Response:
        """Give yourself a picture: PNG, JPEG, GIF, WebP or BMP, of up to 2 MB, as the body or in a form."""
        user = set_avatar(actor=self.person, data=uploaded_picture(request))
        return Response(represent([user], user)[0])

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Take your picture away."""
        remove_avatar(actor=self.person)
        return Response(status=status.HTTP_204_NO_CONTENT)
