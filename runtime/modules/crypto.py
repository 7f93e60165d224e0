"""crypto: randomness; more functions come with the runtime API."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from runtime.modules.declaration import HostFunction, HostModule

MODULE = HostModule(
    name="crypto",
    names=("crypto", "$crypto"),
    doc=_("Randomness from the system's generator."),
    functions=(
        HostFunction(
            "randomUUID", "(): string", _("A random UUID of version 4."), "const id = crypto.randomUUID();"
        ),
        HostFunction(
            "getRandomValues",
            "<T extends ArrayBufferView>(array: T): T",
            _(
                "Fills a typed array of integers with random values, at most 65 536 bytes at once, and returns it."
            ),
            "const bytes = crypto.getRandomValues(new Uint8Array(16));",
            (
                ("TypeMismatchError", _("it is not a typed array of integers")),
                ("QuotaExceededError", _("it is longer than 65 536 bytes")),
            ),
        ),
    ),
)
