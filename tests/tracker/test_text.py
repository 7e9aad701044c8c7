"""The door for texts: one spelling, nothing that cannot be meant, the words that a search compares, and languages."""

import json
import unicodedata
from pathlib import Path

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


# Languages: script first, words second, what the feed declares last.

TELLING = [
    ("Commerce Department tightens export rules for AI chips", "en"),
    ("商务部收紧对人工智能芯片的出口管制", "zh-Hans"),
    ("商務部收緊對人工智慧晶片的出口管制", "zh-Hant"),
    ("英伟达H20芯片 Nvidia CEO Jensen Huang", "zh-Hans"),
    ("輝達 NVIDIA H20 晶片獲准銷往中國", "zh-Hant"),
    ("米政府、中国向けAI半導体の輸出規制を強化", "ja"),
    ("미국, 중국에 대한 AI 반도체 수출 통제 강화", "ko"),
    ("США ужесточают контроль за экспортом чипов", "ru"),
    ("Les États-Unis durcissent le contrôle des exportations de puces", "fr"),
    ("الولايات المتحدة تشدد قيود تصدير الرقائق", "ar"),
    ("US TIGHTENS CHIP EXPORT RULES FOR CHINA", "en"),
    ("NVIDIA H20", "en"),
    (
        "The Chinese term 人工智能 now appears in the English text of the declaration signed by ministers",
        "en",
    ),
]


@pytest.mark.parametrize(("given_text", "tag"), TELLING)
def test_the_text_tells(given_text, tag):
    assert text.language_of(given_text) == tag
    assert text.language_of(given_text, declared="en-US") == tag


@pytest.mark.parametrize(
    ("given_text", "declared", "tag"),
    [
        ("", "zh-TW", "zh-Hant"),
        ("😀😀 !!!", "de-DE", "de"),
        ("12.5 %", "", ""),
        ("", "nonsense tag", ""),
        ("中文", "zh_HK", "zh-Hant"),
        ("中文", "", "zh-Hans"),
        ("对外开放", "zh-TW", "zh-Hans"),
    ],
)
def test_what_is_declared_counts_where_the_text_is_silent(given_text, declared, tag):
    assert text.language_of(given_text, declared) == tag


@pytest.mark.parametrize(
    ("given_text", "declared", "tag"),
    [
        ("Golden Gate Claude", "en-US", "en"),
        ("Der Minister und die Chips", "de-AT", "de"),
        ("Les puces de la Chine", "fr-FR", "fr"),
        ("Los ministros Albares y López se ausentan de la cumbre de IA militar", "fr-FR", "es"),
        ("The state of the chips and the law", "de", "en"),
        ("Der Minister und die Chips", "en", "de"),
    ],
)
def test_common_words_speak_for_what_is_declared_and_against_it(given_text, declared, tag):
    assert text.language_of(given_text, declared) == tag


def test_folding_keeps_the_length_and_leaves_the_rest_alone():
    given_text = "輝達 H20 晶片 — 「習特會」\ud800"
    folded = text.simplified(given_text)
    assert folded == "辉达 H20 晶片 — 「习特会」\ud800"
    assert len(folded) == len(given_text)


def test_headlines_of_the_seeds_are_told_apart():
    rows = [json.loads(line) for line in Path("seeds/articles.jsonl").read_text("utf-8").splitlines()]
    wrong = [row for row in rows if text.language_of(row["title"]).split("-")[0] != row["lang"]]
    assert len(wrong) <= 0.006 * len(rows), [row["title"] for row in wrong]


@given(st.text(), st.text(max_size=12))
def test_any_text_gets_a_tag_or_none(given_text, declared):
    tag = text.language_of(given_text, declared)
    assert tag == "" or text.normal_tag(tag) == tag
    assert len(text.simplified(given_text)) == len(given_text)


LONG = ["x" * 1_000_000, "中" * 1_000_000, "<p>" * 300_000, "\u202e\u202d" * 1_000, "\x00"]


@pytest.mark.parametrize("given_text", LONG, ids=range(len(LONG)))
def test_length_and_marks_do_no_harm(given_text):
    assert isinstance(text.language_of(given_text), str)
