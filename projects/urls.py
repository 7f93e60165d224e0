from __future__ import annotations

from django.urls import path

from projects.api.collections import CollectionPlanView, CollectionsView, CollectionView
from projects.api.env import EnvVarView, EnvView
from projects.api.imports import RecordImportStateView, RecordImportsView, RecordImportView
from projects.api.projects import MembersView, MemberView, ProjectsView, ProjectView
from projects.api.records import (
    RecordBulkDeleteView,
    RecordBulkView,
    RecordExportView,
    RecordQueryView,
    RecordsView,
    RecordView,
)

_MODEL = "projects/<str:project>/models/<str:collection>"

urlpatterns = [
    path("projects", ProjectsView.as_view()),
    path("projects/<str:project>", ProjectView.as_view()),
    path("projects/<str:project>/members", MembersView.as_view()),
    path("projects/<str:project>/members/<str:user>", MemberView.as_view()),
    path("projects/<str:project>/env", EnvView.as_view()),
    path("projects/<str:project>/env/<str:key>", EnvVarView.as_view()),
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
]
