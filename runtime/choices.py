from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class RunStatus(models.TextChoices):
    PENDING = "pending", _("waiting for a node")
    STARTING = "starting", _("starting")
    RUNNING = "running", _("running")
    RESTARTING = "restarting", _("waiting to restart")
    STOPPING = "stopping", _("stopping")
    STOPPED = "stopped", _("stopped")
    CRASHED = "crashed", _("crashed")


FINAL_STATUSES = frozenset({RunStatus.STOPPED, RunStatus.CRASHED})
# A run with one of these has a node, and at most one run of a project may have one.
HELD_STATUSES = frozenset({RunStatus.STARTING, RunStatus.RUNNING, RunStatus.RESTARTING, RunStatus.STOPPING})

# What a project is shown as; it has fewer states than a run.
STATUSES = (
    *(RunStatus.RUNNING.value, RunStatus.STARTING.value, RunStatus.STOPPING.value),
    *(RunStatus.STOPPED.value, RunStatus.CRASHED.value),
)


class EndReason(models.TextChoices):
    STOPPED = "stopped", _("stopped on request")
    REPLACED = "replaced", _("replaced by another run")
    SCRIPT_ERROR = "script_error", _("error in the script")
    LIMIT_CPU = "limit_cpu", _("CPU limit exceeded")
    LIMIT_MEMORY = "limit_memory", _("memory limit exceeded")
    LIMIT_WALL = "limit_wall", _("time limit exceeded")
    ENGINE_CRASH = "engine_crash", _("the sandbox process ended unexpectedly")
    NODE_LOST = "node_lost", _("the node was lost")
    NO_SANDBOX = "no_sandbox", _("this machine cannot sandbox a service")


class LogLevel(models.TextChoices):
    DEBUG = "debug", _("debug")
    INFO = "info", _("info")
    WARN = "warn", _("warning")
    ERROR = "error", _("error")
