"""Forms of the admin that end in actions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables
from rest_framework.exceptions import AuthenticationFailed, Throttled
from unfold.forms import AdminOwnPasswordChangeForm, AuthenticationForm
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelect2MultipleWidget

from accounts import facets
from accounts.actions.checks import check_password_strength
from accounts.actions.logins import check_credentials
from accounts.actions.profile import change_password
from accounts.authentication import client_ip
from accounts.errors import UserError
from accounts.models import SYSTEM, User


class LoginForm(AuthenticationForm):  # type: ignore[misc]
    """Counts attempts as REST does."""

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = self.cleaned_data
        email, password = data.get("username"), data.get("password")
        if email and password:
            try:
                self.user_cache = check_credentials(
                    email=email, password=password, ip=client_ip(self.request), request=self.request
                )
            except Throttled as error:
                wait = round(getattr(error, "wait", None) or 0)
                raise ValidationError(
                    _("Too many attempts; try again in %(wait)s s.") % {"wait": wait}
                ) from None
            except AuthenticationFailed as error:
                raise ValidationError(str(error.detail)) from None
        return data


class OwnPasswordForm(AdminOwnPasswordChangeForm):  # type: ignore[misc]
    def save(self, commit: bool = True) -> User:
        data = self.cleaned_data
        change_password(
            actor=self.user, old_password=data["old_password"], new_password=data["new_password1"]
        )
        self.user.refresh_from_db()
        user: User = self.user
        return user


class UserForm(forms.ModelForm[User]):
    """A person for managers of users; an empty password leaves the present one."""

    project_access = forms.MultipleChoiceField(
        label=_("Access to projects"),
        required=False,
        widget=UnfoldAdminSelect2MultipleWidget,
        help_text=_("The projects that the person is a member of."),
    )

    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("Leave it empty to keep the present one. A new one ends all logins of the person."),
    )

    class Meta:
        model = User
        fields = ("email", "name", "is_active", "can_create_projects", "can_manage_users")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "password" in self.fields and self.instance._state.adding:
            self.fields["password"].required = True
            self.fields["password"].help_text = ""
        if "project_access" in self.fields:
            projects = facets.projects()
            self.fields["project_access"].choices = projects.choices()  # type: ignore[attr-defined]
            if not self.instance._state.adding:
                found = projects.access([self.instance], SYSTEM).get(self.instance.pk, [])
                self.initial["project_access"] = [str(key) for key in found]

    def clean_project_access(self) -> list[UUID]:
        return [UUID(key) for key in self.cleaned_data["project_access"]]

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if password:
            try:
                check_password_strength(password, User(email=self.cleaned_data.get("email", "")))
            except UserError as error:
                raise ValidationError(str(error)) from None
        return password
