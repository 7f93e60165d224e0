"""Addresses of the sockets."""

from __future__ import annotations

from typing import Any

from django.urls import path

from runtime.consumers import ProjectConsumer

# Channels routes to an ASGI application where Django's types expect a view.
_application: Any = ProjectConsumer.as_asgi()

websocket_urlpatterns = [path("ws/projects/<str:project>/", _application)]
