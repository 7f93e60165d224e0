from __future__ import annotations

from django.urls import path

from projects.api.env import EnvVarView, EnvView
from projects.api.people import ProjectAuditView, ProjectNamesView
from projects.api.projects import MembersView, MemberView, ProjectsView, ProjectView

urlpatterns = [
    path("projects", ProjectsView.as_view()),
    path("projects/<str:project>", ProjectView.as_view()),
    path("users/projects", ProjectNamesView.as_view()),
    path("projects/<str:project>/audit", ProjectAuditView.as_view()),
    path("projects/<str:project>/members", MembersView.as_view()),
    path("projects/<str:project>/members/<str:user>", MemberView.as_view()),
    path("projects/<str:project>/env", EnvView.as_view()),
    path("projects/<str:project>/env/<str:key>", EnvVarView.as_view()),
]
