from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Tag(TextChoices):
    STABLE = "stable", _("stable")
    HOT_FIX = "hot-fix", _("hot-fix")
    NIGHT_BUILD = "night-build", _("night-build")
    DEVELOP = "develop", _("develop")


class Bump(TextChoices):
    MINOR = "minor", _("minor")
    MAJOR = "major", _("major")


class RevisionKind(TextChoices):
    CREATE = "create", _("begun")
    SAVE = "save", _("saved")
    AUTOSAVE = "autosave", _("saved by itself")
    RESET = "reset", _("reset to a release")
    RESTORE = "restore", _("restored")


class FileStatus(TextChoices):
    ADDED = "added", _("added")
    REMOVED = "removed", _("removed")
    CHANGED = "changed", _("changed")
    RENAMED = "renamed", _("renamed")
