"""The declarations of all host modules; plugins enter by the same door.

One declaration gives the binding its check, the editor its typings and the docs their pages.
"""

from __future__ import annotations

from runtime.modules import crypto, env, files, logger, router, service, timers, web
from runtime.modules.declaration import DeclarationError, HostFunction, HostModule

_modules: dict[str, HostModule] = {}


def register(module: HostModule) -> None:
    """Add a module. Raises DeclarationError when one of its globals is taken."""
    taken = {name for other in _modules.values() for name in other.names}
    if module.name in _modules or taken.intersection(module.names):
        raise DeclarationError(f"{module.name}: the name of the module or of one of its globals is taken")
    _modules[module.name] = module


def modules() -> list[HostModule]:
    """All modules in the order in which they were registered."""
    return list(_modules.values())


def host_function(path: str) -> HostFunction | None:
    """The function `module.name` that runs in the host, or None."""
    module_name, _dot, name = path.partition(".")
    module = _modules.get(module_name)
    function = module.function(name) if module else None
    return function if function is not None and function.runs == "host" else None


for _room in (service, router, logger, env, timers, crypto, files, web):
    register(_room.MODULE)
register(web.PERFORMANCE)
