from __future__ import annotations

from django.urls import path

from accounts.api.auth import LoginView, LogoutView, RefreshView, TicketView
from accounts.api.users import MeView, PasswordView

urlpatterns = [
    path("auth/login", LoginView.as_view()),
    path("auth/refresh", RefreshView.as_view()),
    path("auth/logout", LogoutView.as_view()),
    path("auth/ticket", TicketView.as_view()),
    path("users/me", MeView.as_view()),
    path("users/me/password", PasswordView.as_view()),
]
