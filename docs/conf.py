"""Sphinx: Markdown by MyST, the Read the Docs theme."""

from __future__ import annotations

import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BASE_DIR))

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
