from __future__ import annotations

from django.urls import path

from projects.api.archives import ExportView, ImportView
from projects.api.collections import CollectionPlanView, CollectionsView, CollectionView
from projects.api.downloads import DownloadView, PreviewView, PublicFileView
from projects.api.env import EnvImportView, EnvVarView, EnvView, RevealView
from projects.api.file_links import FileLinksView, FileLinkView
from projects.api.imports import RecordImportStateView, RecordImportsView, RecordImportView
from projects.api.keys import KeyView, RegenerateKeyView
from projects.api.people import ProjectAuditView, ProjectNamesView
from projects.api.projects import MembersView, MemberView, OwnerView, ProjectsView, ProjectView
from projects.api.records import (
    RecordBulkDeleteView,
    RecordBulkView,
    RecordExportView,
    RecordQueryView,
    RecordsView,
    RecordView,
)
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

_MODEL = "projects/<str:project>/models/<str:collection>"

urlpatterns = [
    path("projects", ProjectsView.as_view()),
    path("projects/import", ImportView.as_view()),
    path("projects/<str:project>", ProjectView.as_view()),
    path("users/projects", ProjectNamesView.as_view()),
    path("projects/<str:project>/audit", ProjectAuditView.as_view()),
    path("projects/<str:project>/export", ExportView.as_view(), name="project-export"),
    path("projects/<str:project>/owner", OwnerView.as_view()),
    path("projects/<str:project>/regenerate-key", RegenerateKeyView.as_view()),
    path("projects/<str:project>/key", KeyView.as_view()),
    path("projects/<str:project>/members", MembersView.as_view()),
    path("projects/<str:project>/members/<str:user>", MemberView.as_view()),
    path("projects/<str:project>/env", EnvView.as_view()),
    path("projects/<str:project>/env/import", EnvImportView.as_view()),
    path("projects/<str:project>/env/<str:key>", EnvVarView.as_view()),
    path("projects/<str:project>/env/<str:key>/reveal", RevealView.as_view()),
    path("projects/<str:project>/models", CollectionsView.as_view()),
    path(_MODEL, CollectionView.as_view()),
    path(f"{_MODEL}/plan", CollectionPlanView.as_view()),
    path(f"{_MODEL}/data", RecordsView.as_view()),
    path(f"{_MODEL}/data/query", RecordQueryView.as_view()),
    path(f"{_MODEL}/data/bulk", RecordBulkView.as_view()),
    path(f"{_MODEL}/data/bulk-delete", RecordBulkDeleteView.as_view()),
    path(f"{_MODEL}/data/export", RecordExportView.as_view()),
    path(f"{_MODEL}/data/import", RecordImportView.as_view()),
    path(f"{_MODEL}/data/imports", RecordImportsView.as_view()),
    path(f"{_MODEL}/data/imports/<str:record_import>", RecordImportStateView.as_view()),
    path(f"{_MODEL}/data/<str:record>", RecordView.as_view()),
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
