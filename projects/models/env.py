"""Environment variables: typed, and sealed at rest whatever their type."""

from __future__ import annotations

import json
from typing import Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Actor
from projects.choices import EnvType
from projects.models.project import Project
from projects.sealing import seal, unseal


class EnvVarQuerySet(models.QuerySet["EnvVar"]):
    def visible_to(self, actor: Actor) -> Self:
        return self.filter(project__in=Project.objects.visible_to(actor))

    def values_for(self, project: Project) -> dict[str, Any]:
        """Key to opened value, in order. One query. Raises SealError under another encryption key."""
        return {variable.key: variable.open() for variable in self.filter(project=project)}

    def opened_for(self, project: Project) -> tuple[dict[str, Any], list[str]]:
        """What `values_for` and `secrets_for` say, of one moment. One query. Raises SealError."""
        opened = [(variable, variable.open()) for variable in self.filter(project=project)]
        values = {variable.key: value for variable, value in opened}
        return values, [str(value) for variable, value in opened if variable.is_secret]

    def secrets_for(self, project: Project) -> list[str]:
        """The opened values of type secret, for masking. One query."""
        return [str(variable.open()) for variable in self.filter(project=project, type=EnvType.SECRET)]


class EnvVar(models.Model):
    """One variable. Its value is bound to project and key: a row copied elsewhere does not open."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="variables", verbose_name=_("project"))
    key = models.CharField(_("key"), max_length=128)
    type = models.CharField(_("type"), max_length=8, choices=EnvType.choices, default=EnvType.STRING)
    sealed = models.BinaryField()
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = EnvVarQuerySet.as_manager()

    class Meta:
        verbose_name = _("environment variable")
        verbose_name_plural = _("environment variables")
        ordering = ("position", "pk")
        constraints = (models.UniqueConstraint(fields=["project", "key"], name="one_variable_per_key"),)

    def __str__(self) -> str:
        return self.key

    @property
    def is_secret(self) -> bool:
        return self.type == EnvType.SECRET

    def put(self, value: object) -> None:
        """Seal a value, checked before; the caller saves."""
        self.sealed = seal(json.dumps(value).encode(), self._place())

    put.alters_data = True  # type: ignore[attr-defined]

    def open(self) -> object:
        """The value in its type. Raises SealError."""
        return json.loads(unseal(bytes(self.sealed), self._place()))

    def shown(self) -> object:
        """The value for people: None for a secret, which is never shown again."""
        return None if self.is_secret else self.open()

    def _place(self) -> str:
        return f"{self.project_id}:{self.key}"
