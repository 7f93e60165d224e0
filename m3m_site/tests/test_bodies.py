"""What the API's document says of conditions and of unknown fields holds for every address."""

from __future__ import annotations

from django.db import transaction

from m3m_site.tests.openapi import Route, body_schema, operation_of, resolve, routes
from m3m_site.tests.samples import body_of, url_of
from m3m_site.tests.stage import StageCase

# Bodies whose keys the author of a collection chooses.
OPEN = {
    "POST /api/projects/:/models/:/data",
    "PUT /api/projects/:/models/:/data/:",
    "PATCH /api/projects/:/models/:/data/:",
}
WRITES = ("POST", "PUT", "PATCH", "DELETE")


class BodiesTest(StageCase):
    def test_it_refuses_a_stale_condition_where_the_document_has_one_and_nowhere_else(self) -> None:
        wrong = []
        for route in self._writing():
            parameters = [
                resolve(one) for one in operation_of(route.method, route.path).get("parameters", ())
            ]
            told = any(one["name"] == "If-Match" for one in parameters)
            status, code = self._send(route, headers={"If-Match": '"stale"'})
            if (status == 412) != told or (not told and code != "if_match_unknown"):
                wrong.append(f"{route.line}: {status} {code}, documented: {told}")
        self.assertEqual(wrong, [], "\n".join(wrong))

    def test_it_refuses_unknown_fields_where_the_document_allows_none(self) -> None:
        wrong, tried = [], 0
        for route in self._writing():
            schema = body_schema(operation_of(route.method, route.path))
            body, _options = body_of(route, self.stage, self.stage.own)
            if schema is None or not isinstance(body, dict) or route.line in OPEN:
                continue
            tried += 1
            if schema.get("additionalProperties") is not False:
                wrong.append(f"{route.line}: the document allows more")
            status, code = self._send(route, {**body, "no_such_field": 1})
            if (status, code) != (400, "unknown_field"):
                wrong.append(f"{route.line}: {status} {code}")
        self.assertGreater(tried, 30)
        self.assertEqual(wrong, [], "\n".join(wrong))

    def _writing(self) -> list[Route]:
        known = self.stage.own.ids
        return [
            route
            for route in routes()
            if route.method in WRITES
            and route.path.startswith("/api/")
            and not set(route.parameters) - set(known)
            and operation_of(route.method, route.path)
        ]

    def _send(
        self, route: Route, body: dict[str, object] | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """Status and code of the answer; its effects are undone."""
        place = self.stage.own
        usual, options = body_of(route, self.stage, place)
        client = self.stage.client("root")
        with transaction.atomic():
            answer = getattr(client, route.method.lower())(
                url_of(route, place), usual if body is None else body, headers=headers, **options
            )
            transaction.set_rollback(True)
        if route.path.startswith("/api/projects/"):
            place.restore_files()
        code = answer.json().get("code", "") if answer.status_code >= 400 else ""
        return int(answer.status_code), str(code)
