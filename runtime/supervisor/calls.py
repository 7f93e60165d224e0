"""Carries out host calls: finds the declared function, keeps the caller to its project, splits errors by blame."""

from __future__ import annotations

import logging
import traceback
from typing import Any

from django.db import DatabaseError, connection

from accounts.errors import UserError
from runtime.errors import HostError, ScriptError
from runtime.modules.context import CallContext
from runtime.registry import host_function
from runtime.supervisor.lease import Lease
from runtime.supervisor.sandbox import Sandbox

log = logging.getLogger(__name__)


class Calls:
    """Callable for the intake: a name and arguments in, {"v": value} or {"e": {name, message, code}} out.

    The project comes from the connection, never from the message.
    """

    def __init__(self, lease: Lease) -> None:
        self._lease = lease

    def __call__(self, sandbox: Sandbox, name: str, arguments: list[Any]) -> dict[str, Any]:
        # A call may have waited in the pool while its sandbox died and another took its place.
        if sandbox.gone or not self._lease.held:
            return _error("lease_lost", "this run has been taken over by another node")
        function = host_function(name)
        if function is None or function.handler is None:
            return _error("unknown_function", f"{name[:100]} is not a host function")
        run = sandbox.run
        context = CallContext(project_id=run.project_id, run_id=run.pk, epoch=sandbox.epoch)
        try:
            return {"v": function.handler(context, *arguments)}
        except (ScriptError, UserError) as error:
            return _error(error.code, str(error))
        except TypeError as error:
            log.debug("host call %s of run %s: %s", name, run.pk, sandbox.masker.mask(str(error)))
            return _error("bad_arguments", f"{name}: the arguments do not fit its declaration")
        except DatabaseError as error:
            # A database may quote the values that it refused.
            log.warning("host call %s of run %s: %s", name, run.pk, sandbox.masker.mask(str(error)))
            connection.close()
            return _error(HostError.code, f"{name}: the database did not answer; try again")
        except Exception:  # noqa: BLE001  (logged below, without its secrets)
            stack = sandbox.masker.mask(traceback.format_exc())
            log.error("host call %s of run %s failed\n%s", name, run.pk, stack)
            return _error(HostError.code, f"{name} failed inside the platform")


def _error(code: str, message: str) -> dict[str, Any]:
    return {"e": {"name": "Error", "message": message, "code": code}}
