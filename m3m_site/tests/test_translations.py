"""The Russian catalogue says everything that we say, and what Unfold says without a translation of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from django.utils.translation.trans_real import DjangoTranslation

from m3m_site.tests.messages import (
    Text,
    catalogue,
    message_of,
    our_texts,
    python_texts,
    template_texts,
    unfold_texts,
)

_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|%\.\d+f|\{\w*\}|</?\w+")


@pytest.fixture(scope="module")
def russian() -> Catalog:
    return catalogue()


def forms_of(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def untranslated(russian: Catalog, texts: set[Text]) -> list[Text]:
    found = []
    for text in sorted(texts, key=str):
        message = message_of(russian, text)
        if message is None or message.fuzzy or not all(forms_of(message)):
            found.append(text)
    return found


def is_known_to_django(text: Text, translation: DjangoTranslation) -> bool:
    """Whether Django's admin, or another app that ships Russian, says it."""
    context, forms = text
    if len(forms) > 1:
        return translation.ngettext(forms[0], forms[1], 5) != forms[1]
    said = translation.gettext(forms[0]) if context is None else translation.pgettext(context, forms[0])
    return said != forms[0]


class CatalogueTest:
    def test_every_text_of_ours_is_translated(self, russian: Catalog) -> None:
        assert untranslated(russian, our_texts()) == []

    def test_every_text_of_unfold_is_translated(self, russian: Catalog) -> None:
        texts = unfold_texts()
        assert len(texts) > 100
        django = DjangoTranslation("ru")
        left = untranslated(russian, texts)
        assert [text for text in left if not is_known_to_django(text, django)] == []

    def test_it_holds_nothing_that_nobody_says(self, russian: Catalog) -> None:
        said = {(context, forms[0]) for context, forms in our_texts() | unfold_texts()}
        kept = {
            (message.context, message.id if isinstance(message.id, str) else message.id[0])
            for message in russian
            if message.id
        }
        assert sorted(kept - said, key=str) == []

    def test_placeholders_and_markup_are_kept(self, russian: Catalog) -> None:
        wrong = []
        for message in russian:
            if message.id:
                originals = (message.id,) if isinstance(message.id, str) else tuple(message.id)
                wanted = sorted(_PLACEHOLDER.findall(originals[-1]))
                wrong += [form for form in forms_of(message) if sorted(_PLACEHOLDER.findall(form)) != wanted]
        assert wrong == []


class ExtractTest:
    def test_it_sees_what_modules_say(self, tmp_path: Path) -> None:
        module = tmp_path / "module.py"
        module.write_text(
            "_('one'); gettext_lazy('two'\n 'three'); ngettext('a cow', 'cows', n); pgettext('verb', 'run')\n"
            "npgettext('herd', 'a cow', 'cows', n); _(name); other('no'); for_('no')\n"
        )
        assert set(python_texts(module)) == {
            (None, ("one",)),
            (None, ("twothree",)),
            (None, ("a cow", "cows")),
            ("verb", ("run",)),
            ("herd", ("a cow", "cows")),
        }

    def test_it_sees_what_templates_say(self, tmp_path: Path) -> None:
        template = tmp_path / "page.html"
        template.write_text(
            "{% load i18n %}<p title=\"{% translate 'say \"it\"' %}\">{% trans 'run' context 'verb' %}</p>"
            "{% blocktranslate with a=b trimmed %}\n Hello\n {{ a }}, 5% {% endblocktranslate %}"
            "{% blocktranslate count n=c %}a cow{% plural %}{{ n }} cows{% endblocktranslate %}"
            '{% include "x.html" with title=_("inner") %}{{ _("outer") }}{{ x|default:_("else") }}'
        )
        assert set(template_texts(template)) == {
            (None, ('say "it"',)),
            ("verb", ("run",)),
            (None, ("Hello %(a)s, 5%%",)),
            (None, ("a cow", "%(n)s cows")),
            (None, ("inner",)),
            (None, ("outer",)),
            (None, ("else",)),
        }

    def test_a_missing_translation_is_noticed(self, russian: Catalog) -> None:
        text: Text = (None, ("A project", "Projects of nobody"))
        assert untranslated(russian, {text}) == [text]
        assert untranslated(russian, {(None, ("Nobody has said this yet.",))}) != []
