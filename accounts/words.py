"""Words that the page of the profile says by itself: it reaches them as JSON, in the language of the request."""

from __future__ import annotations

from django.utils.translation import gettext as _


def profile_words() -> dict[str, str]:
    return {
        "saved": _("Your profile is saved."),
        "pictureSaved": _("Your picture is saved."),
        "pictureGone": _("Your picture is removed."),
        "pictureTooLarge": _("The image is too large: 2 MB at most."),
        "failed": _("That did not work: the platform answered {status}."),
        "offline": _("The platform cannot be reached. Check the connection and try again."),
        "loggedOut": _("You are logged out. Log in again in another tab, then repeat."),
        "close": _("Close"),
    }
