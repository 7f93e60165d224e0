from __future__ import annotations

from django.urls import path

from accounts.api.audit import AuditView
from accounts.api.auth import LoginView, LogoutView, RefreshView, TicketView
from accounts.api.me import MeView, MyAvatarView, PasswordView
from accounts.api.users import (
    AvatarView,
    BlockView,
    GivenPasswordView,
    UnblockView,
    UsersView,
    UserView,
)

urlpatterns = [
    path("auth/login", LoginView.as_view()),
    path("auth/refresh", RefreshView.as_view()),
    path("auth/logout", LogoutView.as_view()),
    path("auth/ticket", TicketView.as_view()),
    path("users", UsersView.as_view()),
    path("users/me", MeView.as_view()),
    path("users/me/password", PasswordView.as_view()),
    path("users/me/avatar", MyAvatarView.as_view()),
    path("users/<uuid:user>", UserView.as_view()),
    path("users/<uuid:user>/block", BlockView.as_view()),
    path("users/<uuid:user>/unblock", UnblockView.as_view()),
    path("users/<uuid:user>/password", GivenPasswordView.as_view()),
    path("users/<uuid:user>/avatar", AvatarView.as_view()),
    path("audit", AuditView.as_view()),
]
