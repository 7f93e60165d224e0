"""$require and $exports: the files of a branch, as upstream joins them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from runtime.modules.declaration import HostFunction, HostModule

MODULE = HostModule(
    name="files",
    doc=_(
        "Joining the files of a branch. ES modules (import and export) work as well; a file is one or the other."
    ),
    functions=(
        HostFunction(
            "$require",
            "(name: string): { [key: string]: any }",
            _(
                "Returns what another file of the branch exports; the file runs once, when it is first asked for."
            ),
            "try {\n  const tools = $require('lib/tools');\n} catch (error) {\n  logger.warn(error.message);\n}",
            (("Error", _("there is no such file, it is an ES module, or running it failed")),),
        ),
        HostFunction(
            "$exports",
            "(exports: { [key: string]: any }): void",
            _("Adds to what the current file gives to those that require it."),
            "const setUp = () => $exports({ double: (n) => n * 2 });",
            (("Error", _("called outside the top level of a required file")),),
        ),
    ),
)
