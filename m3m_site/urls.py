from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path, register_converter
from django.views.generic import RedirectView

from accounts.api.base import UnknownPath
from accounts.views import OwnPasswordView, ProfilePage, set_language
from m3m_site.api.schema import DocsView, SchemaView
from m3m_site.api.system import NodesView, SystemView, VersionView
from projects.views import ProjectKey, ProjectPage, ProjectsPage
from runtime.views import absent_service, health, live

handler400 = "accounts.errors.bad_request"
handler403 = "accounts.errors.permission_denied"
handler404 = "accounts.errors.not_found"
handler500 = "accounts.errors.server_error"

register_converter(ProjectKey, "project")  # type: ignore[arg-type]  # its pattern is made when it is asked for
projects_page = admin.site.admin_view(ProjectsPage.as_view())
project_page = admin.site.admin_view(ProjectPage.as_view())
to_projects = RedirectView.as_view(pattern_name="projects")

urlpatterns = [
    path("", to_projects),
    path("admin", to_projects),
    # Before the admin's own index and lists.
    path("admin/", to_projects),
    path("admin/projects", to_projects),
    path("admin/projects/", projects_page, name="projects"),
    path("admin/projects/<project:project>/", project_page, name="project"),
    path("admin/projects/<project:project>/<slug:tab>/", project_page, name="project-tab"),
    path("admin/i18n/setlang/", set_language, name="set_language"),
    path("admin/profile/", admin.site.admin_view(ProfilePage.as_view()), name="profile"),
    # Before the admin's own, which would change a password past the audit.
    path("admin/password_change/", admin.site.admin_view(OwnPasswordView.as_view())),
    path("admin/", admin.site.urls),
    path("health", health),
    path("health/live", live),
    path("health/ready", health),
    path("r/<str:slug>", absent_service),
    path("r/<str:slug>/", absent_service),
    path("r/<str:slug>/<path:route>", absent_service),
    path("api/schema", SchemaView.as_view(), name="schema"),
    path("api/docs", DocsView.as_view(), name="api-docs"),
    path("api/version", VersionView.as_view()),
    path("api/system/info", SystemView.as_view()),
    path("api/system/nodes", NodesView.as_view()),
    path("api/", include("accounts.urls")),
    path("api/", include("projects.urls")),
    path("api/", include("goals.urls")),
    path("api/", include("pipeline.urls")),
    path("api/", include("runtime.urls")),
    re_path(r"^api(?:/|$)", UnknownPath.as_view()),
]
