"""What accounts set in the admin site once every app has registered its own."""

from __future__ import annotations

from django.contrib import admin

from accounts.api.schema import TokenScheme
from accounts.forms import LoginForm

__all__ = ["TokenScheme"]

# Shown in our own words, or by no one: their forms know none of our rules.
_FOREIGN = {"auth", "django_celery_beat", "token_blacklist"}

admin.site.login_form = LoginForm
admin.site.unregister([model for model in list(admin.site._registry) if model._meta.app_label in _FOREIGN])
