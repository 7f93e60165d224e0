from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from runtime.choices import EndReason


class Attempt(models.Model):
    """One sandbox process within a run."""

    run = models.ForeignKey("runtime.Run", models.CASCADE, related_name="attempts", verbose_name=_("run"))
    node = models.ForeignKey(
        "runtime.Node", models.SET_NULL, null=True, related_name="+", verbose_name=_("node")
    )
    epoch = models.PositiveIntegerField(_("epoch"))
    started_at = models.DateTimeField(_("started at"), auto_now_add=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=20, choices=EndReason.choices, blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["-epoch"]
        constraints = [models.UniqueConstraint(fields=["run", "epoch"], name="attempt_once_per_epoch")]

    def __str__(self) -> str:
        return f"{self.run_id} #{self.epoch}"
