"""Former slugs, whose addresses lead to the present one for a while."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Actor
from projects.limits import SLUG_LENGTH
from projects.models.project import Project


class SlugAliasQuerySet(models.QuerySet["SlugAlias"]):
    def visible_to(self, actor: Actor) -> SlugAliasQuerySet:
        return self.filter(project__in=Project.objects.visible_to(actor))

    def live(self) -> SlugAliasQuerySet:
        return self.filter(expires_at__gt=timezone.now())

    def expired(self) -> SlugAliasQuerySet:
        return self.filter(expires_at__lte=timezone.now())

    def slug_behind(self, slug: str) -> str | None:
        """The present slug of the project that was called so. One query."""
        return self.live().filter(slug=slug).values_list("project__slug", flat=True).first()


class SlugAlias(models.Model):
    """A slug that a project had. A project that takes it ends the alias."""

    slug = models.CharField(_("former slug"), max_length=SLUG_LENGTH, unique=True)
    project = models.ForeignKey(Project, models.CASCADE, related_name="aliases", verbose_name=_("project"))
    expires_at = models.DateTimeField(_("until"), db_index=True)

    objects = SlugAliasQuerySet.as_manager()

    class Meta:
        verbose_name = _("former slug")
        verbose_name_plural = _("former slugs")
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.slug
