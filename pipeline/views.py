"""The tabs Code and Releases of a project's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.paginator import Paginator

from accounts.permissions import Actor
from pipeline.choices import Tag
from pipeline.limits import COMMENT_LENGTH
from pipeline.models import Branch, Release, ReleaseNumber
from pipeline.serializers import BranchContentSerializer
from pipeline.versions import Version
from pipeline.words import code_words, release_words
from projects.models import Project
from projects.views import page_url

PAGE_SIZE = 50


def last_number(project: Project) -> Version:
    """The highest number that was ever given."""
    row = ReleaseNumber.objects.filter(project=project).first()
    return Version(row.major, row.minor) if row else Version(0, 0)


def fill_code(actor: Actor, project: Project, query: Mapping[str, str]) -> dict[str, Any]:
    """The branch that `?branch=` names, else `develop` or the first. Raises NotFoundError."""
    names = list(Branch.objects.filter(project=project).values_list("name", flat=True))
    wanted = query.get("branch") or ("develop" if "develop" in names else names[0])
    branch = Branch.objects.named(project, wanted)
    last = last_number(project)
    data = {"branch": BranchContentSerializer(branch).data, "words": code_words()}
    return {
        "data": data,
        "branch": branch,
        "branches": names,
        "tags": Tag.choices,
        "next_minor": last.next_minor(),
        "next_major": last.next_major(),
        "comment_length": COMMENT_LENGTH,
    }


def fill_releases(actor: Actor, project: Project, query: Mapping[str, str]) -> dict[str, Any]:
    """A page of releases, newest first, without their code."""
    found = Release.objects.filter(project=project).select_related("author").defer("files")
    page = Paginator(found, PAGE_SIZE).get_page(query.get("page"))
    return {"data": {"words": release_words()}, "releases": page, "code_url": page_url(project, "code")}
