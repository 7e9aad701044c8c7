"""Where a move came from: the points of the acts add up, and world, recoding and method are kept apart."""

import datetime
import itertools
import random

import pytest

from scorecard import method
from tests.scorecard.logs import FIRST, random_log
from tests.scorecard.worked import example, records
from tracker.record import ACTORS, RECOMMENDATIONS

OTHER = method.Method("other", method.Parameters(k=3.0, netting=0.0, weight=(0.2, 0.4, 0.6, 0.8, 1.0)))


def close(value):
    return pytest.approx(value, abs=1e-9, rel=0)


def days_of(rng):
    found = [FIRST + datetime.timedelta(rng.randrange(600)) for _ in range(4)]
    return sorted(found[:2]), found[2:]


@pytest.mark.parametrize("seed", range(40))
def test_points_of_acts_add_up_to_steps_and_steps_to_the_change(seed):
    rng = random.Random(seed)
    (first, last), (known_first, known_last) = days_of(rng)
    log, actor = method.read(random_log(seed)), rng.choice((None, *ACTORS[:2]))
    found = method.waterfall(
        log, (first, known_first), (last, known_last), actor, version_before="1.0", version_after=OTHER
    )
    reports = [
        method.report(log, first, known_first, actor, version="1.0"),
        method.report(log, last, known_last, actor, version=OTHER),
    ]
    for slug in RECOMMENDATIONS:
        before, after = (report["recommendations"][slug]["balance"]["score"] for report in reports)
        entry = found[slug]
        assert (entry["from"], entry["to"], entry["change"]) == close((before, after, after - before))
        assert entry["world"] + entry["recoded"] + entry["method"] == close(entry["change"])
        for step in entry["steps"]:
            assert sum(act["points"] for act in step["acts"]) == close(step["points"])
        assert sum(step["points"] for step in entry["steps"]) == close(entry["change"])


def test_the_steps_of_the_world_are_those_of_the_change():
    item = example("change over 90 days")
    log = method.read(records(item["events"]))
    found = method.waterfall(log, (datetime.date(2025, 6, 12), None), (datetime.date(2025, 9, 10), None))[
        "trust"
    ]
    expected = item["expect"]
    steps = {step["step"]: step for step in found["steps"]}
    for name in ("faded", "ended", "new"):
        assert steps[name]["points"] == close(expected[name])
    assert [(act["id"], act["why"]) for act in steps["ended"]["acts"]] == [("ban", "ended"), ("old", "cap")][
        :1
    ]
    assert {act["id"] for act in steps["new"]["acts"]} == {"say", "deal", "lift"}
    assert {act["id"] for act in steps["faded"]["acts"]} == {"old", "ban"}


def test_each_kind_of_recoding_has_its_name():
    base = [
        ["kept", "2025-03-01", "us", "confirmed", None, [["trust", -1, 4]], {"recorded_at": "2025-03-01"}],
        ["gone", "2025-03-02", "us", "confirmed", None, [["trust", -1, 4]], {"recorded_at": "2025-03-02"}],
        ["grew", "2025-03-03", "us", "confirmed", None, [["trust", -1, 4]], {"recorded_at": "2025-03-03"}],
        ["undone", "2025-03-04", "us", "confirmed", None, [["trust", -1, 4]], {"recorded_at": "2025-03-04"}],
    ]
    later = [
        ["gone", "2025-03-02", "us", "confirmed", None, [["trust", -1, 4]], {"recorded_at": "2025-07-01"}],
        ["grew", "2025-03-03", "us", "confirmed", None, [["trust", -1, 5]], {"recorded_at": "2025-07-01"}],
        ["late", "2025-04-01", "us", "confirmed", "undone", [["trust", 1, 5]], {"recorded_at": "2025-07-01"}],
    ]
    raw = records([*base, *later])
    raw[4]["retracted"] = True
    day, before, after = (datetime.date(2025, number, 15) for number in (5, 6, 7))
    found = method.waterfall(method.read(raw), (day, before), (day, after))["trust"]
    recoded = {act["id"]: act["why"] for act in found["steps"][1]["acts"] if act["id"] != "kept"}
    assert recoded == {
        "gone": "retracted",
        "grew": "recoded",
        "undone": "linked anew",
        "late": "recorded later",
    }
    assert found["recoded"] == close(found["change"])


def test_a_change_of_method_alone_is_told_apart_from_the_world():
    log, day = method.read(random_log(3)), FIRST + datetime.timedelta(450)
    found = method.waterfall(log, (day, None), (day, None), version_after=OTHER)
    for slug in RECOMMENDATIONS[:3]:
        assert found[slug]["world"] == found[slug]["recoded"] == 0
        assert found[slug]["method"] == close(found[slug]["change"])
        assert found[slug]["steps"][0]["acts"][-1]["why"] == "k"


def test_walking_back_undoes_every_step_of_recoding():
    log, day = method.read(random_log(11)), FIRST + datetime.timedelta(450)
    known = (FIRST + datetime.timedelta(200), FIRST + datetime.timedelta(600))
    there, back = (method.waterfall(log, (day, one), (day, other)) for one, other in (known, known[::-1]))
    for slug in RECOMMENDATIONS[:3]:
        forward, backward = (
            {act["id"]: act["points"] for act in found[slug]["steps"][1]["acts"]} for found in (there, back)
        )
        assert backward == {event_id: close(-points) for event_id, points in forward.items()}


def test_a_second_day_before_the_first_is_refused():
    days = [(datetime.date(2025, 6, number), None) for number in (2, 1)]
    for before, after in itertools.pairwise(days):
        with pytest.raises(ValueError, match="comes before the first"):
            method.waterfall(method.EMPTY, before, after)
