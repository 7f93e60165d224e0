from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from accounts.models import User


class StrictSerializer(serializers.Serializer[Any]):
    """A body that may hold nothing else: a misspelled field is 400 `unknown_field` instead of silence.

    Fields that are there to be read may stand in it and change nothing, so that an answer can be sent back.
    """

    def to_internal_value(self, data: Any) -> Any:  # noqa: ANN401  (any JSON)
        if isinstance(data, Mapping) and (unknown := [name for name in data if name not in self.fields]):
            message = str(_("There is no such field."))
            raise serializers.ValidationError(
                {str(name): [ErrorDetail(message, "unknown_field")] for name in unknown}
            )
        return super().to_internal_value(data)


class PermissionsSerializer(serializers.Serializer[User]):
    create_projects = serializers.BooleanField(source="can_create_projects", read_only=True)
    manage_users = serializers.BooleanField(source="can_manage_users", read_only=True)


class UserSerializer(serializers.ModelSerializer[User]):
    """A person as he sees himself."""

    permissions = PermissionsSerializer(source="*", read_only=True)

    class Meta:
        model = User
        fields = ("id", "email", "name", "is_root", "permissions", "last_login", "created_at", "updated_at")
        read_only_fields = ("email", "last_login")


class PersonSerializer(serializers.ModelSerializer[User]):
    """A person as others see him."""

    class Meta:
        model = User
        fields = ("id", "email", "name")


class LoginSerializer(serializers.Serializer[User]):
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=1024, trim_whitespace=False, write_only=True)


class TokensSerializer(serializers.Serializer[None]):
    access = serializers.CharField()
    refresh = serializers.CharField()


class LoggedInSerializer(TokensSerializer):
    user = UserSerializer()


class RefreshSerializer(serializers.Serializer[None]):
    refresh = serializers.CharField(max_length=4096)


class LogoutSerializer(serializers.Serializer[None]):
    refresh = serializers.CharField(max_length=4096, required=False, default="")


class TicketSerializer(serializers.Serializer[None]):
    ticket = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="seconds")


class PasswordSerializer(serializers.Serializer[User]):
    old_password = serializers.CharField(max_length=1024, trim_whitespace=False, write_only=True)
    new_password = serializers.CharField(max_length=1024, trim_whitespace=False, write_only=True)
