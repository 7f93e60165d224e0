from __future__ import annotations

from django.urls import path

from pipeline.api.branches import BranchesView, BranchView
from pipeline.api.releases import ActivateView, ReleasesView, ReleaseView

urlpatterns = [
    path("projects/<str:project>/pipeline/branches", BranchesView.as_view()),
    path("projects/<str:project>/pipeline/branches/<str:name>", BranchView.as_view()),
    path("projects/<str:project>/pipeline/releases", ReleasesView.as_view()),
    path("projects/<str:project>/pipeline/releases/<str:version>", ReleaseView.as_view()),
    path("projects/<str:project>/pipeline/releases/<str:version>/activate", ActivateView.as_view()),
]
