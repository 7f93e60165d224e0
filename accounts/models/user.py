"""People, and the platform itself as an actor."""

from __future__ import annotations

import unicodedata
import uuid
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.choices import Language, Theme
from accounts.errors import UserError


@dataclass(frozen=True)
class SystemActor:
    """The platform acting by itself: schedules, the console, the supervisor."""

    sees_everything: ClassVar[bool] = True

    def __str__(self) -> str:
        return "system"


SYSTEM = SystemActor()


@dataclass(frozen=True)
class KeyActor:
    """Whoever holds a project's API key: may work in that one project and nowhere else."""

    project_id: uuid.UUID
    prefix: str
    sees_everything: ClassVar[bool] = False
    is_active: ClassVar[bool] = True

    def __str__(self) -> str:
        return f"key {self.prefix}…"


def normalise_email(email: str) -> str:
    """The one spelling that an address is kept and looked up in."""
    return unicodedata.normalize("NFKC", email).strip().lower()


def _root_stays() -> UserError:
    return UserError(
        "root_stays", _("The root account can be neither deleted, blocked nor demoted."), status=403
    )


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, actor: User | KeyActor | SystemActor) -> Self:
        """Root and managers of users see everybody, others themselves, keys nobody."""
        if isinstance(actor, SystemActor):
            return self.all()
        if isinstance(actor, KeyActor) or not actor.is_active:
            return self.none()
        return self.all() if actor.is_root or actor.can_manage_users else self.filter(pk=actor.pk)

    def known_to(self, actor: User | KeyActor | SystemActor) -> Self:
        """Whose name, picture and rights the actor may read: people everybody's, keys nobody's."""
        known = isinstance(actor, SystemActor) or (isinstance(actor, User) and actor.is_active)
        return self.all() if known else self.none()

    def update(self, **values: Any) -> int:
        """Refuses `is_root`: nothing gives or takes that right."""
        if "is_root" in values:
            raise _root_stays()
        return super().update(**values)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuses a set that holds the root."""
        if self.filter(is_root=True).exists():
            raise _root_stays()
        return super().delete()


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def visible_to(self, actor: User | KeyActor | SystemActor) -> UserQuerySet:
        return self.get_queryset().visible_to(actor)

    def known_to(self, actor: User | KeyActor | SystemActor) -> UserQuerySet:
        return self.get_queryset().known_to(actor)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=normalise_email(username or ""))

    async def aget_by_natural_key(self, username: str | None) -> User:
        return await self.aget(email=normalise_email(username or ""))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A new person without rights; an address that is taken raises IntegrityError."""
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db, force_insert=True)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """The root if there is nobody yet, else one more administrator; never touches who is there."""
        fields |= {"can_create_projects": True, "can_manage_users": True}
        with transaction.atomic(using=self._db):
            return self.create_user(email, password, **fields, is_root=not self.exists())


class User(AbstractBaseUser):
    """A person, known by the address. Blocked means not `is_active`.

    Exactly one has `is_root`: the first. The database refuses a second and a blocked root.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(
        _("e-mail"), unique=True, error_messages={"unique": _("This address is taken.")}
    )
    name = models.CharField(_("name"), max_length=100, blank=True)
    is_root = models.BooleanField(_("root"), default=False, editable=False)
    is_active = models.BooleanField(_("active"), default=True, help_text=_("Off means blocked."))
    can_create_projects = models.BooleanField(_("may create projects"), default=False)
    can_manage_users = models.BooleanField(_("may manage users"), default=False)
    language = models.CharField(
        _("language"),
        max_length=8,
        choices=Language.choices,
        blank=True,
        help_text=_("Of pages; none means the browser's."),
    )
    theme = models.CharField(_("theme"), max_length=8, choices=Theme.choices, default=Theme.SYSTEM)
    # Names the picture, which stands in a row of its own: every request loads its user.
    avatar_digest = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ("email",)
        constraints = (
            models.UniqueConstraint(Lower("email"), name="one_user_per_address"),
            models.UniqueConstraint(fields=["is_root"], condition=Q(is_root=True), name="one_root"),
            models.CheckConstraint(
                condition=Q(is_root=False) | Q(is_active=True), name="root_is_never_blocked"
            ),
        )

    def __str__(self) -> str:
        return self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keeps the address in its one spelling; raises UserError when the root would lose its rights."""
        stays_root = self.is_root and self.is_active
        if not (self._state.adding or stays_root) and User.objects.filter(pk=self.pk, is_root=True).exists():
            raise _root_stays()
        self.email = normalise_email(self.email)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Raises UserError for the root."""
        if User.objects.filter(pk=self.pk, is_root=True).exists():
            raise _root_stays()
        return super().delete(*args, **kwargs)

    def clean(self) -> None:
        self.email = normalise_email(self.email)

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email.partition("@")[0]

    @property
    def sees_everything(self) -> bool:
        return self.is_active and self.is_root

    @property
    def is_blocked(self) -> bool:
        return not self.is_active

    @property
    def avatar_url(self) -> str | None:
        """Where the picture is; another picture has another address, so that either may be cached for long."""
        if not self.avatar_digest:
            return None
        return f"/api/users/{self.pk}/avatar?v={self.avatar_digest[:12]}"

    @property
    def is_staff(self) -> bool:
        """Everybody works inside the admin shell; what one sees there, the admin classes decide."""
        return self.is_active

    @property
    def is_superuser(self) -> bool:
        return self.sees_everything

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Django's model permissions belong to the root; our rights are asked by actions."""
        return self.sees_everything

    def has_perms(self, perm_list: object, obj: object = None) -> bool:
        return self.sees_everything

    def has_module_perms(self, app_label: str) -> bool:
        return self.sees_everything
