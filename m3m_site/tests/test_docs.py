"""The documentation is complete: whatever people may set, call or meet is in it."""

from __future__ import annotations

import argparse
import ast
import inspect
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.choices import Language, Theme
from accounts.serializers import AuditEntrySerializer, UserSerializer
from m3m_site import __version__
from m3m_site.bootstrap import COMMANDS
from m3m_site.chores import PACKAGES
from m3m_site.cli import parser
from m3m_site.conf import BASE_DIR, Config, parse_duration
from pipeline.choices import Bump, FileStatus, RevisionKind, Tag
from pipeline.serializers import (
    DiffSerializer,
    FaultSerializer,
    FileDiffSerializer,
    PurgedSerializer,
    ReleaseContentSerializer,
    RevisionContentSerializer,
    SavedBranchSerializer,
)
from projects import facets
from projects.choices import Color, EnvType
from projects.serializers import ProjectSerializer, ShownEnvVarSerializer
from runtime import registry, typings
from runtime.choices import EndReason, RunStatus
from runtime.gateway import answers
from runtime.sandbox.limits import Limits
from runtime.serializers import LineSerializer, LogsSerializer, RunSerializer, StatusSerializer

METHODS = ("get", "post", "put", "patch", "delete")
HEADING = re.compile(r"^#+ (GET|POST|PUT|PATCH|DELETE) (/\S+)", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#]+)")
ERRORS = {"UserError", "ConflictError", "NotFoundError", "AuthenticationFailed"}
# Codes that no path of REST answers: limits are administered by pages and commands,
OTHER_DOORS = {
    *("limit_unknown", "limit_invalid", "limit_not_found"),
    "goal_not_global",
}
# and what the serializers find out before the action does is `invalid`.
FORMS = {
    *("name_invalid", "color_unknown", "keep_runs_invalid", "env_type_unknown"),
    *("bump_unknown", "tag_unknown", "comment_too_long"),
    *("goal_type_unknown", "description_too_long"),
}


@lru_cache
def page(name: str) -> str:
    return (BASE_DIR / "docs" / name).read_text()


@lru_cache
def rest() -> str:
    """All pages on REST: the general one and one for each resource."""
    files = sorted((BASE_DIR / "docs" / "rest").glob("*.md"))
    return "\n".join([page("rest.md"), *(file.read_text() for file in files)])


def rows(name: str) -> list[list[str]]:
    """The cells of every table row of a page, without backticks."""
    found = [line for line in page(name).splitlines() if line.startswith("| ")]
    return [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")] for line in found]


def row(name: str, key: str) -> list[str]:
    """The row whose first cell is `key`; empty where there is none."""
    return next((cells for cells in rows(name) if cells[0] == key), [])


def missing(names: set[str], text: str) -> set[str]:
    """Names that a text does not have in backticks."""
    return {name for name in names if f"`{name}`" not in text}


class ConfigurationTest:
    def test_every_key_has_its_default_and_its_variable(self) -> None:
        wrong = [
            problem
            for section, field in Config.model_fields.items()
            for key, inner in getattr(field.annotation, "model_fields", {}).items()
            if (problem := self._problem(section, key, inner.get_default()))
        ]
        assert wrong == []

    def _problem(self, section: str, key: str, default: object) -> str:
        found = row("configuration.md", f"{section}.{key}")
        if len(found) != 4:
            return f"{section}.{key} is missing"
        if found[2] != f"M3M_{section}_{key}".upper():
            return f"{section}.{key}: wrong variable {found[2]}"
        return "" if self._says(found[1], default) else f"{section}.{key}: the default is {default!r}"

    def _says(self, text: str, default: object) -> bool:
        match default:
            case "":
                return text in ("empty", "random")
            case bool():
                return text == str(default).lower()
            case float():
                return parse_duration(text) == default
            case list():
                return text == str(default).replace("'", '"')
        return text == str(default)

    def test_every_variable_outside_the_file_is_there(self) -> None:
        read = re.compile(r"environ(?:\.get\(|\[)\s*\"(M3M_[A-Z_]+)\"")
        names = {name for file in sources() for name in read.findall(file.read_text())}
        assert {"M3M_DATA", "M3M_RUN"} <= names
        assert missing(names, page("configuration.md")) == set()


class RestTest:
    def test_every_path_is_there_with_its_methods(self) -> None:
        offered = set(routes())
        assert len(offered) > 30
        written = {(method, shape(path)) for method, path in HEADING.findall(rest())}
        assert offered - written == set()
        assert written - offered == set()

    def test_every_error_code_is_there(self) -> None:
        codes = {code for file in sources() if file.name != "admin.py" for code in error_codes(file)}
        assert len(codes) > 30
        assert missing(codes - OTHER_DOORS - FORMS, rest()) == set()

    def test_every_field_of_an_answer_is_there(self) -> None:
        shown = (
            *(UserSerializer, AuditEntrySerializer, ProjectSerializer, ShownEnvVarSerializer),
            *(
                SavedBranchSerializer,
                RevisionContentSerializer,
                FaultSerializer,
                DiffSerializer,
                FileDiffSerializer,
                PurgedSerializer,
            ),
            *(ReleaseContentSerializer, RunSerializer, StatusSerializer, LogsSerializer, LineSerializer),
        )
        names = {name for serializer in shown for name in serializer().fields} | set(facets.names())
        assert {"slug", "route_url", "status"} <= names
        text = rest()
        assert {name for name in names if f'"{name}"' not in text and f"`{name}`" not in text} == set()

    def test_every_choice_is_there(self) -> None:
        wanted = {*Color.values, *EnvType.values, *Tag.values, *Bump.values, *Language.values, *Theme.values}
        wanted |= {*FileStatus.values, *RevisionKind.values}
        assert missing(wanted, rest()) == set()

    def test_sockets_are_there(self) -> None:
        from runtime.routing import websocket_urlpatterns  # noqa: PLC0415  (needs the apps)

        for pattern in websocket_urlpatterns:
            assert shape(f"/{pattern.pattern}") in shape(rest())


class RuntimeTest:
    def test_every_limit_has_its_default(self) -> None:
        wrong = []
        for name, default in Limits._field_defaults.items():
            found = row("runtime.md", name)
            if not found or found[1] != in_words(name, default):
                wrong.append(f"{name}: {in_words(name, default)}")
        assert wrong == []

    def test_every_status_and_reason_is_there(self) -> None:
        first = {cells[0] for cells in rows("runtime.md")}
        assert {*RunStatus.values, *EndReason.values} - first == set()

    def test_everything_that_front_answers_itself_is_there(self) -> None:
        failures = {
            found for _name, found in inspect.getmembers(answers) if isinstance(found, answers.Failure)
        }
        written = {
            (cells[0], code.strip())
            for cells in rows("runtime.md")
            if len(cells) > 2
            for code in cells[1].split(",")
        }
        assert {(str(one.status), one.code) for one in failures} - written == set()


class ModulesTest:
    def test_the_page_holds_every_function_class_and_property(self) -> None:
        assert "<!-- modules -->" in page("modules.md")
        made = typings.pages()
        for module in registry.modules():
            wanted = {
                f"### {module.name}.{one.name}" if module.names else f"### {one.name}"
                for one in module.functions
            }
            wanted |= {f"### {one.name}" for one in module.classes} | {
                f"| `{one.name}`" for one in module.properties
            }
            assert {line for line in wanted if line not in made[module.name]} == set()

    def test_the_runtime_names_every_global(self) -> None:
        names: set[str] = set()
        for module in registry.modules():
            names.update(module.names, (one.name for one in module.classes))
            if not module.names:
                names.update(one.name for one in module.functions)
        assert {"router", "URL", "setTimeout", "$require"} <= names
        text = page("runtime.md")
        spelled = {name for name in names if not (name.startswith("$") and name[1:] in names)}
        assert {name for name in spelled if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)} == set()


class CommandLineTest:
    def test_every_command_of_make_is_there(self) -> None:
        assert {f"make {name}" for name in COMMANDS} - first_cells() == set()

    def test_every_command_of_m3m_is_there(self) -> None:
        action = next(one for one in parser()._actions if isinstance(one, argparse._SubParsersAction))
        written = {" ".join(cell.split()[:2]) for cell in first_cells()}
        assert {f"m3m {name}" for name in action.choices} - written == set()

    def test_every_command_of_manage_is_there(self) -> None:
        ours = {name for name, app in get_commands().items() if app in PACKAGES}
        assert "new_admin" in ours
        assert ours - {cell.split()[0] for cell in first_cells()} == set()


class RepositoryTest:
    def test_every_rule_that_lint_leaves_out_has_a_reason(self) -> None:
        tool = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["tool"]
        lint = tool["ruff"]["lint"]
        codes = {*lint["ignore"], *tool["djlint"]["ignore"].split(",")}
        for more in lint.get("per-file-ignores", {}).values():
            codes |= set(more)
        text = (BASE_DIR / "CONTRIBUTING.md").read_text()
        assert {
            code for code in codes if not re.search(rf"^\|[^|]*\|[^|]*\b{code}\b", text, re.MULTILINE)
        } == set()

    def test_the_changelog_has_the_version(self) -> None:
        assert f"## [{__version__}]" in (BASE_DIR / "CHANGELOG.md").read_text()

    def test_every_link_leads_somewhere(self) -> None:
        pages = [*BASE_DIR.glob("*.md"), *(BASE_DIR / "docs").glob("**/*.md")]
        broken = [
            f"{file.relative_to(BASE_DIR)}: {target}"
            for file in pages
            for target in LINK.findall(file.read_text())
            if not (file.parent / target).exists()
        ]
        assert broken == []

    @pytest.mark.slow
    def test_the_documentation_builds_without_warnings(self, tmp_path: Path) -> None:
        command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "docs"]
        done = subprocess.run(  # noqa: S603
            [*command, str(tmp_path)], cwd=BASE_DIR, capture_output=True, text=True, timeout=120, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert "runtime.html" in {file.name for file in tmp_path.iterdir()}


def first_cells() -> set[str]:
    return {cells[0] for cells in rows("command-line.md")}


def sources() -> Iterator[Path]:
    """Every Python file of ours that is no test."""
    for package in PACKAGES:
        for file in (BASE_DIR / package).rglob("*.py"):
            if not {"tests", "migrations"} & set(file.parts) and file.name != "testing.py":
                yield file


def shape(path: str) -> str:
    """A path with its parameters reduced to a colon: `/api/projects/:/env`."""
    return re.sub(r"<\w+:\w+>|:\w+", ":", path)


def routes() -> Iterator[tuple[str, str]]:
    """(method, shape) of every view below /api/, and of health."""
    for path, view in patterns(get_resolver().url_patterns):
        for method in METHODS:
            if hasattr(getattr(view, "view_class", None), method) and path.startswith("/api/"):
                yield method.upper(), shape(path)
    yield from (("GET", path) for path in ("/health", "/health/live", "/health/ready"))


def patterns(found: list[Any], prefix: str = "/") -> Iterator[tuple[str, Any]]:
    for one in found:
        if isinstance(one, URLResolver):
            yield from patterns(one.url_patterns, prefix + str(one.pattern))
        elif isinstance(one, URLPattern):
            yield prefix + str(one.pattern), one.callback


def error_codes(file: Path) -> Iterator[str]:
    """Stable codes that a file gives to errors of callers."""
    for node in ast.walk(ast.parse(file.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        position = 1 if name == "AuthenticationFailed" else 0
        if name in ERRORS and len(node.args) > position:
            argument = node.args[position]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield argument.value


def in_words(name: str, default: object) -> str:
    """A limit's default as the page writes it."""
    assert isinstance(default, int | float)
    if name in ("heap", "body", "response"):
        return f"{int(default) // 1024**2} MB"
    if name in ("cpu", "wall", "boot", "shutdown"):
        return f"{default:g} s"
    return f"{int(default):,}".replace(",", " ") if default >= 10_000 else str(default)
