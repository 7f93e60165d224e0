from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from runtime.sandbox.limits import Limits

NAMES = [(name, name) for name in Limits._fields]


class LimitOverride(models.Model):
    """A limit that staff lowered or raised for one project; sizes in bytes, times in seconds."""

    project = models.ForeignKey(
        "projects.Project", models.CASCADE, related_name="limits", verbose_name=_("project")
    )
    name = models.CharField(_("name"), max_length=40, choices=NAMES)
    value = models.FloatField(_("value"), validators=[MinValueValidator(0.001)])

    class Meta:
        verbose_name = _("limit")
        verbose_name_plural = _("limits")
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="limit_once_per_project")]

    def __str__(self) -> str:
        return f"{self.name} = {self.value:g}"
