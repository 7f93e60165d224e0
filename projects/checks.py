from __future__ import annotations

from django.core.checks import CheckMessage, Error, register
from django.template.exceptions import TemplateDoesNotExist
from django.template.loader import get_template

from projects import tabs


@register
def check_tabs(app_configs: object, **_others: object) -> list[CheckMessage]:
    """m3m.E001: every registered tab has its template."""
    found: list[CheckMessage] = []
    for tab in tabs.registered():
        try:
            get_template(tab.template)
        except TemplateDoesNotExist:
            found.append(Error(f"tab '{tab.name}': there is no template {tab.template}", id="m3m.E001"))
    return found
