from __future__ import annotations

from django.urls import path

from projects.api.archives import ExportView, ImportView
from projects.api.env import EnvImportView, EnvVarView, EnvView, RevealView
from projects.api.keys import KeyView, RegenerateKeyView
from projects.api.people import ProjectAuditView, ProjectNamesView
from projects.api.projects import MembersView, MemberView, OwnerView, ProjectsView, ProjectView

urlpatterns = [
    path("projects", ProjectsView.as_view()),
    path("projects/import", ImportView.as_view()),
    path("projects/<str:project>", ProjectView.as_view()),
    path("users/projects", ProjectNamesView.as_view()),
    path("projects/<str:project>/audit", ProjectAuditView.as_view()),
    path("projects/<str:project>/export", ExportView.as_view()),
    path("projects/<str:project>/owner", OwnerView.as_view()),
    path("projects/<str:project>/regenerate-key", RegenerateKeyView.as_view()),
    path("projects/<str:project>/key", KeyView.as_view()),
    path("projects/<str:project>/members", MembersView.as_view()),
    path("projects/<str:project>/members/<str:user>", MemberView.as_view()),
    path("projects/<str:project>/env", EnvView.as_view()),
    path("projects/<str:project>/env/import", EnvImportView.as_view()),
    path("projects/<str:project>/env/<str:key>", EnvVarView.as_view()),
    path("projects/<str:project>/env/<str:key>/reveal", RevealView.as_view()),
]
