"""Words of the pages Code and Releases that their modules say by themselves."""

from __future__ import annotations

from django.utils.translation import gettext as _

from projects.words import shared_words


def code_words() -> dict[str, str]:
    return {
        **shared_words(),
        "saved": _("Saved at {time}"),
        "unsaved": _("Unsaved changes"),
        "clean": _("No changes"),
        "unsavedFile": _("unsaved"),
        "renameOf": _("Rename {name}"),
        "deleteOf": _("Delete {name}"),
        "codeOf": _("Code of {name}"),
        "nameNew": _("Name of the new file, such as lib/tools.js"),
        "nameRename": _("New name of {name}"),
        "nameTaken": _("There is a file of that name."),
        "nameEmpty": _("A file needs a name."),
        "deleteAsk": _("Delete {name}? It is gone with the next save."),
        "released": _("Release {version} is published."),
        "draftStarted": _("The draft of {branch} was started as a debug run."),
        "bySomebody": _("saved by somebody else"),
        "byYou": _("yours"),
        "fault": _("{file}, line {line}: {message}"),
        "noFile": _("(there is no such file)"),
    }


def release_words() -> dict[str, str]:
    return {
        **shared_words(),
        "activated": _("Release {version} is active: the next start runs it."),
        "startedVersion": _("The start of release {version} was asked for."),
        "deleted": _("Release {version} is deleted."),
        "deleteAsk": _("Delete release {version}? Its code is gone for good."),
    }
