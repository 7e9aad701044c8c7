"""Two voices made one: what each counts, what is ticked, and what decisions teach."""

import numpy as np
import pytest

from tracker.tagging import Because, Label, Suggestion, suggestions
from tracker.tagging.model import PAIRS

BAN, LIFTED = ("trust", -1), ("trust", 1)
WORDS = Because("bans", "words", "title", 0, 4)


def told(relevance=-1.0, **odds):
    """A tagger's suggestion: log-odds of relevance, and of `trust` undermined or advanced."""
    evidence = np.full(len(PAIRS) + 1, -3.0)
    evidence[PAIRS.index(BAN)], evidence[PAIRS.index(LIFTED)] = odds.get("ban", -3), odds.get("lifted", -3)
    evidence[-1] = relevance
    label = Label(*BAN, 0.3, 4, "import-barriers", (WORDS,), ticked=False)
    return Suggestion(
        0.3, (label,), ("us",), "confirmed", silent=True, model="tagger", evidence=tuple(evidence)
    )


def said(relevant=0.9, **assessed):
    code = {"rec": "trust", "direction": -1, "strength": 2, "ask": None, "p": 0.9} | assessed
    return {
        "model": "a-model",
        "relevant": relevant,
        "assessments": [code] if relevant > 0.5 else [],
        "rationale": {"en": "A ban between the two."},
    }


def test_a_model_outweighs_the_tagger_and_both_stay_on_the_suggestion():
    found = suggestions.fused(told(), said())
    assert found.relevance > 0.7
    assert (found.labels[0].rec, found.labels[0].direction, found.labels[0].ticked) == (*BAN, True)
    assert found.labels[0].strength == 2
    assert found.model == "tagger + a-model"
    assert found.evidence == told().evidence
    assert found.opinion["model"] == "a-model"


def test_weighing_twice_is_weighing_once():
    once = suggestions.fused(told(), said())
    assert suggestions.fused(once, said()) == once


def test_both_reasons_stand_and_the_models_under_its_name():
    because = suggestions.fused(told(), said()).labels[0].because
    assert [(one.text, one.by) for one in because] == [("bans", ""), ("A ban between the two.", "a-model")]


def test_at_most_three_reasons():
    many = [Because(word, "words", "title", 0, 4) for word in ("bans", "blocks", "halts", "stops")]
    assert [one.text for one in suggestions.with_sentence(many, said())] == [
        "bans",
        "blocks",
        "A ban between the two.",
    ]


def test_what_the_model_finds_irrelevant_is_ticked_by_nobody():
    found = suggestions.fused(told(ban=1.5), said(0.02))
    assert found.relevance < 0.1
    assert found.silent
    assert not any(label.ticked for label in found.labels)


def test_nothing_is_ticked_in_one_direction_where_the_model_says_both():
    assert suggestions.fused(told(ban=1.0), said(direction=0)).silent


def test_a_model_confirms_nothing_and_may_call_a_rumour_one():
    assert suggestions.fused(told(), said() | {"certainty": "confirmed"}).certainty == "confirmed"
    assert suggestions.fused(told(), said() | {"certainty": "rumoured"}).certainty == "rumoured"


def test_without_decisions_the_weights_are_the_start():
    assert suggestions.learnt_weights([]) == suggestions.Weights()


def cases(number, *, right):
    """So many acts of which the model says one thing and the tagger another; `right` is the voice that is right."""
    for at in range(number):
        is_act = at % 2 == 0
        model, tagger = suggestions.of_model(said(0.9 if is_act else 0.1)), np.full(len(PAIRS) + 1, -3.0)
        tagger[-1] = -2.0 if is_act else 2.0
        truth = is_act if right == "model" else not is_act
        yield suggestions.Case(tagger, model, suggestions.right_of([BAN] if truth else []))


@pytest.mark.parametrize("voice", ["model", "tagger"])
def test_decisions_move_the_weights_to_the_voice_that_is_right(voice):
    few, many = (suggestions.learnt_weights(cases(number, right=voice)).relevance for number in (10, 400))
    wanted, other = (0, 1) if voice == "model" else (1, 0)
    assert many[wanted] > suggestions.RELEVANCE_START[wanted]
    assert many[other] <= suggestions.RELEVANCE_START[other]
    assert abs(few[wanted] - suggestions.RELEVANCE_START[wanted]) < abs(
        many[wanted] - suggestions.RELEVANCE_START[wanted]
    )
