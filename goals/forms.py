from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from goals.models import Goal


class GoalForm(forms.ModelForm[Goal]):
    class Meta:
        model = Goal
        fields = ("project", "name", "slug", "color", "type", "description", "allowed_projects")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if "slug" in self.fields and self.instance._state.adding:
            self.fields["slug"].required = False
            self.fields["slug"].help_text = _("Made of the name where it is left empty.")
