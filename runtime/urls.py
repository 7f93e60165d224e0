from __future__ import annotations

from django.urls import path

from runtime.api import LogDownloadView, LogsView, RestartView, StartView, StatusView, StopView
from runtime.views import absent_service

urlpatterns = [
    path("projects/<str:project>/start", StartView.as_view()),
    path("projects/<str:project>/stop", StopView.as_view()),
    path("projects/<str:project>/restart", RestartView.as_view()),
    path("projects/<str:project>/status", StatusView.as_view()),
    path("projects/<str:project>/logs", LogsView.as_view()),
    path("projects/<str:project>/logs/download", LogDownloadView.as_view()),
    path("r/<str:slug>", absent_service),
    path("r/<str:slug>/<path:route>", absent_service),
    path("r/<str:slug>/", absent_service),
]
