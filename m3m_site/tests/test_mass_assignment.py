"""What nobody may set stays as it is, whoever sends it in whatever body."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import models, transaction

from m3m_site.tests.openapi import Route, body_schema, operation_of, routes
from m3m_site.tests.samples import body_of, url_of
from m3m_site.tests.stage import StageCase

ELSE = "00000000-0000-4000-8000-000000000000"
LONG_AGO = "2001-01-01T00:00:00Z"
# Field to a value that it would not have by itself. A door that offers a field as its own is allowed to set it.
PROTECTED: dict[str, Any] = {
    "id": ELSE,
    "pk": ELSE,
    "owner": ELSE,
    "owner_id": ELSE,
    "project": ELSE,
    "project_id": ELSE,
    "author": ELSE,
    "author_id": ELSE,
    "created_by": ELSE,
    "is_root": True,
    "is_superuser": True,
    "is_staff": True,
    "is_active": False,
    "is_blocked": True,
    "can_create_projects": True,
    "can_manage_users": True,
    "password": "planted-Pass-11",
    "last_login": LONG_AGO,
    "created_at": LONG_AGO,
    "updated_at": LONG_AGO,
    "revision": 4711,
    "etag": '"planted"',
    "api_key": "m3m_00000000_planted",
    "api_key_prefix": "m3m_planted",
    "status": "running",
    "active_release": "9.9",
    "record_count": 4711,
    "record_limit": 4711,
    "sealed": "planted",
    "digest": "planted",
    "token": "planted",
    "version": "9.9",
}
PLANTED = {ELSE, 4711, "planted", '"planted"', "m3m_planted", "9.9"}
# Their own purpose is to set what is protected elsewhere.
OWN_PURPOSE = {"start", "restart", "reset", "owner", "rollback", "branch", "login", "refresh", "import"}


class MassAssignmentTest(StageCase):
    def test_no_body_sets_what_is_protected(self) -> None:
        wrong, tried = [], 0
        for route in routes():
            schema = body_schema(operation_of(route.method, route.path))
            if schema is None or route.path.rsplit("/", 1)[-1] in OWN_PURPOSE:
                continue
            if set(route.parameters) - set(self.stage.own.ids):
                wrong.append(f"{route.line}: samples.py and stage.py know nothing of its parameters")
                continue
            offered = set(schema.get("properties", ()))
            planted = {name: value for name, value in PROTECTED.items() if name not in offered}
            for role in ("owner", "root"):
                tried += 1
                wrong += [f"{role}: {route.line}: {found}" for found in self._plant(route, role, planted)]
        self.assertGreater(tried, 20)
        self.assertEqual(wrong, [], "\n".join(wrong))

    def _plant(self, route: Route, role: str, planted: dict[str, Any]) -> list[str]:
        """Send a well-formed body with the protected fields in it; what went wrong. Its effects are undone."""
        body, options = body_of(route, self.stage, self.stage.own)
        if isinstance(body, dict):
            body = {**planted, **body}
        elif isinstance(body, list):
            body = [{**planted, **item} if isinstance(item, dict) else item for item in body]
        else:
            return []
        before = _protected()
        with transaction.atomic():
            answer = getattr(self.stage.client(role), route.method.lower())(
                url_of(route, self.stage.own), body, **options
            )
            after = _protected()
            transaction.set_rollback(True)
        self.stage.own.restore_files()
        if answer.status_code >= 500:
            return [f"answered {answer.status_code}"]
        return [f"set {name}" for name in sorted(after - before)]


def _protected() -> set[str]:
    """Every column of the database, of whatever row, that holds something planted; and people with every right."""
    found = set()
    for model in apps.get_models():
        if model._meta.app_label not in ("accounts", "projects", "pipeline", "goals", "runtime"):
            continue
        for field in model._meta.concrete_fields:
            if field.name in PROTECTED and not isinstance(field, models.JSONField):
                found |= _holding(model, field)
    return found


def _holding(model: type[models.Model], field: models.Field[Any, Any]) -> set[str]:
    wanted = PROTECTED[field.name]
    if isinstance(field, models.BooleanField):
        # A release becomes inactive by another one: of flags, people's rights alone are protected.
        if model._meta.label != "accounts.User":
            return set()
        pairs = model._default_manager.filter(**{field.attname: wanted}).values_list("pk", flat=True)
        return {f"{model._meta.label}.{field.name} of {pk}" for pk in pairs}
    values = model._default_manager.values_list(field.attname, flat=True)
    told = {str(value) for value in values if value is not None}
    planted = {str(one) for one in PLANTED} | {"2001-01-01 00:00:00+00:00"}
    return {f"{model._meta.label}.{field.name} to {value}" for value in told & planted}
