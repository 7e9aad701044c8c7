"""The door: what the log refuses, how it dates an act, and that it grows without being read anew."""

import datetime
import io
import json

import numpy as np
import pytest

from scorecard import method
from scorecard.method.columns import effective_day
from tests.scorecard.logs import random_log, random_settings
from tests.scorecard.worked import records
from tracker.record import RecordError, check

LAW = {
    "id": "law",
    "date": "2025-06-01",
    "assessments": [{"rec": "trust", "direction": 1, "strength": 4, "ask": "import-barriers"}],
}
HAND = {"rec": "trust", "ask": "data-sharing", "rung": 1, "reason": "talks offered", "from": "2025-08-01"}


def law(**changes):
    return {**LAW, **changes}


def assessed(**changes):
    return law(assessments=[{**LAW["assessments"][0], **changes}])


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (assessed(rec="peace"), "rec: 'peace' is not one of"),
        (assessed(strength=6), "strength of trust: a whole number"),
        (assessed(strength=True), "strength of trust: a whole number"),
        (assessed(direction=2), "direction of trust"),
        (assessed(direction="1"), "direction of trust"),
        (assessed(ask="climate"), "ask of trust: 'climate' is not one of"),
        (law(certainty="probable"), "certainty: 'probable' is not one of"),
        (law(date_precision="week"), "date_precision: 'week' is not one of"),
        (law(date="2025-02-30"), "not a day of the calendar"),
        (law(date="1 June"), "date: a day as YYYY-MM-DD"),
        (law(date=20250601), "date: a day as YYYY-MM-DD"),
        (law(actors=["usa"]), "actors: 'usa' is not one of"),
        (law(assessments=LAW["assessments"] * 2), "two of trust"),
        (law(colour="red"), "unknown field colour"),
        (law(id="../etc"), "id: small letters"),
        (law(retracted="yes"), "retracted: true or false"),
        (law(supersedes=[7]), "supersedes: 7 is not the id"),
        ([1], "an event is a JSON object"),
        (law(title="second", recorded_at=None), "a second version of law needs the day of the change"),
    ],
)
def test_a_bad_record_is_refused_with_its_line_and_the_reason(record, reason):
    with pytest.raises(RecordError, match=r"^line 2: ") as refusal:
        method.read([LAW, record])
    assert reason in str(refusal.value)


@pytest.mark.parametrize("line", ["{", "nonsense", "[" * 100_000, '{"id": "\\ud800"}', "NaN", '"text"'])
def test_a_bad_line_is_refused_with_its_number(line):
    with pytest.raises(RecordError, match=r"^line 3: "):
        method.read_lines(io.BytesIO(f"{json.dumps(LAW)}\n\n{line}".encode()))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"rung": 6}, "rung: a whole number from 0"),
        ({"rung": True}, "rung: a whole number from 0"),
        ({"ask": "climate"}, "ask: 'climate' is not one of"),
        ({"ask": []}, r"ask: \[\] is not one of"),
        ({"rec": ["trust"]}, "is not one of"),
        ({"reason": "  "}, "reason: say in words"),
        ({"reason": 3}, "reason: say in words"),
        ({"from": "soon"}, "from: a day"),
        ({"to": "2025-08-01"}, "to: a day after"),
        ({"recorded_at": "2025-13-01"}, "recorded_at"),
        ({"until": "2026-01-01"}, "unknown field until"),
    ],
)
def test_a_bad_setting_is_refused_with_its_line_and_the_reason(change, reason):
    with pytest.raises(RecordError, match=f"^line 1 of the settings: .*{reason}"):
        method.read([], [{**HAND, **change}])


def test_nothing_but_the_format_is_asked_of_a_setting():
    with pytest.raises(RecordError, match="a setting is a JSON object, not list"):
        method.read([], [[]])


@pytest.mark.parametrize(
    ("date", "precision", "recorded_at", "counts_from"),
    [
        ("2025-05-17", "day", "2025-05-20", "2025-05-17"),
        ("2025-05-01", "month", None, "2025-05-31"),
        ("2025-05-17", "month", "2025-05-20", "2025-05-20"),
        ("2025-05-17", "month", "2025-05-01", "2025-05-01"),
        ("2025-05-17", "month", "2025-04-30", "2025-05-31"),
        ("2025-05-17", "month", "2025-06-01", "2025-05-31"),
        ("2028-02-01", "month", None, "2028-02-29"),
        ("2025-05-17", "quarter", None, "2025-06-30"),
        ("2025-12-31", "quarter", "2025-10-01", "2025-10-01"),
        ("2025-05-17", "year", None, "2025-12-31"),
        ("2025-05-17", "year", "2025-01-01", "2025-01-01"),
    ],
)
def test_an_imprecise_date_never_counts_before_it_can_be_known(date, precision, recorded_at, counts_from):
    found = datetime.date.fromordinal(effective_day(date, precision, recorded_at))
    assert found.isoformat() == counts_from


@pytest.mark.parametrize("seed", range(30))
def test_a_log_that_grew_is_the_log_that_was_read_at_once(seed):
    records, hands = random_log(seed), [*method.by_hand(random_settings(seed))]
    checked = [check(record) for record in records]
    grown = method.EMPTY
    for cut in range(0, len(checked), 5):
        grown = grown.extend(checked[cut : cut + 5], hands if cut == 0 else ())
    whole = method.read(records, random_settings(seed))
    for name in whole.__dataclass_fields__:
        if name != "memory":
            assert np.array_equal(getattr(grown, name), getattr(whole, name)), name


def test_growing_leaves_the_shorter_log_as_it_was():
    short = method.read([LAW])
    before = method.report(short, datetime.date(2025, 7, 1))
    short.extend([check(law(id="other", supersedes="law", date="2025-06-02"))])
    assert method.report(short, datetime.date(2025, 7, 1)) == before
    with pytest.raises(ValueError, match="read-only"):
        short.start[0] = 0


def test_links_that_do_not_count_are_reported_with_the_reason():
    shorthand = [
        ["early", "2025-01-02", "us", "confirmed", None, [["trust", 1, 4]]],
        ["law", "2025-06-01", "us", "confirmed", ["law", "early", "later"], [["trust", 1, 4]]],
        ["later", "2025-07-01", "us", "confirmed", ["law", "nobody"], [["trust", -1, 4]]],
        ["rumour", "2025-07-02", "us", "rumoured", "later", [["trust", 1, 4]]],
        ["second", "2025-07-03", "us", "confirmed", "law", [["trust", 1, 4]]],
    ]
    found = method.report(method.read(records(shorthand)), datetime.date(2025, 8, 1))["ignored_links"]
    assert {(link["id"], link["supersedes"]): link["why"] for link in found} == {
        ("law", "law"): "itself",
        ("law", "early"): "not on record, or before the start",
        ("law", "later"): "a later act",
        ("later", "nobody"): "not on record, or before the start",
        ("rumour", "later"): "a rumour ends nothing",
        ("second", "law"): "ended before by another act",
    }


def test_an_act_of_the_same_day_ends_another_only_when_its_id_sorts_after():
    for ender, score_is_zero in (("b", True), ("0", False)):
        pair = [
            ["a", "2025-06-01", "us", "confirmed", None, [["trust", -1, 4]]],
            [ender, "2025-06-01", "us", "confirmed", "a", [["trust", 1, 4]]],
        ]
        found = method.report(method.read(records(pair)), datetime.date(2025, 6, 1))
        assert (found["recommendations"]["trust"]["balance"]["n"] == 0) is score_is_zero
