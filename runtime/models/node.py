from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from runtime.choices import HELD_STATUSES

# How far back the lease of a buried node ends: further than any statement of the node can have been waiting.
GRAVE = timedelta(hours=1)


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
    def register(
        cls, name: str, pid: int, seconds: float, *, key: UUID | None = None, earlier: Sequence[UUID] = ()
    ) -> Node:
        """A new life of the node `name`; the lives in `earlier` end with it.

        The caller knows that those are dead: it holds the machine's lock that they held.
        """
        cls.objects.filter(pk__in=earlier).update(lease_expires_at=Now() - GRAVE)
        ends = Now() + timedelta(seconds=seconds)
        return cls.objects.create(pk=key or uuid.uuid4(), name=name, pid=pid, lease_expires_at=ends)

    @classmethod
    def bury(cls, pk: UUID) -> bool:
        """Make sure that a life whose lease has ended stays so; False when it has not ended.

        A renewal that is under way and this statement wait for the same row, and whoever comes second sees what
        the first has done: one of them fails. So after a True the node's runs may be taken over.
        """
        dead = cls.objects.filter(pk=pk, lease_expires_at__lte=Now())
        return dead.update(lease_expires_at=Now() - GRAVE) == 1

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
