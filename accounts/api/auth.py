"""`/api/auth/…`"""

from __future__ import annotations

from dataclasses import asdict

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actions.logins import create_ticket, log_in, log_out, refresh_login
from accounts.api.base import Door
from accounts.authentication import TokenAuthentication, client_ip, request_login
from accounts.models import SocketTicket
from accounts.serializers import (
    LoggedInSerializer,
    LoginSerializer,
    LogoutSerializer,
    RefreshSerializer,
    TicketSerializer,
    TokensSerializer,
    represent,
)


class LoginView(Door):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get_authenticate_header(self, request: Request) -> str:
        return TokenAuthentication().authenticate_header(request)

    @extend_schema(request=LoginSerializer, responses=LoggedInSerializer)
    def post(self, request: Request) -> Response:
        """Sign in with address and password."""
        data = LoginSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        user, tokens = log_in(**data.validated_data, ip=client_ip(request))
        return Response({**asdict(tokens), "user": represent([user], user)[0]})


class RefreshView(LoginView):
    @extend_schema(request=RefreshSerializer, responses=TokensSerializer)
    def post(self, request: Request) -> Response:
        """New tokens for a refresh token, which is used up."""
        data = RefreshSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        return Response(asdict(refresh_login(**data.validated_data)))


class LogoutView(LoginView):
    # Whoever only holds a refresh token can end his login too.
    authentication_classes = (TokenAuthentication,)  # type: ignore[assignment]

    @extend_schema(request=LogoutSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """End a login: its tokens answer 401 from now on."""
        data = LogoutSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        login = request_login(request)
        refresh = data.validated_data["refresh"]
        if not refresh and login is None:
            raise NotAuthenticated
        log_out(refresh=refresh, login=None if refresh else login)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TicketView(Door):
    @extend_schema(request=None, responses={201: TicketSerializer})
    def post(self, request: Request) -> Response:
        """A ticket that opens one socket once."""
        login = request_login(request)
        session_key = "" if login else request.session.session_key or ""
        ticket = create_ticket(actor=self.person, login=login, session_key=session_key)
        seconds = int(SocketTicket.LIFETIME.total_seconds())
        return Response({"ticket": ticket, "expires_in": seconds}, status=status.HTTP_201_CREATED)
