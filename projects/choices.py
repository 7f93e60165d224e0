from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Right(TextChoices):
    VIEW = "view", _("see the project")
    WORK = "work", _("code, releases, start and stop, logs, environment")
    OWN = "own", _("settings, members, deletion")


class Color(TextChoices):
    RED = "red", _("red")
    ORANGE = "orange", _("orange")
    AMBER = "amber", _("amber")
    YELLOW = "yellow", _("yellow")
    LIME = "lime", _("lime")
    GREEN = "green", _("green")
    EMERALD = "emerald", _("emerald")
    TEAL = "teal", _("teal")
    CYAN = "cyan", _("cyan")
    SKY = "sky", _("sky blue")
    BLUE = "blue", _("blue")
    INDIGO = "indigo", _("indigo")
    VIOLET = "violet", _("violet")
    PURPLE = "purple", _("purple")
    FUCHSIA = "fuchsia", _("fuchsia")
    PINK = "pink", _("pink")


class EnvType(TextChoices):
    STRING = "string", _("text in one line")
    TEXT = "text", _("text of several lines")
    JSON = "json", _("JSON")
    INTEGER = "integer", _("integer")
    FLOAT = "float", _("number")
    BOOLEAN = "boolean", _("yes or no")
    SECRET = "secret", _("secret")
