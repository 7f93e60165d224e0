"""service: the life of a service and facts about its run."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from runtime.errors import ScriptError
from runtime.models import Run
from runtime.modules.context import CallContext
from runtime.modules.declaration import HostFunction, HostModule

INTERFACES = """\
interface ServiceInfo {
  /** Name of the project. */
  project: string;
  /** Slug of the project; its routes answer below /r/<slug>/. */
  slug: string;
  /** Version of the release that runs, null for a debug run of a branch. */
  release: string | null;
  /** Branch of a debug run, else null. */
  branch: string | null;
  /** Id of the run. */
  runId: string;
  /** Number of this fork of the run, growing with each attempt. */
  epoch: number;
  /** How often this run was restarted. */
  restarts: number;
  /** When this run started, as an ISO date. */
  startedAt: string;
}
"""


def _info(context: CallContext) -> dict[str, Any]:
    """Facts of the caller's own run; one query."""
    run = Run.objects.select_related("project").filter(pk=context.run_id, epoch=context.epoch).first()
    if run is None:
        raise ScriptError("run_over", "service.info: this run has ended or was taken over by another node")
    return {
        "project": run.project.name,
        "slug": run.project.slug,
        "release": run.version or None,
        "branch": run.branch or None,
        "runId": str(run.pk),
        "epoch": context.epoch,
        "restarts": run.restarts,
        "startedAt": (run.started_at or run.created_at).isoformat(),
    }


_CALLBACK = (("TypeError", _("the callback is not a function")),)

MODULE = HostModule(
    name="service",
    names=("service", "$service"),
    doc=_("The life of a service: boot, then start, then requests and timers, then shutdown."),
    interfaces=INTERFACES,
    functions=(
        HostFunction(
            "boot",
            "(callback: () => void | Promise<void>): void",
            _(
                "Runs the callback first of all, to prepare; several run in the order given. An error ends the run."
            ),
            "service.boot(async () => {\n  logger.info('preparing');\n});",
            _CALLBACK,
        ),
        HostFunction(
            "start",
            "(callback: () => void | Promise<void>): void",
            _(
                "Runs the callback after all boot callbacks; requests are answered once all of these have ended."
            ),
            "service.start(() => {\n  router.get('/health', () => ({ status: 'ok' }));\n});",
            _CALLBACK,
        ),
        HostFunction(
            "shutdown",
            "(callback: () => void | Promise<void>): void",
            _(
                "Runs the callback when the service is stopped; it has 10 s unless the project's limits say otherwise."
            ),
            "service.shutdown(() => {\n  logger.info('bye');\n});",
            _CALLBACK,
        ),
        HostFunction(
            "info",
            "(): ServiceInfo",
            _("Tells which project, release and attempt this is."),
            "const { slug, release } = service.info();\nlogger.info(`${slug} runs ${release}`);",
            (("run_over", _("this run has ended or was taken over by another node")),),
            runs="host",
            handler=_info,
        ),
    ),
)
