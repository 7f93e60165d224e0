"""Sphinx: Markdown by MyST, the Read the Docs theme."""

from __future__ import annotations

import os
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

BASE_DIR = Path(__file__).resolve().parent.parent

project = "M3M"
author = "The M3M authors"
copyright = author
version = release = "0.1.0"

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_enable_extensions = ["deflist", "colon_fence"]
myst_heading_anchors = 3

html_theme = "sphinx_rtd_theme"
html_title = "M3M"
html_show_sphinx = False
html_show_copyright = False

MODULES = "<!-- modules -->"


def module_pages() -> dict[str, str]:
    """Markdown of every module. Loads the platform, with a data directory that is thrown away."""
    sys.path.insert(0, str(BASE_DIR))
    with tempfile.TemporaryDirectory(prefix="m3m-docs-") as folder:
        os.environ.update(M3M_DATA=f"{folder}/data", M3M_RUN=f"{folder}/run")
        os.environ["DJANGO_SETTINGS_MODULE"] = "m3m_site.settings"
        import_module("django").setup()
        pages: dict[str, str] = import_module("runtime.typings").pages()
    return pages


def insert_modules(app: Sphinx, name: str, source: list[str]) -> None:
    """Put the pages of all modules, a heading lower, where a page asks for them."""
    if MODULES in source[0]:
        lowered = [
            f"#{line}" if line.startswith(("# ", "## ")) else line
            for page in module_pages().values()
            for line in page.splitlines()
        ]
        source[0] = source[0].replace(MODULES, "\n".join(lowered))


def setup(app: Sphinx) -> None:
    app.connect("source-read", insert_modules)
