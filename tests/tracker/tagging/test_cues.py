"""The cue file: what it refuses, and every rule of the table by its example and counter-example."""

import io
import json

import pytest

from tests.tracker.tagging.test_reading import CUES, READER
from tracker import record
from tracker.tagging import cues

RULE = {"kind": "rule", "name": "r", "when": "chips", "rec": "trust", "direction": "sign", "weight": 0.5}
WORDS = {"kind": "object", "name": "chips", "effect": "neutral", "en": ["chip~"], "zh": []}


def signs(title, rule):
    return [finding.pair for _, finding in READER.read(title).findings if finding.rule.name == rule.name]


@pytest.mark.parametrize("rule", CUES.rules, ids=lambda rule: rule.name)
def test_each_rule_holds_for_its_example_and_not_for_its_counter_example(rule):
    assert signs(rule.example, rule), "the example must make the rule hold"
    assert not signs(rule.counter, rule), "the counter-example must not"


def test_every_ask_of_a_rule_is_one_of_its_recommendation():
    wrong = [rule.name for rule in CUES.rules if rule.ask and rule.ask not in record.ASKS[rule.rec]]
    assert not wrong


def test_every_recommendation_has_rules_in_both_directions():
    for rec in record.RECOMMENDATIONS:
        spoken = {rule.direction for rule in CUES.rules if rule.rec == rec}
        assert "sign" in spoken or {"1", "-1"} <= spoken, rec


def test_words_stand_in_both_languages():
    lacking = [cue.name for cue in CUES.words if all(word.isascii() for word in cue.words)]
    assert not lacking


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (RULE | {"when": "chipz"}, "no cue is called 'chipz'"),
        (RULE | {"when": "chips & us"}, "no cue is called 'us'"),
        (RULE | {"when": "!china-firm"}, "no cue is called 'china-firm'"),
        (RULE | {"rec": "peace"}, "rule 'r': rec 'peace' is not in the codebook"),
        (RULE | {"direction": "up"}, "direction is one of"),
        (RULE | {"weight": 1.5}, "weight is a number between 0 and 1"),
        (RULE | {"weight": None}, "weight is a number"),
        (RULE | {"strength": 9}, "strength is 1 to 5"),
        (WORDS | {"effect": "nice"}, "effect 'nice' is not one of"),
        (WORDS | {"en": []}, "needs at least one word"),
        (WORDS | {"en": ["  "]}, "none of them empty"),
        (WORDS | {"en": [7]}, "none of them empty"),
        ({"kind": "verb"}, "kind 'verb' is not one of"),
        ([1], "a cue is a JSON object, not list"),
    ],
)
def test_a_cue_that_cannot_be_used_is_refused_with_its_line(broken, says):
    with pytest.raises(cues.CueError, match="line 2: ") as refused:
        cues.read(io.BytesIO(f"{json.dumps(WORDS)}\n{json.dumps(broken)}".encode()))
    assert says in str(refused.value)


def test_a_line_that_is_no_json_is_named():
    with pytest.raises(cues.CueError, match="line 1: "):
        cues.read(io.BytesIO(b"{"))
