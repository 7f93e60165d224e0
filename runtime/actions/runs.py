"""Starting, stopping and restarting services: what is wanted goes into the database, the nodes carry it out."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.errors import ConflictError, UserError
from accounts.permissions import Actor
from pipeline.actions.releases import activate_release
from pipeline.models import Branch, Release
from projects.models import Project
from projects.permissions import Right, require
from runtime import logs
from runtime.choices import EndReason, RunStatus
from runtime.models import Run
from runtime.tasks import wake_node

KEPT_LOGS = 10  # of crashed runs, and of runs of one release


def start_service(*, actor: Actor, project: Project, version: str = "", branch: str = "") -> Run:
    """Want a new run: of a release, which becomes the active one; of a branch, frozen as it is; else of the active one.

    A live run is replaced. Raises UserError, NotFoundError, ConflictError (nothing was ever released).
    """
    require(actor, project, Right.WORK)
    if version and branch:
        raise UserError("start_what", _("Give a version or a branch, not both."))
    with transaction.atomic():
        Project.objects.lock(project.pk)
        run = _new_run(actor, project, version, branch)
        _replace_live_runs(project)
        run.save()
        record(actor=actor, verb="start", target=project, after={"run": str(run.pk), "code": run.label})
        transaction.on_commit(lambda: _after_start(run), robust=True)
    return run


def _after_start(run: Run) -> None:
    wake_node(run)
    for old in _stale_logs(run):
        logs.clear(old.project_id, old.pk)


def _new_run(actor: Actor, project: Project, version: str, branch: str) -> Run:
    run = Run(project=project, requested_by=str(actor)[:254])
    if branch:
        run.branch, run.files = branch, Branch.objects.named(project, branch).as_files()
        return run
    if version:
        release = activate_release(actor=actor, project=project, version=version)
    else:
        found = Release.objects.active(project)
        if found is None:
            raise ConflictError("no_release", _("Publish a release first, or start a branch."))
        release = found
    run.release, run.version = release, release.version
    return run


def _replace_live_runs(project: Project) -> None:
    live = Run.objects.live().filter(project=project).select_related("node")
    for old in live.only("status", "epoch", "node__name").order_by():
        _ask_to_stop(old, EndReason.REPLACED)


def _ask_to_stop(run: Run, reason: EndReason) -> None:
    """End a run that no node has yet, else ask its node to."""
    if run.status == RunStatus.PENDING and run.finish(None, RunStatus.STOPPED, reason):
        return
    Run.objects.live().filter(pk=run.pk, stop_reason="").update(stop_reason=reason)
    transaction.on_commit(lambda: wake_node(run))


def _stale_logs(run: Run) -> list[Run]:
    """Runs before this one whose log goes: those of other code beyond what the project keeps, and the oldest of the rest."""
    project = run.project
    # Few runs have a log still, out of a history that may be long.
    earlier = Run.objects.filter(pk__in=logs.kept(project.pk), project=project, created_at__lt=run.created_at)
    rows = list(earlier.order_by("-created_at").only("project_id", "version", "branch", "status"))
    crashed = [old for old in rows if old.status == RunStatus.CRASHED]
    others = [old for old in rows if old.status != RunStatus.CRASHED]
    stale = [
        old
        for position, old in enumerate(others)
        if position >= project.keep_runs - 1 and (old.label != run.label or position >= KEPT_LOGS)
    ]
    return [*stale, *crashed[KEPT_LOGS:]]


def stop_service(*, actor: Actor, project: Project) -> Run | None:
    """Want no run; returns the one that was live, or None when nothing ran."""
    require(actor, project, Right.WORK)
    with transaction.atomic():
        Project.objects.lock(project.pk)
        runs = list(Run.objects.live().filter(project=project).select_related("node"))
        for run in runs:
            _ask_to_stop(run, EndReason.STOPPED)
        if runs:
            record(
                actor=actor,
                verb="stop",
                target=project,
                before={"run": str(runs[0].pk), "code": runs[0].label},
            )
    return runs[0] if runs else None


def restart_service(*, actor: Actor, project: Project) -> Run:
    """A new run of what ran last: the same release, or the branch as it is now. Without one, of the active release."""
    require(actor, project, Right.WORK)
    last = Run.objects.filter(project=project).order_by("-created_at").first()
    if last is not None and last.branch:
        return start_service(actor=actor, project=project, branch=last.branch)
    return start_service(actor=actor, project=project)
