"""What all REST doors share."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework.pagination import PageNumberPagination
from rest_framework.views import APIView

from accounts.errors import NotFoundError
from accounts.models import KeyActor, User
from accounts.permissions import actor_of, asking


class Door(APIView):
    """Parse, call one action, answer."""

    @property
    def actor(self) -> User | KeyActor:
        """Who asks: a person or a project's key; raises NotAuthenticated."""
        return asking(self.request)

    @property
    def person(self) -> User:
        """The person who asks, where a key will not do; raises NotAuthenticated."""
        return actor_of(self.request)


class Pages(PageNumberPagination):
    """`{count, next, previous, results}`, chosen by `page` and `page_size`."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200


class UnknownPath(Door):
    """Every address below /api/ that leads nowhere."""

    authentication_classes = ()
    permission_classes = ()
    schema = None

    def initial(self, request: object, *args: object, **kwargs: object) -> None:
        raise NotFoundError("path_unknown", _("There is no such address."))
