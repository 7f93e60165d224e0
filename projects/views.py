"""Pages: the list of projects, and a project's page with its tabs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import View

from accounts.errors import NotFoundError
from accounts.permissions import Actor, actor_of, may_create_projects
from accounts.serializers import PersonSerializer
from projects import tabs
from projects.choices import Color, EnvType
from projects.limits import ENV_VARIABLES, KEEP_RUNS, NAME_LENGTH, SLUG_LENGTH
from projects.models import EnvVar, Project
from projects.permissions import Right
from projects.serializers import ShownEnvVarSerializer, represent
from projects.words import env_words, list_words, settings_words, shared_words

PAGE_SIZE = 100


class ProjectKey:
    """A project in an address of a page: slug or id, but not what the admin has at the same place."""

    regex = (
        r"(?!(?:project|envvar|membership|collection|record|recordimport|fieldindex)(?:/|$))[a-z0-9-]{1,50}"
    )

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


def taken_names() -> list[str]:
    """Slugs whose pages are found by id, since the admin's own lists stand at their address."""
    return sorted(model._meta.model_name or "" for model in apps.get_app_config("projects").get_models())


def page_url(project: Project, tab: str = "") -> str:
    """Address of a project's page."""
    key = str(project.pk) if project.slug in taken_names() else project.slug
    return reverse("project-tab", args=[key, tab]) if tab else reverse("project", args=[key])


def shell(request: HttpRequest, **context: Any) -> dict[str, Any]:
    """What every page inside the admin's shell needs."""
    return {**admin.site.each_context(request), "is_fullwidth": "1", **context}


class ProjectsPage(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        """The projects that the person sees; the page's module keeps them fresh."""
        actor = actor_of(request)
        found = Project.objects.visible_to(actor).select_related("owner").prefetch_related("members")
        data = {
            "projects": represent(list(found[:PAGE_SIZE])),
            "count": found.count(),
            "pageSize": PAGE_SIZE,
            "base": reverse("projects"),
            "taken": taken_names(),
            "words": list_words(),
        }
        context = shell(
            request,
            title=_("Projects"),
            script="dist/projects.js",
            data=data,
            palette=Color.choices,
            may_create=may_create_projects(actor),
            limits={"name": NAME_LENGTH, "slug": SLUG_LENGTH},
        )
        return TemplateResponse(request, "projects/list.html", context)


class ProjectPage(View):
    def get(self, request: HttpRequest, project: str, tab: str = "") -> HttpResponse:
        """One tab of a project's page; a stranger finds nothing here."""
        actor = actor_of(request)
        try:
            found = Project.objects.lookup(actor, project)
            shown = tabs.allowed(found.rights_of(actor))
            chosen = next((one for one in shown if one.name == tab), None)
            if chosen is None and not tab and shown:
                return redirect(page_url(found, shown[0].name))
            if chosen is None:
                raise NotFoundError
            filled = chosen.fill(actor, found, request.GET)
        except NotFoundError as error:
            raise Http404(str(error)) from error
        frame = frame_of(actor, found, chosen, shown)
        data = {**frame.pop("data"), **filled.pop("data", {})}
        names = {"title": found.name, "subtitle": chosen.label, "script": chosen.script}
        context = shell(request, **names, **frame, **filled, data=data)
        return TemplateResponse(request, chosen.template, context)


def frame_of(actor: Actor, project: Project, chosen: tabs.Tab, shown: Sequence[tabs.Tab]) -> dict[str, Any]:
    """What the head of the page shows on every tab."""
    rights = project.rights_of(actor)
    state = represent([project])[0]
    data = {
        "id": str(project.pk),
        "slug": project.slug,
        "api": f"/api/projects/{project.pk}",
        "socket": f"/ws/projects/{project.pk}/",
        "status": state.get("status"),
        "words": shared_words(),
    }
    places = [
        {"label": one.label, "url": page_url(project, one.name), "active": one is chosen} for one in shown
    ]
    return {
        "data": data,
        "project": project,
        "state": state,
        "tab": chosen,
        "places": places,
        "may_work": Right.WORK in rights,
        "may_own": Right.OWN in rights,
    }


def fill_environment(actor: Actor, project: Project, query: Mapping[str, str]) -> dict[str, Any]:
    """The variables, secrets without values."""
    variables = EnvVar.objects.filter(project=project)
    data = {
        "variables": ShownEnvVarSerializer(variables, many=True).data,
        "most": ENV_VARIABLES,
        "words": env_words(),
    }
    return {"data": data, "types": EnvType.choices, "most": ENV_VARIABLES}


def fill_settings(actor: Actor, project: Project, query: Mapping[str, str]) -> dict[str, Any]:
    """Settings, members and the end of the project."""
    members = project.members.order_by("email")
    data = {"list": reverse("projects"), "page": page_url(project, "settings"), "words": settings_words()}
    return {
        "data": data,
        "palette": Color.choices,
        "members": PersonSerializer(members, many=True).data,
        "me": actor,
        "limits": {"name": NAME_LENGTH, "slug": SLUG_LENGTH, "keep_runs": KEEP_RUNS},
        "public": settings.PUBLIC_URI,
    }
