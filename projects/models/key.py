"""API keys: what a program shows to work in one project."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Actor
from projects.keys import PREFIX_LENGTH
from projects.models.project import Project


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def visible_to(self, actor: Actor) -> ApiKeyQuerySet:
        return self.filter(project__in=Project.objects.visible_to(actor))


class ApiKey(models.Model):
    """The one key of a project. The database keeps its digest alone; 256 random bits need no slower hash."""

    USE_NOTED_EVERY = timedelta(minutes=1)

    project = models.OneToOneField(Project, models.CASCADE, related_name="api_key", verbose_name=_("project"))
    prefix = models.CharField(_("prefix"), max_length=PREFIX_LENGTH, unique=True)
    digest = models.CharField(max_length=64, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("made by")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return f"{self.prefix}…"

    def note_use(self) -> None:
        """Remember when the key was used last, at most once a minute: most requests write nothing."""
        now = timezone.now()
        before = now - self.USE_NOTED_EVERY
        if self.last_used_at is None or self.last_used_at < before:
            unnoted = Q(last_used_at=None) | Q(last_used_at__lt=before)
            ApiKey.objects.filter(unnoted, pk=self.pk).update(last_used_at=now)

    note_use.alters_data = True  # type: ignore[attr-defined]
