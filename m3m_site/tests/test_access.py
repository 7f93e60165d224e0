"""Who may what: every role at every address, against expectations that people wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.db import transaction
from django.test import TestCase

from m3m_site.tests.openapi import Route, routes, shape
from m3m_site.tests.samples import body_of, url_of
from m3m_site.tests.stage import Place, StageCase

ACCESS = Path(__file__).with_name("access")
REFUSALS = {401, 403, 404}
# What a service that does not run, or a check that fails, answers to everybody.
UNAVAILABLE = 503
# In a project of somebody else; for all others the two projects are alike.
FOREIGN = ("member", "owner", "key", "manager", "root")


def rows(name: str) -> Iterator[list[str]]:
    """The cells of a file's lines, without comments."""
    for line in (ACCESS / name).read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.split()


def capabilities() -> dict[str, dict[str, str]]:
    head, *body = rows("capabilities.txt")
    return {cells[0]: dict(zip(head[1:], cells[1:], strict=True)) for cells in body}


def expectations() -> dict[str, str]:
    """Line of an address to its capability. Raises AssertionError where two files differ."""
    found: dict[str, str] = {}
    for file in sorted(ACCESS.glob("*.txt")):
        if file.name == "capabilities.txt":
            continue
        for method, path, capability in rows(file.name):
            line = f"{method} {shape(path)}"
            assert found.setdefault(line, capability) == capability, line
    return found


class ExpectationsTest(TestCase):
    def test_every_address_has_a_line_and_every_line_an_address(self) -> None:
        offered = {route.line for route in routes()}
        self.assertEqual(offered - set(expectations()), set())
        self.assertEqual(set(expectations()) - offered, set())

    def test_every_capability_is_one_of_the_table(self) -> None:
        self.assertLessEqual(set(expectations().values()), set(capabilities()))


class AccessTest(StageCase):
    def test_every_role_gets_what_the_table_says_in_its_own_project(self) -> None:
        self._compare(self.stage.own, self.stage.roles, foreign=False)

    def test_every_role_gets_what_the_table_says_in_a_project_of_somebody_else(self) -> None:
        roles = tuple(role for role in FOREIGN if role in self.stage.roles)
        self._compare(self.stage.foreign, roles, foreign=True)

    def _compare(self, place: Place, roles: tuple[str, ...], *, foreign: bool) -> None:
        wanted, table = expectations(), capabilities()
        wrong = []
        for route in routes():
            cells = table.get(wanted.get(route.line, ""))
            if cells is None:
                continue  # ExpectationsTest says so
            if unknown := set(route.parameters) - set(place.ids):
                wrong.append(f"{route.line}: samples.py and stage.py know nothing of {sorted(unknown)}")
                continue
            for role in roles:
                cell = cells[_column(role, foreign=foreign)]
                status = self._ask(route, role, place)
                if not _agrees(cell, status):
                    wrong.append(f"{role}: {route.line}: {status}, expected {cell}")
        self.assertEqual(wrong, [], "\n".join(wrong))

    def _ask(self, route: Route, role: str, place: Place) -> int:
        """The status that a well-formed request gets; its effects are undone."""
        body, options = body_of(route, self.stage, place)
        client = self.stage.client(role)
        with transaction.atomic():
            if route.method == "GET":
                answer = client.get(url_of(route, place))
            else:
                answer = getattr(client, route.method.lower())(url_of(route, place), body, **options)
            if answer.streaming:  # may ask the database only now
                list(answer.streaming_content)  # type: ignore[attr-defined]
            transaction.set_rollback(True)
        if route.method != "GET" and (route.path.startswith("/api/projects/")):
            place.restore_files()
        return int(answer.status_code)


def _column(role: str, *, foreign: bool) -> str:
    if not foreign or role in ("manager", "root"):
        return role
    return "foreign_key" if role == "key" else "foreign"


def _agrees(cell: str, status: int) -> bool:
    """`-` stands for "says nothing here"."""
    if cell == "-":
        return True
    choices = cell.split("/")
    let_in = status not in REFUSALS and (status < 500 or status == UNAVAILABLE)
    return str(status) in choices or ("ok" in choices and let_in)
