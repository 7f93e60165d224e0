"""Words of the page Overview."""

from __future__ import annotations

from django.utils.translation import gettext as _


def verb_words() -> dict[str, str]:
    """What an audit entry's verb says, for people."""
    return {
        "create_project": _("created the project"),
        "update_project": _("changed the settings"),
        "add_member": _("added a member"),
        "remove_member": _("removed a member"),
        "replace_env": _("changed the environment"),
        "create_env": _("added a variable"),
        "update_env": _("changed a variable"),
        "delete_env": _("removed a variable"),
        "create_branch": _("created a branch"),
        "save_branch": _("saved code"),
        "rename_branch": _("renamed a branch"),
        "reset_branch": _("reset a branch to a release"),
        "restore_branch": _("restored an earlier draft"),
        "delete_branch": _("deleted a branch"),
        "publish_release": _("published a release"),
        "activate_release": _("activated a release"),
        "delete_release": _("deleted a release"),
        "purge_releases": _("purged releases"),
        "start": _("started the service"),
        "stop": _("stopped the service"),
        "set_limit": _("set a limit"),
        "delete_limit": _("removed a limit"),
    }
