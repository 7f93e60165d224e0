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
