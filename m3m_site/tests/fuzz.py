"""Generated requests over the whole API document, each judged by it; the database is as before after each one."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qsl

import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core import NOT_SET
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from m3m_site.tests.openapi import Route, document, routes
from m3m_site.tests.samples import Sample, query_of, sample_of
from m3m_site.tests.stage import Place, Stage
from m3m_site.wsgi import application

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
# Mostly well-formed requests: of a wrong one little is seen but its refusal.
SHARES = {POSITIVE: 0.7, NEGATIVE: 0.3}
# What hardly any value of agrees with the state of things: they are left out of most well-formed requests.
UNAPT_QUERY = {"page", "cursor", "run"}
UNAPT_HEADERS = {"If-Match", "If-None-Match"}
# Who sends them; the root sees most, a member and the owner are refused here and there, nobody nearly everywhere.
SENDERS = {"root": 10, "owner": 8, "member": 2, "manager": 2, "key": 1, "anonymous": 1}
# Seconds after which tokens are renewed, long before they end.
FRESH = 240
# Bodies that are bytes go out as they are.
RAW = ("text/csv", "application/x-ndjson", "application/zip", "image/bmp", "image/webp")


@schemathesis.serializer(*RAW)
def _raw(_context: Any, value: Any) -> bytes:  # noqa: ANN401  (as schemathesis has it)
    data = getattr(value, "data", value)
    return data if isinstance(data, bytes) else str(data).encode("utf-8", "surrogatepass")


@dataclass
class Tally:
    """What the requests to one operation met."""

    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def cases(self) -> int:
        return self.statuses.total()

    @property
    def well(self) -> int:
        return sum(count for status, count in self.statuses.items() if 200 <= status < 300)


class Fuzz:
    """`run(count)` spreads so many cases over all operations, and keeps what contradicted the document."""

    def __init__(self, stage: Stage, number: int) -> None:
        config = schemathesis.Config()
        config.projects.default.generation.with_security_parameters = False
        self.stage = stage
        self.tallies: dict[str, Tally] = {}
        self.failures: dict[str, str] = {}
        self._number = number
        self._random = random.Random(number)  # noqa: S311  (repeatable, not secret)
        self._schema = schemathesis.openapi.from_dict(document(), config=config)
        self._routes = {(route.method, route.path): route for route in routes()}

    def run(self, count: int) -> None:
        # As Django's own test client has it: the connection is the test's, with its transaction.
        request_started.disconnect(close_old_connections)
        request_finished.disconnect(close_old_connections)
        try:
            self._run(count)
        finally:
            request_started.connect(close_old_connections)
            request_finished.connect(close_old_connections)

    def _run(self, count: int) -> None:
        operations = [cast(Any, found).ok() for found in self._schema.get_all_operations()]
        self.tallies = {operation.label: Tally() for operation in operations}
        fresh_until = time.monotonic() + FRESH
        # Operations that take little have few different requests: the others are asked more, until it is enough.
        while self.cases < count:
            before = self.cases
            wanted = max(4, (count - before) // len(operations) + 1)
            for operation in operations:
                if time.monotonic() > fresh_until:
                    self.stage.log_in_again()
                    fresh_until = time.monotonic() + FRESH
                for mode, share in SHARES.items():
                    if mode is NEGATIVE and _takes_anything(operation):
                        continue  # hundreds of attempts would find that out
                    self._cases(operation, mode, max(2, round(wanted * share)))
            self._number += 1
            assert self.cases > before

    def _cases(self, operation: Any, mode: GenerationMode, count: int) -> None:  # noqa: ANN401
        route = self._routes[operation.method.upper(), operation.path]
        tally = self.tallies[operation.label]

        @seed(self._number)
        @settings(
            max_examples=count,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def judge(case: Case[Any]) -> None:
            tally.statuses[self._judge(case, route, mode)] += 1

        try:
            judge()
        except Unsatisfiable as error:
            # An operation that takes nothing has no wrong requests.
            if mode is POSITIVE:
                raise AssertionError(operation.label) from error

    def _judge(self, case: Case[Any], route: Route, mode: GenerationMode) -> int:
        """Send the case and compare the answer with the document; the answer's status."""
        place = self.stage.own
        # The first request is as good as can be: an operation that refuses it never answers 2xx.
        first = mode is POSITIVE and not self.tallies[self._label(case)].cases
        self._place(case, route, mode, place)
        if mode is POSITIVE:
            self._make_apt(case, route, place, surely=first)
        sender = "root" if first else self._random.choices(list(SENDERS), list(SENDERS.values()))[0]
        with _undone():
            response = case.call(app=application, base_url="http://localhost", headers=self._headers(sender))
            try:
                case.validate_response(response, checks=CHECKS)
            except (Failure, FailureGroup) as failure:
                found = failure.exceptions[0] if isinstance(failure, FailureGroup) else failure
                key = f"{route.line}: {type(found).__name__}: {response.status_code}"
                self.failures.setdefault(key, str(failure))
        if route.method != "GET" and route.path.startswith("/api/projects/"):
            place.restore_files()
        return int(response.status_code)

    def _place(self, case: Case[Any], route: Route, mode: GenerationMode, place: Place) -> None:
        """Put ids of things that exist into the path; in wrong requests not everywhere."""
        known = sample_of(route).ids(route, place)
        for name in route.parameters:
            if name in known and (mode is POSITIVE or self._random.random() < 0.7):
                case.path_parameters[name] = known[name]

    def _make_apt(self, case: Case[Any], route: Route, place: Place, *, surely: bool) -> None:
        """Give the parts that must agree with what exists (an address, a password) such values, mostly."""
        sample = sample_of(route)
        if surely or self._random.random() < sample.apt:
            for name in UNAPT_QUERY & set(case.query):
                del case.query[name]
            for name in UNAPT_HEADERS & set(case.headers):
                del case.headers[name]
            case.query.update(parse_qsl(query_of(route, place), keep_blank_values=True))
        if sample.body is None or case.body is NOT_SET and not surely:
            return
        if surely or self._random.random() < sample.apt:
            self._give_body(case, sample, place, surely=surely)

    def _give_body(self, case: Case[Any], sample: Sample, place: Place, *, surely: bool) -> None:
        assert sample.body is not None
        apt = sample.body(self.stage, place)
        if sample.kind != "json":
            case.media_type, case.body = sample.kind, apt
        elif isinstance(apt, dict) and isinstance(case.body, dict) and not (sample.exact or surely):
            case.body = {**case.body, **apt}
        else:
            case.media_type, case.body = "application/json", apt

    def _headers(self, sender: str) -> dict[str, str]:
        if sender == "anonymous":
            return {}
        if sender == "key":
            return {"X-API-Key": self.stage.key}
        return {"Authorization": f"Bearer {self.stage.tokens[sender]}"}

    @staticmethod
    def _label(case: Case[Any]) -> str:
        return str(case.operation.label)

    def table(self) -> str:
        """A line for each operation: cases, the share of 2xx, and the statuses."""
        lines = [f"{'operation':68} cases   2xx  statuses"]
        for label, tally in self.tallies.items():
            share = tally.well / max(1, tally.cases)
            statuses = " ".join(f"{status}:{count}" for status, count in sorted(tally.statuses.items()))
            lines.append(f"{label:68} {tally.cases:5} {share:5.0%}  {statuses}")
        total, well = self.cases, self.well
        lines.append(f"{'all':68} {total:5} {well / max(1, total):5.0%}")
        return "\n".join(lines)

    @property
    def cases(self) -> int:
        return sum(tally.cases for tally in self.tallies.values())

    @property
    def well(self) -> int:
        return sum(tally.well for tally in self.tallies.values())


def _takes_anything(operation: Any) -> bool:  # noqa: ANN401  (as schemathesis has it)
    """Whether an operation has no wrong requests: it takes nothing but texts in its path."""
    described = document()["paths"][operation.path][operation.method.lower()]
    return "requestBody" not in described and all(
        one.get("in") == "path" and set(one["schema"]) == {"type"} and one["schema"]["type"] == "string"
        for one in described.get("parameters", ())
    )


class _undone:
    """A block whose effects on the database are taken back; what asks for a durable transaction gets one."""

    def __enter__(self) -> None:
        self._block = transaction.atomic()
        # As TestCase does it: a door that insists on the outermost transaction has it, in its own view.
        self._block._from_testcase = True  # type: ignore[attr-defined]
        self._block.__enter__()

    def __exit__(self, *error: Any) -> None:
        if not connection.needs_rollback:
            transaction.set_rollback(True)
        self._block.__exit__(None, None, None)


def walk(schema: Any, path: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:  # noqa: ANN401  (any JSON)
    """Every object of a document with its JSON pointer."""
    if isinstance(schema, dict):
        yield path, schema
        for key, value in schema.items():
            yield from walk(value, f"{path}/{key}")
    elif isinstance(schema, list):
        for index, value in enumerate(schema):
            yield from walk(value, f"{path}/{index}")
