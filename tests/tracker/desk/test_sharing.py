"""Why reports were joined, in the reader's language, whatever the database holds."""

import pytest
from django.utils.translation import override

from tracker.clustering.reports import KINDS
from tracker.desk import item

REASONS = [{"kind": "name", "value": "commerce"}, {"kind": "days", "value": "1"}]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["the same title", "nvidia", "1 day apart"]),
        ("zh-hans", ["标题相同", "英伟达", "相隔1天"]),
    ],
)
def test_reasons_are_told_in_the_readers_language(language, words):
    stored = [
        {"kind": "title", "value": ""},
        {"kind": "name", "value": "nvidia"},
        {"kind": "days", "value": "1"},
    ]
    with override(language):
        assert item.in_words(stored) == words


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_words_in_both_languages(kind):
    told = set()
    for language in ("en", "zh-hans"):
        with override(language):
            (words,) = item.in_words([{"kind": kind, "value": "3"}])
            told.add(words)
    assert len(told) == 2 or kind in ("name", "word")


def test_sentences_of_an_earlier_version_stay():
    assert item.in_words(["the same page", "nvidia"]) == ["the same page", "nvidia"]


@pytest.mark.parametrize(
    "odd", [{}, {"kind": "days", "value": "٣"}, {"kind": "gone", "value": "x" * 900}, None, 7]
)
def test_odd_entries_are_no_failure(odd):
    assert all(len(each) <= item.LONGEST_REASON for each in item.in_words([odd]))


def test_only_the_first_few_are_told():
    assert len(item.in_words(REASONS * 5)) == item.REASONS_SHOWN
