"""Script first, words second, what the feed declares last."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker import languages

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


@pytest.mark.parametrize(("text", "tag"), TELLING)
def test_the_text_tells(text, tag):
    assert languages.language_of(text) == tag
    assert languages.language_of(text, declared="en-US") == tag


@pytest.mark.parametrize(
    ("text", "declared", "tag"),
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
def test_what_is_declared_counts_where_the_text_is_silent(text, declared, tag):
    assert languages.language_of(text, declared) == tag


@pytest.mark.parametrize(
    ("text", "declared", "tag"),
    [
        ("Golden Gate Claude", "en-US", "en"),
        ("Der Minister und die Chips", "de-AT", "de"),
        ("Les puces de la Chine", "fr-FR", "fr"),
        ("Los ministros Albares y López se ausentan de la cumbre de IA militar", "fr-FR", "es"),
        ("The state of the chips and the law", "de", "en"),
        ("Der Minister und die Chips", "en", "de"),
    ],
)
def test_common_words_speak_for_what_is_declared_and_against_it(text, declared, tag):
    assert languages.language_of(text, declared) == tag


def test_folding_keeps_the_length_and_leaves_the_rest_alone():
    text = "輝達 H20 晶片 — 「習特會」\ud800"
    folded = languages.simplified(text)
    assert folded == "辉达 H20 晶片 — 「习特会」\ud800"
    assert len(folded) == len(text)


def test_headlines_of_the_seeds_are_told_apart():
    rows = [json.loads(line) for line in Path("seeds/articles.jsonl").read_text("utf-8").splitlines()]
    wrong = [row for row in rows if languages.language_of(row["title"]).split("-")[0] != row["lang"]]
    assert len(wrong) <= 0.006 * len(rows), [row["title"] for row in wrong]


@given(st.text(), st.text(max_size=12))
def test_any_text_gets_a_tag_or_none(text, declared):
    tag = languages.language_of(text, declared)
    assert tag == "" or languages.normal_tag(tag) == tag
    assert len(languages.simplified(text)) == len(text)


LONG = ["x" * 1_000_000, "中" * 1_000_000, "<p>" * 300_000, "\u202e\u202d" * 1_000, "\x00"]


@pytest.mark.parametrize("text", LONG, ids=range(len(LONG)))
def test_length_and_marks_do_no_harm(text):
    assert isinstance(languages.language_of(text), str)
