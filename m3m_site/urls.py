from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path

from accounts.api.base import UnknownPath
from accounts.views import OwnPasswordView
from runtime.views import absent_service, health

handler404 = "accounts.errors.not_found"
handler500 = "accounts.errors.server_error"

urlpatterns = [
    # Before the admin's own, which would change a password past the audit.
    path("admin/password_change/", admin.site.admin_view(OwnPasswordView.as_view())),
    path("admin/", admin.site.urls),
    path("health", health),
    path("r/<str:slug>", absent_service),
    path("r/<str:slug>/", absent_service),
    path("r/<str:slug>/<path:route>", absent_service),
    path("api/", include("accounts.urls")),
    path("api/", include("projects.urls")),
    path("api/", include("pipeline.urls")),
    path("api/", include("runtime.urls")),
    re_path(r"^api(?:/|$)", UnknownPath.as_view()),
]
