"""setTimeout and its kin."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from runtime.modules.declaration import HostFunction, HostModule

_ERRORS = (
    ("invalid_argument", _("the callback is not a function")),
    ("limit_timers", _("more than 200 timers are waiting")),
)

MODULE = HostModule(
    name="timers",
    doc=_(
        "Timers, as on the web; at most 200 wait at once. A delay is at least 1 ms and at most 2³¹ − 1 ms."
    ),
    functions=(
        HostFunction(
            "setTimeout",
            "(callback: (...args: any[]) => void, delay?: number, ...args: any[]): number",
            _("Calls the function once after that many milliseconds; returns an id for clearTimeout."),
            "setTimeout((name) => logger.info('hello', name), 500, 'Ada');",
            _ERRORS,
        ),
        HostFunction(
            "setInterval",
            "(callback: (...args: any[]) => void, delay?: number, ...args: any[]): number",
            _(
                "Calls the function every so many milliseconds until it is cleared, also when one call throws."
            ),
            "let ticks = 0;\nconst id = setInterval(() => {\n  ticks += 1;\n  if (ticks === 3) clearInterval(id);\n}, 100);",
            _ERRORS,
        ),
        HostFunction(
            "clearTimeout",
            "(id: number | undefined): void",
            _("Forgets a timeout; an unknown id does nothing."),
            "const id = setTimeout(() => {}, 1000);\nclearTimeout(id);",
        ),
        HostFunction(
            "clearInterval",
            "(id: number | undefined): void",
            _("Forgets an interval; an unknown id does nothing."),
            "const id = setInterval(() => {}, 1000);\nclearInterval(id);",
        ),
        HostFunction(
            "queueMicrotask",
            "(callback: () => void): void",
            _("Calls the function as soon as the current one has ended."),
            "queueMicrotask(() => logger.info('later, but soon'));",
        ),
    ),
)
