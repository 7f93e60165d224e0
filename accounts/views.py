from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views import View, i18n

from accounts.actions.profile import update_profile
from accounts.choices import Language, Theme
from accounts.forms import OwnPasswordForm
from accounts.limits import AVATAR_BYTES
from accounts.models import User
from accounts.permissions import actor_of
from accounts.words import profile_words


class OwnPasswordView(PasswordChangeView):
    """The admin's page for the own password, through the action."""

    form_class = OwnPasswordForm
    success_url = reverse_lazy("admin:password_change_done")
    template_name = "registration/password_change_form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), **admin.site.each_context(self.request)}


class ProfilePage(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        """What a person changes of himself; the page's module saves it by REST."""
        user = actor_of(request)
        context = {
            **admin.site.each_context(request),
            "title": _("Your profile"),
            "script": "dist/profile.js",
            "data": {"words": profile_words(), "mostBytes": AVATAR_BYTES},
            "languages": Language.choices,
            "themes": Theme.choices,
            "rights": rights_in_words(user),
        }
        return TemplateResponse(request, "accounts/profile.html", context)


def rights_in_words(user: User) -> list[str]:
    if user.is_root:
        return [_("root: sees and does everything")]
    rights = [
        (user.can_create_projects, _("may create projects")),
        (user.can_manage_users, _("may manage users")),
    ]
    return [words for given, words in rights if given]


def set_language(request: HttpRequest) -> HttpResponseBase:
    """Django's switch; whoever is logged in has the choice kept in the profile, for all browsers."""
    response = i18n.set_language(request)
    language = request.POST.get("language", "")
    user = request.user
    if request.method == "POST" and isinstance(user, User) and user.is_active and language in Language.values:
        update_profile(actor=user, language=language)
        # A cookie would outlast the choice.
        response.cookies.pop(settings.LANGUAGE_COOKIE_NAME, None)
    return response
