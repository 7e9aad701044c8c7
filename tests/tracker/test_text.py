"""The door for texts: one spelling, nothing that cannot be meant, and the words that a search compares."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker import text

EVERYTHING = st.text(st.characters(exclude_categories=()), max_size=60)
REFUSED = ["\x00", "\x07", "\x1b", "\x7f", "\x90", "\ud800", "\ufdd0", "\ufffe", "\U0010ffff", "\U000e0041"]


@pytest.mark.parametrize(
    ("given_text", "line", "lines"),
    [
        ("one\u2028two", "one two", "one\ntwo"),
        ("one\r\ntwo\rthree\u2029four\x85five\vsix\fseven", "one two three four five six seven",
         "one\ntwo\nthree\nfour\nfive\nsix\nseven"),
        ("\ufeff one\ttwo \n", "one two", "one two"),
        ("ex\xadport con\u200btrols\u202e\u2066!", "export controls!", "export controls!"),
        ("e\u200b\u0301", "é", "é"),
        ("\u212b", "Å", "Å"),
        ("می\u200cخواهم 👩\u200d🔬", "می\u200cخواهم 👩\u200d🔬", "می\u200cخواهم 👩\u200d🔬"),
        ("", "", ""),
    ],
)  # fmt: skip
def test_texts_get_one_spelling(given_text, line, lines):
    assert text.strict(given_text, "title", 100) == line == text.lenient(given_text, 100)
    assert text.strict(given_text, "title", 100, lines=True) == lines
    assert text.lenient(given_text, 100, lines=True) == lines


@pytest.mark.parametrize("character", REFUSED, ids=ascii)
def test_what_nobody_can_mean_is_refused_with_its_place_or_dropped(character):
    with pytest.raises(text.BadText, match=r"^reason, character 4: U\+[0-9A-F]{4,6} is .*; delete it\.$"):
        text.strict(f"abc{character}d", "reason", 100)
    assert text.lenient(f"abc{character}d", 100) == "abcd"


def test_the_length_is_that_of_the_text_as_kept():
    assert text.strict("  abc\u200b ", "title", 3) == "abc"
    with pytest.raises(text.BadText, match="title: 4 characters, at most 3 are allowed"):
        text.strict("abcd", "title", 3)
    assert text.lenient("ab cd", 3) == "ab"


@given(EVERYTHING, st.booleans())
def test_whatever_passed_passes_again_unchanged(given_text, lines):
    kept = text.lenient(given_text, 40, lines=lines)
    assert text.strict(kept, "title", 40, lines=lines) == kept == unicodedata.normalize("NFC", kept)
    assert len(kept.splitlines()) <= 1 or lines
    assert kept.splitlines() == kept.split("\n") or not kept
    kept.encode()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＡＩ", "ai"),
        ("Straße", "STRASSE"),
        ("貿易", "贸易"),
        ("U.S.", "u s"),
        ("café Müller", "cafe muller"),
        ("Ёлка Μαΐου", "елка μαιου"),
        ("AI芯片", "ai 芯片"),
        ("2025年", "2025 年"),
        ("İstanbul", "istanbul"),
        ("export-controls", "export controls"),
    ],
)
def test_a_search_takes_spellings_for_one(one, other):
    assert text.search_form(one) == text.search_form(other) == f" {text.search_form(other).strip()} "


@pytest.mark.parametrize(("one", "other"), [("ガ", "カ"), ("கா", "க"), ("trust", "us")])
def test_a_search_keeps_other_words_apart(one, other):
    assert text.search_form(one) != text.search_form(other)


@given(EVERYTHING)
def test_the_form_of_a_search_is_its_own_form(given_text):
    form = text.search_form(given_text)
    assert form.startswith(" ")
    assert form.endswith(" ")
    assert "  " not in form
    assert text.search_form(form) == form


def test_the_words_of_a_record_are_lines_of_their_own():
    record = {
        "id": "h20-ban",
        "title": "US bans H20",
        "title_zh": "",
        "summary": "",
        "summary_zh": "禁售",
        "assessments": [{"rationale": "A control."}],
        "sources": [{"title": "Chips", "publisher": "Reuters", "url": "https://example.com/a"}],
    }
    lines = " us bans h20 \n 禁售 \n h20 ban \n a control \n|\n chips \n reuters \n https example com a "
    assert text.words_of(record) == lines
    assert text.titles_of(record) == " us bans h20 "
