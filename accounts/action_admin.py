"""What the admin of every model shares: it shows what a person may see, and changes things by actions alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.filters import RelatedFieldListFilter
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Field, ForeignObjectRel, Model, QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.admin import ModelAdmin

from accounts.errors import UserError
from accounts.limits import SEARCH_WORDS
from accounts.models import User
from accounts.permissions import actor_of

# A filter lists no more than this; the search finds the rest.
_MOST_CHOICES = 200
# What filters and date hierarchies append to the name of their field.
_LOOKUPS = ("exact", "id__exact", "isnull", "isempty", "gte", "lt", "year", "month", "day")

Page = TypeVar("Page", bound=Callable[..., HttpResponse])


def says_errors(page: Page) -> Page:
    """A UserError becomes a message on the same page; everything it interrupted is rolled back by Django."""

    @wraps(page)
    def wrapped(self: object, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return page(self, request, *args, **kwargs)
        except UserError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(request.get_full_path())

    return wrapped  # type: ignore[return-value]


class VisibleFilter(RelatedFieldListFilter):
    """Offers what the person sees; Django's own would name all there is, to everybody."""

    def field_choices(
        self,
        field: Field[Any, Any] | ForeignObjectRel,
        request: HttpRequest,
        model_admin: admin.ModelAdmin[Any],
    ) -> list[tuple[str, Any]]:
        found = field.remote_field.model.objects.visible_to(actor_of(request))  # type: ignore[union-attr]
        return [(str(one.pk), self.label_of(one)) for one in self.ready(found)[:_MOST_CHOICES]]

    def ready(self, found: QuerySet[Any]) -> QuerySet[Any]:
        """In order, with what the labels need."""
        return found

    def label_of(self, one: Model) -> str:
        return str(one)


class ActionAdmin(ModelAdmin):  # type: ignore[misc]
    """Shows what `visible_to` shows, and by itself permits nothing but reading."""

    show_full_result_count = False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """What the filters of the list ask, and nothing else.

        Django allows every column of the model: who may read the list could then spell out digests of passwords and
        keys by asking how they begin.
        """
        offered = self.list_filter if request is None else self.get_list_filter(request)
        names = {one[0] if isinstance(one, (list, tuple)) else one for one in offered} | {self.date_hierarchy}
        return any(
            lookup in {name, *(f"{name}__{step}" for step in _LOOKUPS)}
            for name in names
            if isinstance(name, str)
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Raises IncorrectLookupParameters for more words than a statement takes."""
        if len(search_term.split()) > SEARCH_WORDS:
            raise IncorrectLookupParameters
        found: tuple[QuerySet[Any], bool] = super().get_search_results(request, queryset, search_term)
        return found

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.model.objects.visible_to(actor_of(request))  # type: ignore[no-any-return]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ANN401
        return isinstance(request.user, User) and request.user.is_active

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ANN401
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ANN401
        return False

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """All of them or none, each by its action."""
        with transaction.atomic():
            for obj in queryset:
                self.delete_model(request, obj)

    @says_errors
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """What an action refuses is said in the form as it was sent, so that nothing typed is lost."""
        page: Callable[..., HttpResponse] = super().changeform_view
        try:
            return page(request, *args, **kwargs)
        except UserError as error:
            if request.method != "POST":
                raise
            request.refusal = error  # type: ignore[attr-defined]
            return page(request, *args, **kwargs)

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> type[ModelForm[Any]]:
        form: type[ModelForm[Any]] = super().get_form(request, *args, **kwargs)
        refusal: UserError | None = getattr(request, "refusal", None)
        return form if refusal is None else refused(form, refusal)

    @says_errors
    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Raises BadRequest for what no form of the list sends and databases choke on."""
        if any("\0" in value for _name, values in request.GET.lists() for value in values):
            raise BadRequest("NUL in a filter")
        try:
            for key in request.POST.getlist(ACTION_CHECKBOX_NAME):
                self.opts.pk.to_python(key)
        except ValidationError as error:
            raise BadRequest("not a key") from error
        try:
            return super().changelist_view(request, *args, **kwargs)  # type: ignore[no-any-return]
        except OverflowError as error:
            raise BadRequest("a number in a filter is too large") from error

    def history_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """There is none: the audit tells what happened, to those who may read it."""
        raise Http404

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:  # noqa: ANN401
        """Actions write the audit."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:  # noqa: ANN401
        """Actions write the audit."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:  # noqa: ANN401
        """Actions write the audit."""

    @says_errors
    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().delete_view(request, *args, **kwargs)  # type: ignore[no-any-return]


def refused(form: type[ModelForm[Any]], error: UserError) -> type[ModelForm[Any]]:
    """The form with what an action said of its values, each flaw at the field that its pointer names."""
    flaws = error.errors or [{"pointer": error.pointer or "", "detail": str(error)}]

    def clean(self: ModelForm[Any]) -> dict[str, Any]:
        cleaned = form.clean(self)
        for flaw in flaws:
            field, _slash, rest = flaw["pointer"].strip("/").partition("/")
            place = rest if field in self.fields else flaw["pointer"].strip("/")
            text = f"{place}: {flaw['detail']}" if place else flaw["detail"]
            self.add_error(field if field in self.fields else None, text)
        return self.cleaned_data if cleaned is None else cleaned

    return type(form.__name__, (form,), {"clean": clean})


def adopt(shown: Model, saved: Model) -> None:
    """Make the object that the admin goes on with the one that an action saved."""
    shown.__dict__.update(saved.__dict__)


def allowed(check: Callable[..., None], *args: object) -> bool:
    try:
        check(*args)
    except PermissionDenied:
        return False
    return True
