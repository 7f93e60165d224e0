from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from accounts import facets
from accounts.choices import Language, Theme
from accounts.errors import MOST_ERRORS
from accounts.limits import PROJECTS_AT_ONCE
from accounts.models import AuditEntry, User
from accounts.permissions import Actor, may_manage_users


class StrictSerializer(serializers.Serializer[Any]):
    """A body that may hold nothing else: a misspelled field is 400 `unknown_field` instead of silence.

    Fields that are there to be read may stand in it and change nothing, so that an answer can be sent back: those of
    its own, and those that `answered` names.
    """

    def answered(self) -> Iterable[str]:
        """What an answer has beside the fields of this serializer."""
        return ()

    def to_internal_value(self, data: Any) -> Any:  # noqa: ANN401  (any JSON)
        if isinstance(data, Mapping) and (unknown := self._unknown(data)):
            message = str(_("There is no such field."))
            raise serializers.ValidationError(
                {str(name): [ErrorDetail(message, "unknown_field")] for name in unknown}
            )
        return super().to_internal_value(data)

    def _unknown(self, data: Mapping[Any, Any]) -> list[Any]:
        found = islice((name for name in data if name not in self.fields), 2 * MOST_ERRORS)
        return [name for name in found if name not in self.answered()]


class PermissionsSerializer(serializers.Serializer[User]):
    create_projects = serializers.BooleanField(source="can_create_projects", read_only=True)
    manage_users = serializers.BooleanField(source="can_manage_users", read_only=True)
    project_access = serializers.SerializerMethodField(
        help_text="Ids of the projects that the person is a member of; of those you see."
    )

    def get_project_access(self, user: User) -> list[UUID]:
        found: list[UUID] = self.context["access"].get(user.pk, [])
        return found


class UserSerializer(serializers.ModelSerializer[User]):
    """A person; `represent` fills in what comes from above and leaves out what is personal."""

    avatar = serializers.CharField(
        source="avatar_url", read_only=True, allow_null=True, help_text="Address of the picture."
    )
    is_blocked = serializers.BooleanField(read_only=True)
    permissions = PermissionsSerializer(source="*", read_only=True)
    language = serializers.ChoiceField(
        choices=["", *Language.values],
        allow_null=True,
        read_only=True,
        help_text="Of pages; empty means the browser's. Null to others.",
    )
    theme = serializers.ChoiceField(
        choices=Theme.values, allow_null=True, read_only=True, help_text="Null to others."
    )
    last_login = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Null before the first one, and to others."
    )

    class Meta:
        model = User
        fields = (
            "id",
            "email",
            "name",
            "avatar",
            "is_root",
            "is_active",
            "is_blocked",
            "permissions",
            "language",
            "theme",
            "last_login",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


def represent(users: Sequence[User], viewer: Actor) -> list[dict[str, Any]]:
    """People as the viewer may see them; one query for any number of them."""
    access = facets.projects().access(users, viewer) if users else {}
    rows = UserSerializer(users, many=True, context={"access": access}).data
    personal = dict.fromkeys(("language", "theme", "last_login"))
    everything = may_manage_users(viewer)
    return [
        {**row} if everything or user == viewer else {**row, **personal}
        for user, row in zip(users, rows, strict=True)
    ]


class PersonSerializer(serializers.Serializer[Any]):
    """A person as others meet him: a member, an author."""

    # Named here: a model's fields would be looked through for each answer that names a person.
    id = serializers.UUIDField(read_only=True)
    email = serializers.EmailField()
    name = serializers.CharField()


class RightsSerializer(StrictSerializer):
    """Rights to give or to take; what is left out stays."""

    create_projects = serializers.BooleanField(required=False)
    manage_users = serializers.BooleanField(required=False)
    project_access = serializers.ListField(
        child=serializers.UUIDField(),
        max_length=PROJECTS_AT_ONCE,
        required=False,
        help_text="Ids of all the projects that the person shall be a member of.",
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "more rights",
            {
                "permissions": {
                    "create_projects": True,
                    "project_access": ["91b4a4f0-53f6-4a2e-8a0a-3f6a0f6b9d53"],
                }
            },
            request_only=True,
        )
    ]
)
class ChangedUserSerializer(StrictSerializer):
    """What a manager of users changes; what is left out stays."""

    email = serializers.CharField(max_length=254, required=False)
    name = serializers.CharField(max_length=100, allow_blank=True, required=False)
    permissions = RightsSerializer(required=False)

    def answered(self) -> Iterable[str]:
        return UserSerializer.Meta.fields

    def changes(self) -> dict[str, Any]:
        """As the actions take them."""
        data = dict(self.validated_data)
        rights = data.pop("permissions", {})
        names = {"create_projects": "can_create_projects", "manage_users": "can_manage_users"}
        return {**data, **{names.get(key, key): value for key, value in rights.items()}}


class NewUserSerializer(ChangedUserSerializer):
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=1024, trim_whitespace=False, write_only=True)


class ProfileSerializer(StrictSerializer):
    """What a person changes of himself; what is left out stays."""

    name = serializers.CharField(max_length=100, allow_blank=True, required=False)
    language = serializers.ChoiceField(choices=["", *Language.values], required=False)
    theme = serializers.ChoiceField(choices=Theme.values, required=False)

    def answered(self) -> Iterable[str]:
        return UserSerializer.Meta.fields


@extend_schema_serializer(
    examples=[OpenApiExample("a password", {"password": "correct horse battery"}, request_only=True)]
)
class GivenPasswordSerializer(StrictSerializer):
    password = serializers.CharField(max_length=1024, trim_whitespace=False, write_only=True)


class AuditEntrySerializer(serializers.ModelSerializer[AuditEntry]):
    """One change: who, what, on what, before and after, from where."""

    actor = serializers.UUIDField(
        source="actor_id",
        read_only=True,
        allow_null=True,
        help_text="Null for keys, the system and who is gone.",
    )
    before = serializers.DictField(read_only=True, allow_null=True)
    after = serializers.DictField(read_only=True, allow_null=True)
    project_id = serializers.UUIDField(read_only=True, allow_null=True)

    class Meta:
        model = AuditEntry
        fields = (
            "id",
            "created_at",
            "actor",
            "actor_label",
            "verb",
            "target_type",
            "target_id",
            "target_label",
            "project_id",
            "before",
            "after",
            "ip",
            "request_id",
        )
        read_only_fields = fields


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "a login", {"email": "bob@example.org", "password": "correct horse battery"}, request_only=True
        )
    ]
)
class LoginSerializer(StrictSerializer):
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=1024, trim_whitespace=False, write_only=True)


class TokensSerializer(serializers.Serializer[None]):
    access = serializers.CharField()
    refresh = serializers.CharField()


class LoggedInSerializer(TokensSerializer):
    user = UserSerializer()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "a token",
            {"refresh": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.signature"},
            request_only=True,
        )
    ]
)
class RefreshSerializer(StrictSerializer):
    refresh = serializers.CharField(max_length=4096)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "a token",
            {"refresh": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.signature"},
            request_only=True,
        )
    ]
)
class LogoutSerializer(StrictSerializer):
    refresh = serializers.CharField(max_length=4096, required=False, default="")


class TicketSerializer(serializers.Serializer[None]):
    ticket = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="seconds")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "both passwords",
            {"old_password": "correct horse battery", "new_password": "staple wrong mule"},
            request_only=True,
        )
    ]
)
class PasswordSerializer(StrictSerializer):
    old_password = serializers.CharField(max_length=1024, trim_whitespace=False, write_only=True)
    new_password = serializers.CharField(max_length=1024, trim_whitespace=False, write_only=True)
