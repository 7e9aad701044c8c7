"""What the nearest labelled texts say, on a handful of meanings that anyone can see."""

import io
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from tests.tracker.tagging.test_model import CUES, TRUST, encode, examples
from tracker import tagging
from tracker.tagging import model as models
from tracker.tagging import vectors
from tracker.tagging.training import Example, train
from tracker.tagging.vectors import FEW, OF_PAIRS, OF_RELEVANCE, SCALE, WORDS_SCALE, Known

EAST, NORTH, BETWEEN = (1.0, 0.0), (0.0, 1.0), (0.6, 0.8)
ACT, NEAR_MISS, ORDINARY = 0, 2, 4  # of the columns: the nearest one's likeness, then the mean of several
BY_TITLE, BY_WORDS, PAIRS_BY_WORDS = 6, 12, OF_PAIRS // 2  # where the columns of the other likenesses begin


def worded(*rows):
    return sparse.csr_matrix(np.array(rows, dtype=float))


SILENT = worded((0.0, 0.0))


@pytest.fixture
def known():
    """An act in the east, coded as an advance of the first recommendation, a near miss in the north, ordinary news."""
    direction = np.zeros((3, 2))
    direction[0, 0] = 1
    return Known.of(
        np.array([EAST, NORTH, (-1.0, 0.0)]),
        direction,
        acts=np.array([True, False, False]),
        near=np.array([True, True, False]),
        words=worded((1.0, 0.0), (0.6, 0.8), (0.0, 1.0)),
    )


def test_an_item_is_likest_to_what_it_stands_nearest_to(known):
    of_relevance, _ = known.speak(np.array([NORTH]), SILENT, np.array([BETWEEN]))
    assert of_relevance.shape == (1, OF_RELEVANCE)
    assert of_relevance[0, [ACT, NEAR_MISS, ORDINARY]] == pytest.approx(np.array([0.6, 0.8, -0.6]) * SCALE)
    assert of_relevance[0, BY_TITLE + ACT] == pytest.approx(0.0)
    assert of_relevance[0, BY_TITLE + NEAR_MISS] == pytest.approx(SCALE)


def test_models_of_before_compare_titles_alone(known):
    old = replace(known, by_sentence=False)
    of_relevance, _ = old.speak(np.array([EAST]), SILENT, np.array([NORTH]))
    assert of_relevance.shape == (1, OF_RELEVANCE - BY_TITLE)
    assert of_relevance[0, ACT] == pytest.approx(SCALE)


def test_a_code_is_spoken_for_by_those_that_have_it_and_by_none_where_nobody_has(known):
    _, of_pairs = known.speak(np.array([EAST]), worded((1.0, 0.0)), None)
    assert of_pairs.shape == (1, 4, OF_PAIRS)
    assert of_pairs[0, 0, 0] == pytest.approx(SCALE)
    assert of_pairs[0, 1, :2].tolist() == [0.0, 0.0]
    assert of_pairs[0, :, 2].tolist() == pytest.approx([SCALE] * 4)
    assert of_pairs[0, 0, PAIRS_BY_WORDS] == pytest.approx(WORDS_SCALE)


def test_what_is_far_in_meaning_may_be_near_in_words(known):
    of_relevance, _ = known.speak(np.array([NORTH]), worded((1.0, 0.0)), np.array([NORTH]))
    told = of_relevance[0, [ACT, BY_WORDS + ACT, BY_WORDS + NEAR_MISS, BY_WORDS + ORDINARY]]
    assert told.tolist() == pytest.approx([0.0, WORDS_SCALE, 0.6 * WORDS_SCALE, 0.0])


def test_the_mean_is_of_the_few_nearest_alone():
    turned = np.linspace(0, np.pi / 2, FEW + 3)
    known = Known.of(
        np.column_stack([np.cos(turned), np.sin(turned)]),
        np.ones((len(turned), 1)),
        np.ones(len(turned), dtype=bool),
        np.ones(len(turned), dtype=bool),
        worded(*np.zeros((len(turned), 2))),
    )
    _, of_pairs = known.speak(np.array([EAST]), SILENT, None)
    assert of_pairs[0, 0, 1] == pytest.approx(SCALE * np.cos(turned)[:FEW].mean())


def test_lengths_do_not_matter_and_nothing_at_all_is_like_nothing(known):
    far, near, none = (
        known.speak(np.array([row]), SILENT, np.array([row]))[0] for row in ((5.0, 0.0), EAST, (0.0, 0.0))
    )
    assert np.allclose(far, near)
    assert not none.any()


def test_the_sentence_that_tells_most_is_found_in_a_roundup_of_either_language():
    model, reader = train(examples(), CUES, "small"), tagging.features.Reader(CUES)

    def told(title, summary):
        text = reader.read(title, summary)
        return models.most_telling(reader, model.vocabulary, model.relevant, [text], [summary])[0]

    assert (
        told("Club wins match 3", "Rain fell all day. US bans Chinese app again! More below …")
        == "US bans Chinese app again"
    )
    assert (
        told("早报 3", "沪指开盘报四千一百五十点涨幅百分之一；US bans Chinese app number；两市双双高开")
        == "US bans Chinese app number"
    )
    assert (
        told("US bans Chinese app number 4", "Club wins match after match.") == "US bans Chinese app number 4"
    )
    assert told("Club wins match 5", "") == "Club wins match 5"


def test_an_act_in_the_middle_of_a_summary_makes_an_item_likelier():
    acts = [
        Example(
            f"Letter {number}",
            (TRUST,),
            f"letter-{number}",
            summary=f"Rain fell. US bans Chinese app {number}.",
        )
        for number in range(20)
    ]
    asked: list[str] = []

    def listened(texts):
        asked.extend(texts)
        return np.array([[1.0, 0.0] if "bans" in text else [0.0, 1.0] for text in texts])

    model = train([*examples(), *acts], CUES, "voiced", listened)
    assert "US bans Chinese app 7." in asked, "its own sentence teaches, and not the title"
    tagger = tagging.Tagger(CUES, model, listened)
    asked.clear()
    with_it = tagger.tag(
        "Monday's letter", "Rain fell all day. US bans Chinese app of the year. Sunny spells."
    )
    assert "US bans Chinese app of the year" in asked
    without = tagger.tag("Monday's letter", "Rain fell all day. Club wins match of the year. Sunny spells.")
    assert with_it.relevance > without.relevance


def test_a_stand_in_for_a_sentence_is_never_taken_for_its_words():
    """Seeds keep what sentences of feeds mean in one space; an endpoint has another, and would embed the name."""
    name = "the telling sentence under: Letter"
    learnt = [*examples(), Example("Letter", (TRUST,), "letter", telling=name)]
    asked: list[str] = []

    def listened(texts):
        asked.extend(texts)
        return encode(texts)

    train(learnt, CUES, "voiced", listened)
    assert name not in asked
    meaning = vectors.to_whole(np.array([[0.2, 0.1]]))[0]
    known = train(
        learnt, CUES, "voiced", vectors.remembering(listened, {vectors.mark_of(name): meaning})
    ).known
    assert known.meanings[-1] == pytest.approx(vectors.from_whole(meaning), abs=0.01)
    assert name not in asked


def test_a_model_keeps_what_it_compares_with_and_says_the_same_after_storing():
    model = train(examples(), CUES, "voiced", encode)
    stored = models.from_bytes(models.to_bytes(model))
    assert (stored.known.pairs == model.known.pairs).all()
    assert abs(stored.known.by_word - model.known.by_word).max() < 0.01
    told, again = (tagging.Tagger(CUES, one, encode).tag("US bans Chinese app") for one in (model, stored))
    assert again.relevance == pytest.approx(told.relevance, abs=0.02)
    assert [label.rec for label in again.labels] == [label.rec for label in told.labels]


def test_a_stored_model_that_read_meaning_in_a_straight_line_serves_on_by_words():
    """As versions of before were stored: the words-only model inside them is what can still be read."""
    model = train(examples(), CUES, "voiced", encode)
    with np.load(io.BytesIO(models.to_bytes(model))) as arrays:
        old = {name: arrays[name] for name in arrays.files if not name.startswith("known")}
    held = io.BytesIO()
    np.savez(held, **old, meaning=np.zeros(2))
    read = models.from_bytes(held.getvalue())
    assert read.known is None
    assert tagging.Tagger(CUES, read).tag("US bans Chinese app").labels[0].rec == "trust"
