"""What there is to translate: the texts of our sources and those of Unfold, which ships no translations of its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import unfold
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

from m3m_site.chores import PACKAGES
from m3m_site.conf import BASE_DIR

UNFOLD = Path(unfold.__file__).parent
CATALOGUE = BASE_DIR / "locale" / "ru" / "LC_MESSAGES" / "django.po"

# (singular,) or (singular, plural), with the context before it.
Text = tuple[str | None, tuple[str, ...]]

_FORMS = {"": (None, (1,)), "p": (1, (2,)), "n": (None, (1, 2)), "np": (1, (2, 3))}
_NAMES = {f"{kind}gettext{lazy}": kind for kind in _FORMS for lazy in ("", "_lazy", "_noop")} | {"_": ""}
_STRING = r"u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
# Calls as Django makes them of the tags of a template.
_CALL = re.compile(rf"(?<!\w)(\w*gettext|_)\(((?:{_STRING}|,|\s|count)+)\)")


def python_texts(path: Path) -> Iterator[Text]:
    """Texts that a module hands to gettext."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
            yield from _text(name, tuple(getattr(argument, "value", None) for argument in node.args))


def template_texts(path: Path) -> Iterator[Text]:
    """Texts that stand in the tags of a template."""
    for name, arguments in _CALL.findall(templatize(path.read_text(), origin=str(path))):
        found = ast.literal_eval(f"({arguments.replace(',count', '').replace(', count', '')},)")
        yield from _text(name, found)


def _text(name: str, arguments: tuple[object, ...]) -> Iterator[Text]:
    if name not in _NAMES:
        return
    context, forms = _FORMS[_NAMES[name]]
    texts = tuple(arguments[form - 1] for form in forms) if len(arguments) >= forms[-1] else ()
    if texts and all(isinstance(text, str) and text for text in texts):
        yield (str(arguments[context - 1]) if context else None), tuple(str(text) for text in texts)


def our_texts() -> set[Text]:
    """Everything that our packages and templates say."""
    modules = [path for package in PACKAGES for path in (BASE_DIR / package).rglob("*.py")]
    templates = [*(BASE_DIR / "templates").rglob("*.html"), *(BASE_DIR / "templates").rglob("*.txt")]
    return _of([path for path in modules if "tests" not in path.parts], templates)


def unfold_texts() -> set[Text]:
    """Everything that Unfold says on pages that we show; its optional parts for other packages are left out."""
    shown = [path for path in UNFOLD.rglob("*") if "contrib" not in path.parts and "tests" not in path.parts]
    return _of(
        [path for path in shown if path.suffix == ".py"], [path for path in shown if path.suffix == ".html"]
    )


def _of(modules: list[Path], templates: list[Path]) -> set[Text]:
    found = {text for path in modules for text in python_texts(path)}
    return found | {text for path in templates for text in template_texts(path)}


def catalogue() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file)


def message_of(catalogue: Catalog, text: Text) -> Message | None:
    context, forms = text
    return catalogue.get(forms[0] if len(forms) == 1 else forms, context)
