"""Words that the pages' modules say by themselves: they reach them as JSON, in the language of the request."""

from __future__ import annotations

from django.utils.translation import gettext as _


def shared_words() -> dict[str, str]:
    """Of every page. Braces are filled in by the page."""
    return {
        "running": _("running"),
        "starting": _("starting"),
        "stopping": _("stopping"),
        "stopped": _("stopped"),
        "crashed": _("crashed"),
        "copied": _("Copied"),
        "copyFailed": _("The browser does not allow copying; select the address and copy it."),
        "failed": _("That did not work: the platform answered {status}."),
        "offline": _("The platform cannot be reached. Check the connection and try again."),
        "loggedOut": _("You are logged out. Log in again in another tab, then repeat."),
        "close": _("Close"),
        "started": _("The start was asked for."),
        "stopAsked": _("The stop was asked for."),
        "restartAsked": _("The restart was asked for."),
        "newLines": _("New lines: {count}"),
        "shownLines": _("Lines: {count}"),
        "live": _("live"),
        "waiting": _("connecting again …"),
        "ended": _("not connected"),
        "gap": _(
            "The connection was away for a while; lines may be missing here. The download has them all."
        ),
        "draftOf": _("draft of {branch} (debug run)"),
    }


def list_words() -> dict[str, str]:
    return {
        **shared_words(),
        "count": _("Projects: {count}"),
        "nothingFound": _("No project fits “{search}”."),
        "noRelease": _("nothing released"),
        "startOf": _("Start {name}"),
        "stopOf": _("Stop {name}"),
        "restartOf": _("Restart {name}"),
        "logsOf": _("Logs of {name}"),
        "copyOf": _("Copy the address of {name}"),
        "importing": _("Importing …"),
        "missingSecrets": _("The project is here. Set the values of these secrets anew: {keys}."),
        "slugOfName": _("made of the name"),
    }


def env_words() -> dict[str, str]:
    return {
        **shared_words(),
        "saved": _("The environment is saved. A running service has the new values already."),
        "keyOf": _("Key of variable {number}"),
        "typeOf": _("Type of variable {number}"),
        "valueOf": _("Value of variable {number}"),
        "removeOf": _("Remove variable {number}"),
        "upOf": _("Move variable {number} up"),
        "downOf": _("Move variable {number} down"),
        "secretSet": _("is set; type to replace it"),
        "secretNew": _("type the secret"),
        "yes": _("yes"),
        "no": _("no"),
    }


def settings_words() -> dict[str, str]:
    return {
        **shared_words(),
        "saved": _("The settings are saved."),
        "askNewKey": _("Programs that use the present key stop working. Make a new one?"),
        "askEndKey": _("Programs that use the key stop working. Revoke it?"),
        "keyEnded": _("The key counts no more."),
        "askOwner": _("{email} becomes the owner, and you become a member. Go on?"),
        "memberAdded": _("{email} belongs to the project now."),
        "memberRemoved": _("{email} no longer belongs to the project."),
    }
