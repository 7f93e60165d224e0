from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from runtime.choices import HELD_STATUSES


class NodeQuerySet(models.QuerySet["Node"]):
    def alive(self) -> NodeQuerySet:
        """Nodes whose lease runs by the database's clock."""
        return self.filter(lease_expires_at__gt=Now())

    def dead_for(self, age: timedelta) -> NodeQuerySet:
        """Nodes whose lease ended longer ago than `age` and that hold no run."""
        return self.filter(lease_expires_at__lt=Now() - age).exclude(runs__status__in=HELD_STATUSES)


class Node(models.Model):
    """One life of a worker process that hosts sandboxes.

    Its lease covers all runs that name it. A lease that has ended is never renewed, the process registers anew:
    so whoever sees an ended lease may take the runs over without a race. docs/design/leases.md tells the rest.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=200)
    pid = models.PositiveIntegerField(_("process"))
    registered_at = models.DateTimeField(_("registered at"), auto_now_add=True)
    lease_expires_at = models.DateTimeField(_("lease expires at"), db_index=True)

    objects = NodeQuerySet.as_manager()

    class Meta:
        verbose_name = _("node")
        verbose_name_plural = _("nodes")
        ordering = ["-registered_at"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def register(cls, name: str, pid: int, seconds: float) -> Node:
        """A new life of the node `name`; earlier lives of that name end with it.

        The caller holds the machine's lock of that name, so an earlier life is known to be dead.
        """
        cls.objects.filter(name=name, lease_expires_at__gt=Now()).update(lease_expires_at=Now())
        return cls.objects.create(name=name, pid=pid, lease_expires_at=Now() + timedelta(seconds=seconds))

    def renew(self, seconds: float) -> bool:
        """Extend the lease; False when it has ended already."""
        return (
            Node.objects.filter(pk=self.pk, lease_expires_at__gt=Now()).update(
                lease_expires_at=Now() + timedelta(seconds=seconds)
            )
            == 1
        )

    renew.alters_data = True  # type: ignore[attr-defined]

    def release(self) -> None:
        """End the lease at once, at a graceful stop."""
        Node.objects.filter(pk=self.pk).update(lease_expires_at=Now())

    release.alters_data = True  # type: ignore[attr-defined]
