from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Language(TextChoices):
    """Languages of pages; none chosen means the browser's."""

    ENGLISH = "en", _("English")
    RUSSIAN = "ru", _("Russian")


class Theme(TextChoices):
    LIGHT = "light", _("light")
    DARK = "dark", _("dark")
    SYSTEM = "system", _("as the system")
