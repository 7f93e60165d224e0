"""Who did what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from accounts.models.user import KeyActor, SystemActor, User


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def visible_to(self, actor: User | KeyActor | SystemActor) -> Self:
        """Root and the system see all, managers of users what was done to users, others and keys nothing.

        What was done in a project, its members see: `of_project`.
        """
        if actor.sees_everything:
            return self.all()
        manages = getattr(actor, "is_active", False) and getattr(actor, "can_manage_users", False)
        return self.filter(target_type="accounts.user") if manages else self.none()

    def of_project(self, project_id: UUID) -> Self:
        """What was done to a project and to things in it; the caller has asked whether the actor sees it."""
        return self.filter(project_id=project_id)


class AuditEntry(models.Model):
    """One change, written by the action that made it and never altered. Holds no secrets."""

    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("actor")
    )
    actor_label = models.CharField(_("who"), max_length=254)
    verb = models.CharField(_("what"), max_length=64)
    target_type = models.CharField(_("kind"), max_length=64)
    target_id = models.CharField(_("id"), max_length=64)
    target_label = models.CharField(_("on"), max_length=254)
    # No foreign key: this floor knows no projects, and the entries outlive them.
    project_id = models.UUIDField(_("project"), null=True)
    before = models.JSONField(_("before"), null=True)
    after = models.JSONField(_("after"), null=True)
    ip = models.GenericIPAddressField(_("from"), null=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ("-created_at", "-pk")
        indexes = (
            models.Index(fields=["-created_at"], name="audit_by_time"),
            models.Index(fields=["target_type", "target_id", "-created_at"], name="audit_by_target"),
            models.Index(fields=["project_id", "-created_at"], name="audit_by_project"),
        )

    def __str__(self) -> str:
        return f"{self.actor_label} {self.verb} {self.target_label}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raises TypeError for an entry that is there already."""
        if not self._state.adding:
            raise TypeError("audit entries are never altered")
        super().save(*args, **kwargs)
