"""Spellings of one word meet: endings, scripts, units, outlets' tails."""

import pytest

from tracker.clustering import words
from tracker.clustering.words import BadName, Gazetteer, gazetteer


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("curbs", "curb"),
        ("tightens", "tightened"),
        ("controls", "controlled"),
        ("policies", "policy"),
        ("releases", "releasing"),
        ("banned", "ban"),
    ],
)
def test_endings_fall_away(one, other):
    assert words.stem(one) == words.stem(other)


@pytest.mark.parametrize(
    ("one", "other"), [("police", "policy"), ("h20", "h200"), ("chip", "chief"), ("gains", "gaming")]
)
def test_different_words_stay_different(one, other):
    assert words.stem(one) != words.stem(other)


def test_chinese_is_read_in_pairs_of_characters_and_traditional_is_folded():
    assert words.words(words.title_of("對華晶片")) == ["对华", "华晶", "晶片"]


@pytest.mark.parametrize(
    "title", ["$500bn for AI", "500 billion dollars", "投资5000亿美元", "0.5 trillion", "500,000 million"]
)
def test_sums_are_one_in_every_unit(title):
    assert words.amounts(words.plain(title, 100)) == {"5e+11"}


def test_shares_are_shares_and_years_are_no_amounts():
    assert words.amounts("a 24% tariff in 2026, 5 times") == {"24%"}


@pytest.mark.parametrize(
    "title",
    [
        "US revokes licences for chips",
        "US Revokes Licences for Chips - Reuters",
        "US revokes licences for chips | Daily Example",
        "<b>US revokes</b> licences for&nbsp;chips",
        "ＵＳ revokes licences for chips",
    ],
)
def test_the_outlets_tail_marks_and_case_do_not_count(title):
    assert words.fingerprint(words.title_of(title)) == "usrevokeslicencesforchips"


def test_a_dash_inside_a_headline_is_no_tail():
    assert "revoked" in words.title_of("Chips - licences revoked for all of them")


@pytest.mark.parametrize("title", ["Nvidia loses licences", "英伟达失去许可", "輝達失去許可"])
def test_a_name_is_found_in_every_script(title):
    assert "nvidia" in gazetteer().find(words.title_of(title))


def test_the_longest_spelling_wins():
    names = gazetteer()
    assert "waico" in names.find("世界人工智能合作组织")
    assert "entity-list" in names.find(words.title_of("Added to the Entity List"))
    assert "south-korea" not in names.find("north korea")


@pytest.mark.parametrize(
    "row",
    [{}, {"key": "x"}, {"key": "x", "kind": "colour", "en": ["x"]}, {"key": "x", "kind": "firm", "en": []}],
)
def test_a_line_that_names_nothing_is_refused_with_its_number(row):
    with pytest.raises(BadName, match="Line 2"):
        Gazetteer([{"key": "a", "kind": "firm", "en": ["a"]}, row])


def test_every_name_of_the_seeds_has_both_languages_or_is_written_alike():
    lonely = [name.key for name in gazetteer().names.values() if not name.english]
    assert not lonely
