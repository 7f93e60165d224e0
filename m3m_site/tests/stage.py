"""A platform with people in every role and two projects that hold one of everything, for tests of the whole API.

What stands in the projects is made by REST calls. Where the API has no such path, the call is left out;
test_seed_endpoints says which paths there must be.
"""

from __future__ import annotations

import shutil
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import TestCase, override_settings
from PIL import Image
from rest_framework.test import APIClient

from accounts.actions.logins import log_in
from accounts.actions.profile import set_avatar
from accounts.models import User
from m3m_site.tests.openapi import routes
from projects.actions.members import add_member
from projects.actions.projects import create_project
from projects.models import Project

PASSWORD = "stage-Pass-93"
# The columns of the table "who may what"; whoever is made first is the root.
PEOPLE = ("root", "stranger", "creator", "member", "owner", "manager", "blocked")
ROLES = ("anonymous", *PEOPLE, "key")


def _picture() -> bytes:
    target = BytesIO()
    Image.new("RGB", (8, 8), "red").save(target, "PNG")
    return target.getvalue()


PICTURE = _picture()


class Place:
    """A project and the ids of what is in it, by the names that the API's paths give them."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.ids: dict[str, str] = {"project": project.slug, "slug": project.slug, "route": "hello"}
        self._folder = settings.STORAGE_ROOT / str(project.pk)
        self._copy = Path(tempfile.mkdtemp(prefix="m3m-stage-"))

    def keep_files(self) -> None:
        """Remember the project's files: a transaction that is rolled back leaves what was done to them."""
        shutil.copytree(self._folder, self._copy, dirs_exist_ok=True)

    def restore_files(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        shutil.copytree(self._copy, self._folder)
        previews = self._folder / "previews"
        shutil.rmtree(previews, ignore_errors=True)

    def forget_files(self) -> None:
        shutil.rmtree(self._copy, ignore_errors=True)


class Stage:
    """Everybody has the password PASSWORD; `own` belongs to the owner, `foreign` to somebody else."""

    def __init__(self) -> None:
        self._clients: dict[str, APIClient] = {}
        self.people = {role: self._person(role) for role in PEOPLE}
        self.other = User.objects.create_user("other@example.org", PASSWORD, name="Other")
        self.foreigner = User.objects.create_user(
            "foreigner@example.org", PASSWORD, name="Foreigner", can_create_projects=True
        )
        self.logins = {
            role: log_in(email=user.email, password=PASSWORD, ip="127.0.0.1")[1]
            for role, user in {**self.people, "foreigner": self.foreigner}.items()
        }
        self.tokens = {role: tokens.access for role, tokens in self.logins.items()}
        self.own = self._furnish("owner", self.people["owner"], "shop")
        self.foreign = self._furnish("foreigner", self.foreigner, "foreign")
        self.key = self._make_key("owner", self.own)
        self._make_key("foreigner", self.foreign)
        set_avatar(actor=self.other, data=PICTURE)
        self.archive = self._export()
        User.objects.filter(pk=self.people["blocked"].pk).update(is_active=False)

    def log_in_again(self) -> None:
        """Fresh tokens for whoever may have some: a long test outlives the first ones."""
        for role, user in self.people.items():
            if role != "blocked":
                self.tokens[role] = log_in(email=user.email, password=PASSWORD, ip="127.0.0.1")[1].access
        self._clients.clear()

    def __deepcopy__(self, _memo: dict[int, object]) -> Stage:
        """Itself: TestCase copies what a test might change, and the tests change the database alone."""
        return self

    def _person(self, role: str) -> User:
        email = f"{role}@example.org"
        if role == "root":
            return User.objects.create_superuser(email, PASSWORD)
        rights = {"can_create_projects": role in ("creator", "owner"), "can_manage_users": role == "manager"}
        return User.objects.create_user(email, PASSWORD, name=role.title(), **rights)

    def client(self, role: str) -> APIClient:
        """The REST client of that role; the platform's faults become answers."""
        if role in self._clients:
            return self._clients[role]
        # Kept, since a client loads all middleware when it is used first.
        client = self._clients[role] = APIClient(raise_request_exception=False)
        if role == "key":
            client.credentials(HTTP_X_API_KEY=self.key)
        elif role != "anonymous":
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {self.tokens[role]}")
        return client

    @property
    def roles(self) -> tuple[str, ...]:
        """All roles; without the key where the API has none."""
        return ROLES if self.key else ROLES[:-1]

    def _export(self) -> bytes:
        answer = self.client("owner").get(f"/api/projects/{self.own.project.slug}/export")
        return b"".join(answer.streaming_content)  # type: ignore[attr-defined]

    def forget_files(self) -> None:
        self.own.forget_files()
        self.foreign.forget_files()

    def _make_key(self, role: str, place: Place) -> str:
        made = self._call(role, "POST", f"/api/projects/{place.project.slug}/regenerate-key")
        return str(made["api_key"]) if made else ""

    def _call(self, role: str, method: str, path: str, body: object = None, kind: str = "") -> Any:  # noqa: ANN401
        """The answer's JSON; None where the API lacks the path. Raises AssertionError for a refusal."""
        if f"{method} {_shape_of(path)}" not in _offered():
            return None
        options = {"content_type": kind} if kind else {"format": "json"}
        client = self.client(role)
        answer = getattr(client, method.lower())(path, body, **options)
        assert answer.status_code < 300, (method, path, answer.status_code, answer.content[:500])
        return answer.json() if answer.content else {}

    def _furnish(self, role: str, owner: User, slug: str) -> Place:
        """One of everything that the API makes."""
        place = Place(create_project(actor=owner, name=slug.title(), slug=slug))
        for user in (self.people["member"], self.other) if role == "owner" else (self.other,):
            add_member(actor=owner, project=place.project, user_id=user.pk)
        place.ids["user"] = str(self.other.pk)
        base = f"/api/projects/{slug}"
        self._furnish_code(role, base, place)
        self._furnish_data(role, base, place)
        self._furnish_files(role, base, place)
        self._furnish_goals(role, base, place)
        return place

    def _furnish_code(self, role: str, base: str, place: Place) -> None:
        self._call(role, "POST", f"{base}/env", {"key": "NAME", "type": "string", "value": "x"})
        self._call(role, "POST", f"{base}/env", {"key": "TOKEN", "type": "secret", "value": "planted-secret"})
        branches = f"{base}/pipeline/branches"
        files = [{"name": "main", "code": "'use strict';"}, {"name": "lib", "code": "'use strict';"}]
        self._call(role, "POST", branches, {"name": "feature", "parent_branch": "develop"})
        self._call(role, "PUT", f"{branches}/feature", {"files": files})
        for _time in range(2):
            self._call(role, "POST", f"{base}/pipeline/releases", {"comment": "first"})
        place.ids |= {"key": "NAME", "name": "feature", "version": "0.1", "revision": "1"}

    def _furnish_data(self, role: str, base: str, place: Place) -> None:
        fields = [
            {"key": "title", "type": "string", "required": True},
            {"key": "count", "type": "number"},
        ]
        made = self._call(
            role, "POST", f"{base}/models", {"name": "Notes", "slug": "notes", "fields": fields}
        )
        if made is None:
            return
        place.ids |= {"collection": "notes"}
        record = self._call(role, "POST", f"{base}/models/notes/data", {"title": "One", "count": 1})
        place.ids |= {"record": record["id"]}
        done = self._call(
            role, "POST", f"{base}/models/notes/data/import", "title,count\nTwo,2\n", "text/csv"
        )
        if done:
            place.ids |= {"record_import": done["id"]}

    def _furnish_files(self, role: str, base: str, place: Place) -> None:
        self._call(role, "POST", f"{base}/storage/file", {"path": "notes.txt", "content": "hello"})
        upload = f"{base}/storage/upload?path=picture.png"
        self._call(role, "POST", upload, PICTURE, "application/octet-stream")
        place.ids["path"] = "notes.txt"
        link = self._call(role, "POST", f"{base}/storage/links", {"path": "notes.txt"})
        if link:
            token, filename = link["url"].rstrip("/").split("/")[-2:]
            place.ids |= {"link": link["id"], "token": token, "filename": filename}
        place.keep_files()

    def _furnish_goals(self, role: str, base: str, place: Place) -> None:
        goal = {"name": "Sold", "slug": "sold", "type": "counter"}
        made = self._call(role, "POST", f"{base}/goals", goal)
        if made:
            place.ids |= {"goal": made["id"]}
        slug = f"all-{place.project.slug}"
        listed = {**goal, "slug": slug, "allowed_projects": [str(place.project.pk)]}
        everywhere = self._call("root", "POST", "/api/goals", listed)
        if everywhere:
            place.ids["global_goal"] = everywhere["id"]


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"], RATE_LIMIT=None)
class StageCase(TestCase):
    """A stage for all tests of a class; passwords are hashed cheaply, and requests are not counted."""

    stage: Stage

    @classmethod
    def setUpTestData(cls) -> None:
        cls.stage = Stage()
        cls.addClassCleanup(cls.stage.forget_files)


def _offered() -> frozenset[str]:
    return frozenset(route.line for route in routes())


def _shape_of(path: str) -> str:
    """The address of the API that a concrete path stands for, as its shape; the path itself where there is none."""
    steps = path.split("?")[0].split("/")
    for route in routes():
        wanted = route.path.split("/")
        if len(wanted) == len(steps) and all(
            one.startswith("{") or one == other for one, other in zip(wanted, steps, strict=True)
        ):
            return route.line.split(" ")[1]
    return path
