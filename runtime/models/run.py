from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import suppress

from django.db import IntegrityError, models, transaction
from django.db.models import F, OuterRef, Q, Subquery, Window
from django.db.models.functions import Now, RowNumber
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Actor
from projects.models import Project
from runtime.choices import FINAL_STATUSES, HELD_STATUSES, EndReason, RunStatus
from runtime.models.attempt import Attempt
from runtime.models.node import Node


class RunQuerySet(models.QuerySet["Run"]):
    def live(self) -> RunQuerySet:
        return self.exclude(status__in=FINAL_STATUSES)

    def orphaned(self) -> RunQuerySet:
        """Runs whose node's lease has ended."""
        return self.filter(status__in=HELD_STATUSES, node__lease_expires_at__lte=Now())

    def find(self, key: uuid.UUID) -> Run | None:
        """The run of that id; cheaper than `first`, which sorts."""
        with suppress(Run.DoesNotExist):
            return self.get(pk=key)
        return None

    def for_running(self) -> RunQuerySet:
        """With all that a node needs to run them, in one query: the sooner it is read, the sooner they serve."""
        own = (
            "version",
            "branch",
            "files",
            "status",
            "stop_reason",
            "epoch",
            "node_id",
            "restarts",
            "started_at",
        )
        return self.select_related("project", "release").only(
            *own, "project__slug", "project__auto_start", "release__files"
        )

    def visible_to(self, actor: Actor) -> RunQuerySet:
        return self.filter(project__in=Project.objects.visible_to(actor))

    def beyond(self, count: int) -> RunQuerySet:
        """Finished runs that are older than the newest `count` of their project."""
        place = Window(RowNumber(), partition_by="project", order_by="-created_at")
        ranked = Run.objects.filter(status__in=FINAL_STATUSES).annotate(place=place)
        return self.filter(pk__in=ranked.filter(place__gt=count).values("pk"))

    def latest_of(self, projects: Sequence[Project]) -> RunQuerySet:
        """The newest run of each project, in one query."""
        newest = (
            self.model.objects.filter(project=OuterRef("project")).order_by("-created_at").values("pk")[:1]
        )
        return self.filter(project__in=projects, pk=Subquery(newest))


class Run(models.Model):
    """From a start asked for to its end; one log; survives crashes of its sandbox and takeover by another node."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(
        "projects.Project", models.CASCADE, related_name="runs", verbose_name=_("project")
    )
    release = models.ForeignKey(
        "pipeline.Release",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="runs",
        verbose_name=_("release"),
    )
    version = models.CharField(_("version"), max_length=20, blank=True)
    branch = models.CharField(_("branch"), max_length=100, blank=True)
    files = models.JSONField(_("code"), null=True, blank=True)  # of a debug run, frozen at its start
    status = models.CharField(
        _("status"), max_length=12, choices=RunStatus.choices, default=RunStatus.PENDING
    )
    stop_reason = models.CharField(_("stop asked for"), max_length=20, choices=EndReason.choices, blank=True)
    reason = models.CharField(_("reason"), max_length=20, choices=EndReason.choices, blank=True)
    error = models.TextField(_("error"), blank=True)
    epoch = models.PositiveIntegerField(_("epoch"), default=0)
    node = models.ForeignKey(
        Node, models.SET_NULL, null=True, blank=True, related_name="runs", verbose_name=_("node")
    )
    restarts = models.PositiveIntegerField(_("restarts"), default=0)
    routes = models.JSONField(_("routes"), default=list, blank=True)
    requested_by = models.CharField(_("requested by"), max_length=254, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(status__in=sorted(HELD_STATUSES)),
                name="one_held_run_per_project",
            )
        ]
        indexes = [
            models.Index(fields=["project", "-created_at"], name="run_newest"),
            models.Index(fields=["status"], name="run_status"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.label}"

    @property
    def label(self) -> str:
        """What runs, for people: a version or a branch."""
        return self.version or self.branch

    @property
    def code(self) -> dict[str, str]:
        """The frozen files; costs a query for a release that was not loaded."""
        if self.files is not None:
            return dict(self.files)
        return dict(self.release.files) if self.release else {}

    @property
    def is_final(self) -> bool:
        return self.status in FINAL_STATUSES

    def _held(self, node: Node) -> RunQuerySet:
        return Run.objects.filter(pk=self.pk, node=node, epoch=self.epoch)

    def claim(self, node: Node) -> bool:
        """Take the run for `node` with a new epoch; False when it is another node's or no longer wanted.

        One statement decides, on columns of the run alone: PostgreSQL looks again at these, and not at what a join
        brought, when it had to wait for somebody else's change of the row.
        """
        held = self.node_id is not None
        free = Q(status__in=HELD_STATUSES) if held else Q(status=RunStatus.PENDING)
        try:
            with transaction.atomic():
                if self.node_id is not None and not Node.bury(self.node_id):
                    return False
                same = Run.objects.filter(
                    free, pk=self.pk, node=self.node_id, epoch=self.epoch, stop_reason=""
                )
                taken = same.update(node=node, epoch=F("epoch") + 1, status=RunStatus.STARTING)
                if taken:
                    self._open_attempt(node, EndReason.NODE_LOST)
        except IntegrityError:  # another run of this project still has a node
            return False
        return bool(taken)

    def _open_attempt(self, node: Node, ended: str) -> None:
        """Begin the attempt of the next epoch; one that was not known to be over has ended for the reason `ended`."""
        if self.epoch:
            Attempt.objects.filter(run=self, ended_at=None).update(ended_at=Now(), reason=ended)
        self.epoch += 1
        self.node, self.status = node, RunStatus.STARTING
        Attempt.objects.create(run=self, node=node, epoch=self.epoch)

    def next_attempt(self, node: Node, ended: str = EndReason.NODE_LOST) -> bool:
        """Raise the epoch for one more fork on the node that holds the run; False when that is not wanted or not its.

        `ended` is why the attempt before is over, unless that is written down already.
        """
        with transaction.atomic():
            taken = (
                self._held(node)
                .filter(stop_reason="", status__in=HELD_STATUSES)
                .update(epoch=F("epoch") + 1, restarts=F("restarts") + 1, status=RunStatus.STARTING)
            )
            if taken:
                self.restarts += 1
                self._open_attempt(node, ended)
        return bool(taken)

    def mark_running(self, node: Node, routes: list[dict[str, str]]) -> bool:
        changed = (
            self._held(node)
            .filter(status=RunStatus.STARTING)
            .update(status=RunStatus.RUNNING, routes=routes, started_at=self.started_at or timezone.now())
        )
        return bool(changed)

    def mark_restarting(self, node: Node, reason: str, delay: float) -> bool:
        """The attempt ended with `reason`; the next one follows after `delay` seconds."""
        self.end_attempt(reason)
        changed = (
            self._held(node)
            .filter(status__in=HELD_STATUSES)
            .update(status=RunStatus.RESTARTING if delay else RunStatus.STARTING)
        )
        return bool(changed)

    def mark_stopping(self, node: Node) -> bool:
        return bool(self._held(node).filter(status__in=HELD_STATUSES).update(status=RunStatus.STOPPING))

    def end_attempt(self, reason: str) -> None:
        """Write down that the present attempt is over."""
        Attempt.objects.filter(run=self, epoch=self.epoch, ended_at=None).update(
            ended_at=Now(), reason=reason
        )

    def finish(self, node: Node | None, status: RunStatus, reason: str, error: str = "") -> bool:
        """End the run for good; False when it has ended already or another node holds it."""
        if status not in FINAL_STATUSES:
            raise ValueError(f"{status} does not end a run")
        with transaction.atomic():
            done = (
                Run.objects.filter(pk=self.pk, node=node, epoch=self.epoch)
                .live()
                .update(status=status, reason=reason, error=error[:4000], finished_at=Now())
            )
            if done:
                self.end_attempt(reason)
        return bool(done)

    def finish_orphan(self, reason: str) -> bool:
        """End a run that no living node holds; False when one does."""
        with transaction.atomic():
            if self.node_id is not None and not Node.bury(self.node_id):
                return False
            return self.finish(self.node, RunStatus.STOPPED, reason)

    def give_back(self, node: Node) -> bool:
        """At a graceful stop of the node: wait for the next node, or this one's next life."""
        with transaction.atomic():
            done = self._held(node).live().update(status=RunStatus.PENDING, node=None)
            if done:
                self.end_attempt(EndReason.NODE_LOST)
        return bool(done)

    for _method in (claim, next_attempt, mark_running, mark_restarting, mark_stopping, finish, give_back):
        setattr(_method, "alters_data", True)  # noqa: B010  (functions have no such attribute by type)
    del _method
