from __future__ import annotations

from django.urls import path

from pipeline.api.branches import BranchesView, BranchView, ResetView
from pipeline.api.diffs import DiffView, ReleaseDiffView
from pipeline.api.files import BranchFileView, RenameFileView
from pipeline.api.history import HistoryView, RestoreView, RevisionView
from pipeline.api.releases import ActivateView, PurgeView, ReleaseBranchView, ReleasesView, ReleaseView

_PIPELINE = "projects/<str:project>/pipeline"
_BRANCH = f"{_PIPELINE}/branches/<str:name>"
_RELEASE = f"{_PIPELINE}/releases/<str:version>"

urlpatterns = [
    path(f"{_PIPELINE}/branches", BranchesView.as_view()),
    path(_BRANCH, BranchView.as_view()),
    path(f"{_BRANCH}/reset", ResetView.as_view()),
    path(f"{_BRANCH}/files/rename", RenameFileView.as_view()),
    path(f"{_BRANCH}/files/<path:path>", BranchFileView.as_view()),
    path(f"{_BRANCH}/history", HistoryView.as_view()),
    path(f"{_BRANCH}/history/<int:revision>", RevisionView.as_view()),
    path(f"{_BRANCH}/history/<int:revision>/restore", RestoreView.as_view()),
    path(f"{_PIPELINE}/diff", DiffView.as_view()),
    path(f"{_PIPELINE}/releases", ReleasesView.as_view()),
    path(f"{_PIPELINE}/releases/purge", PurgeView.as_view()),
    path(_RELEASE, ReleaseView.as_view()),
    path(f"{_RELEASE}/activate", ActivateView.as_view()),
    path(f"{_RELEASE}/branch", ReleaseBranchView.as_view()),
    path(f"{_RELEASE}/diff", ReleaseDiffView.as_view()),
]
