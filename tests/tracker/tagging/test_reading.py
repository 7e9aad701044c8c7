"""From characters to a frame: folding, matching, polarity."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker import tagger_examples
from tracker.tagging import cues, features
from tracker.text import fold, lower, without_site

CUES = cues.read((tagger_examples.FOLDER / "cues.jsonl").open("rb"))
MATCHER = cues.Matcher(CUES.words)
READER = features.Reader(CUES)


def matcher(*words):
    return cues.Matcher([cues.Cue("object", "thing", "neutral", words)])


def found(text, *words):
    text = fold(text)
    return [text[hit.start : hit.end] for hit in matcher(*words).find(text)]


@given(st.text(max_size=300))
def test_folding_never_moves_a_character(text):
    assert len(fold(text)) == len(text)
    assert len(lower(fold(text))) == len(text)


def test_traditional_chinese_full_width_and_quotes_get_one_spelling():
    assert fold("對華晶片出口管制，ＡＩ “芯片”") == '对华晶片出口管制,AI "芯片"'


def test_markup_becomes_spaces_of_the_same_length():
    assert fold("US <b>bans</b> chips") == "US    bans     chips"


def test_the_turkish_capital_i_stays_one_character():
    assert len(lower("İstanbul")) == len("İstanbul")


@pytest.mark.parametrize(
    ("title", "publisher", "left"),
    [
        ("US bans chips to China - Reuters", "", "US bans chips to China"),
        ("US bans chips to China | The Straits Times", "", "US bans chips to China"),
        ("China curbs rare earth exports - the daily news of x y z", "The daily news of x y z", None),
        ("US, China - talks on", "", None),
    ],
)
def test_the_name_of_the_site_is_left_out(title, publisher, left):
    kept = without_site(title, publisher)
    assert kept == (left if left is not None else kept)
    assert title.startswith(kept)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("ban", {"ban", "bans", "banned", "banning"}),
        ("impose", {"impose", "imposes", "imposed", "imposing"}),
        ("deny", {"deny", "denies", "denied", "denying"}),
        ("push", {"push", "pushes", "pushed", "pushing"}),
    ],
)
def test_a_tilde_stands_for_all_regular_forms(word, expected):
    assert expected <= cues.forms(word)


def test_capitals_count_where_the_cue_has_them():
    assert found("US tells us", "US") == ["US"]
    assert found("U.S. chips", "US") == ["U.S."]
    assert found("BANS chips", "ban~") == ["BANS"]


def test_a_stem_takes_any_ending_and_a_row_of_words_must_follow():
    assert found("smugglers smuggled", "smuggl*") == ["smugglers", "smuggled"]
    assert found("rare-earth magnets, rare blue earth", "rare earth~") == ["rare-earth"]


def test_chinese_is_found_without_spaces_in_both_scripts():
    assert found("美國對華芯片出口管制", "出口管制") == ["出口管制"]
    assert found("美国对华芯片出口管制", "出口管制") == ["出口管制"]


def test_the_longest_act_wins_at_its_place():
    hits = MATCHER.find("Regulators roll back curbs")
    assert [hit.name for hit in hits if hit.kind == "act" and hit.effect == "undo"] == ["lift"]


@pytest.mark.parametrize(
    ("title", "polarity"),
    [
        ("US bans chip exports to China", "restriction"),
        ("US lifts ban on chip exports to China", "reversed"),
        ("US refuses to lift ban on chip exports", "restriction"),
        ("Senate rejects curbs on AI chips", "reversed"),
        ("US delays chip rule", "reversed"),
        ("US refuses to sign AI declaration", "cut"),
        ("US guts AI safety institute", "cut"),
        ("Police crack down on deepfakes", "against"),
        ("UN launches AI training for farmers", "positive"),
        ("Curbs on chip sales eased", "reversed"),
        ("Nvidia chips", "none"),
        ("美国解除对华芯片出口禁令", "reversed"),
        ("中國暫緩對美鎵、鍺、銻出口禁令", "reversed"),
        ("管制暂停", "reversed"),
        ("美国拒签人工智能宣言", "cut"),
        ("中国禁止采购英伟达芯片", "restriction"),
        ("警方打击换脸诈骗", "against"),
    ],
)
def test_the_verb_that_misleads_is_read_rightly(title, polarity):
    assert features.read_frame(fold(title), MATCHER).polarity == polarity


def test_each_clause_has_its_own_sign():
    frame = features.read_frame("US lifts chip ban after China suspends trade talks", MATCHER)
    assert [clause.sign for clause in frame.clauses] == [1, -1]


def test_features_do_not_know_which_country_acts():
    one = READER.read("US bans exports of AI chips to China, says Trump")
    two = READER.read("China bans exports of AI chips to US, says Xi")
    assert one.words == two.words
    assert one.signs == two.signs


@given(st.text(max_size=200))
def test_any_text_has_a_frame(text):
    read = READER.read(text, text)
    assert all(0 <= hit.start < hit.end <= len(text) for hit in read.frame.hits)
