"""The product's settings and the busy tasks; `DJANGO_SETTINGS_MODULE=benchmarks.settings`."""

from __future__ import annotations

from m3m_site.settings import *  # noqa: F403

CELERY_IMPORTS = ["benchmarks.busy"]
