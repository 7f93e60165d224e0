from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class SiteConfig(AppConfig):
    name = "m3m_site"

    def ready(self) -> None:
        # Each app fills registries and connects signals in its `wiring` module, and checks them in `checks`.
        autodiscover_modules("wiring", "checks")
