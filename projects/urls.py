from __future__ import annotations

from django.urls import path

from projects.api.downloads import DownloadView, PreviewView, PublicFileView
from projects.api.env import EnvVarView, EnvView
from projects.api.file_links import FileLinksView, FileLinkView
from projects.api.projects import MembersView, MemberView, ProjectsView, ProjectView
from projects.api.storage import (
    CopyView,
    FolderView,
    MoveView,
    NewTextFileView,
    RenameView,
    StorageView,
    StoredView,
    TextFileView,
)
from projects.api.uploads import UploadView

urlpatterns = [
    path("projects", ProjectsView.as_view()),
    path("projects/<str:project>", ProjectView.as_view()),
    path("projects/<str:project>/members", MembersView.as_view()),
    path("projects/<str:project>/members/<str:user>", MemberView.as_view()),
    path("projects/<str:project>/env", EnvView.as_view()),
    path("projects/<str:project>/env/<str:key>", EnvVarView.as_view()),
    path("projects/<str:project>/storage", StorageView.as_view()),
    path("projects/<str:project>/storage/mkdir", FolderView.as_view()),
    path("projects/<str:project>/storage/upload", UploadView.as_view()),
    path("projects/<str:project>/storage/rename", RenameView.as_view()),
    path("projects/<str:project>/storage/move", MoveView.as_view()),
    path("projects/<str:project>/storage/copy", CopyView.as_view()),
    path("projects/<str:project>/storage/file", NewTextFileView.as_view()),
    path("projects/<str:project>/storage/file/<path:path>", TextFileView.as_view()),
    path("projects/<str:project>/storage/download/<path:path>", DownloadView.as_view()),
    path("projects/<str:project>/storage/preview/<path:path>", PreviewView.as_view()),
    path("projects/<str:project>/storage/links", FileLinksView.as_view()),
    path("projects/<str:project>/storage/links/<str:link>", FileLinkView.as_view()),
    # After the others, which are no files.
    path("projects/<str:project>/storage/<path:path>", StoredView.as_view()),
    path("storage/public/<str:token>/<str:filename>", PublicFileView.as_view()),
]
