"""The axioms of METHOD.md, section 13, over logs with merges, chains, rumours, retractions, late records, own
terms and sleep; each for both versions of the method, but for those that only 1.1 claims.
"""

import dataclasses
import datetime
import json

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scorecard import method
from scorecard.method import parameters
from tracker.codebook import current
from tracker.record import ACTORS, ASKS, CERTAINTIES, PRECISIONS, RECOMMENDATIONS

pytestmark = pytest.mark.slow

FIRST = datetime.date(2025, 1, 14)
SLUGS = RECOMMENDATIONS[:2]
IDS = [f"act-{letter}" for letter in "abcdefgh"]
PRIOR = 60.83997886818


@pytest.fixture(scope="module", params=["1.0", "1.1"], autouse=True)
def version(request):
    """The version in service while the axioms are tried."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parameters, "CURRENT", request.param)
        yield request.param


def rules():
    return method.method_of(None).parameters


def only_from(first):
    if first > parameters.CURRENT:
        pytest.skip(f"claimed from method {first} on")


axiom = settings(max_examples=50, deadline=None, derandomize=True)
days = st.integers(0, 400).map(lambda number: FIRST + datetime.timedelta(number))
actors = st.lists(st.sampled_from(ACTORS[:3]), unique=True, max_size=2)


@st.composite
def assessments(draw, slugs=SLUGS, strengths=(1, 2, 3, 4, 5)):
    return [
        {
            "rec": slug,
            "direction": draw(st.sampled_from((1, -1, 0))),
            "strength": draw(st.sampled_from(strengths)),
            "ask": draw(st.sampled_from((None, *ASKS[slug]))),
        }
        for slug in draw(st.lists(st.sampled_from(slugs), unique=True, max_size=len(slugs)))
    ]


@st.composite
def versions(draw, event_id, strengths):
    """One event: its first version and up to two later ones, each on a later day."""
    day = draw(days)
    written = draw(st.none() | st.integers(0, 60).map(lambda late: day + datetime.timedelta(late)))
    found = []
    for _ in range(draw(st.sampled_from((1, 1, 1, 2, 3)))):
        holds = draw(st.none() | st.none() | st.integers(1, 200))
        ended = draw(st.lists(st.sampled_from(IDS), unique=True, max_size=2))
        asleep = draw(st.lists(st.sampled_from(IDS), unique=True, max_size=2)) if holds else []
        found.append(
            {
                "id": event_id,
                "date": day.isoformat(),
                "date_precision": draw(st.sampled_from(("day", *PRECISIONS))),
                "actors": draw(actors),
                "certainty": draw(st.sampled_from(CERTAINTIES)),
                "reach": draw(st.sampled_from(("wide", "wide", "local"))),
                "until": (day + datetime.timedelta(holds)).isoformat() if holds else None,
                "supersedes": ended,
                "suspends": [target for target in asleep if target not in ended],
                "assessments": draw(assessments(strengths=strengths)),
                "recorded_at": None if written is None else written.isoformat(),
                "retracted": draw(st.sampled_from((False, False, False, True))),
            }
        )
        latest = FIRST + datetime.timedelta(800) if written is None else written
        written = latest + datetime.timedelta(draw(st.integers(1, 90)))
        day += datetime.timedelta(draw(st.integers(-5, 5)))
    return found


@st.composite
def logs(draw, strengths=(1, 2, 3, 4, 5)):
    ids = draw(st.lists(st.sampled_from(IDS), unique=True, max_size=len(IDS)))
    return draw(st.permutations([item for event_id in ids for item in draw(versions(event_id, strengths))]))


def act(event_id, day, direction, strength, certainty="confirmed", supersedes=(), slug=SLUGS[0]):
    return {
        "id": event_id,
        "date": day.isoformat(),
        "certainty": certainty,
        "supersedes": list(supersedes),
        "assessments": [{"rec": slug, "direction": direction, "strength": strength}],
    }


def balances(records, day, known=None, actor=None, version=None):
    found = method.views(method.read(records), day, known, (actor,), version)[actor]
    return {slug: found[slug] for slug in SLUGS}


def balance(records, day, **others):
    return balances(records, day, **others)[SLUGS[0]]


def close(value, tolerance=1e-9):
    return pytest.approx(value, abs=tolerance, rel=0)


@axiom
@given(logs(), days)
def test_1_scores_are_bounded_and_bands_are_in_order(log, day):
    for found in balances(log, day).values():
        assert -100 < found["score"] < 100
        assert -100 < found["low"] <= found["high"] < 100


@axiom
@given(logs(), days)
def test_2_the_shares_sum_to_a_hundred(log, day):
    for found in balances(log, day).values():
        shares = [found[name] for name in ("advancing_share", "undermining_share", "open_share")]
        assert sum(shares) == close(100)
        assert found["score"] == close(shares[0] - shares[1])


@axiom
@given(logs(), days)
def test_3_flipping_all_directions_flips_the_score_and_its_band(log, day):
    def flipped(record):
        items = [{**item, "direction": -item["direction"]} for item in record["assessments"]]
        return {**record, "assessments": items}

    there, back = balances(log, day), balances([flipped(record) for record in log], day)
    for slug in SLUGS:
        assert back[slug]["score"] == close(-there[slug]["score"])
        assert (back[slug]["low"], back[slug]["high"]) == close((-there[slug]["high"], -there[slug]["low"]))


@axiom
@given(logs(), days, st.randoms(use_true_random=False))
def test_4_order_and_repetition_of_the_log_do_not_matter(log, day, random):
    shuffled = random.sample(log, len(log))
    expected = json.dumps(method.report(method.read(log), day))
    assert json.dumps(method.report(method.read(shuffled), day)) == expected
    assert json.dumps(method.report(method.read([*log, *shuffled]), day)) == expected


@axiom
@given(logs(), days, days, st.integers(1, 5), st.sampled_from(CERTAINTIES), st.sampled_from((1, -1)))
def test_5_an_act_never_moves_the_score_against_its_direction(log, day, date, strength, certainty, direction):
    assume(datetime.date(2025, 1, 21) <= date <= day)
    before = balance(log, day)["score"] * direction
    after = balance([*log, act("new", date, direction, strength, certainty)], day)["score"] * direction
    assert after > before if strength >= 3 else after >= before - 1e-12


@axiom
@given(logs(strengths=(3, 4, 5)), days, days, st.integers(1, 5))
def test_6_a_mixed_act_moves_the_score_towards_zero_and_never_past(log, day, date, strength):
    assume(datetime.date(2025, 1, 21) <= date <= day)
    before = balance(log, day)["score"]
    after = balance([*log, act("new", date, 0, strength)], day)["score"]
    assert abs(after) <= abs(before) + 1e-12
    assert after * before >= 0


@axiom
@given(logs(), days, st.sampled_from((1, -1)), st.integers(1, 4), st.sampled_from(CERTAINTIES[1:]))
def test_7_stronger_or_surer_never_counts_less_on_the_same_day(log, day, direction, strength, certainty):
    assume(day >= datetime.date(2025, 1, 21))
    surer = CERTAINTIES[CERTAINTIES.index(certainty) - 1]
    plain, sure, strong = (
        balance([*log, act("new", day, direction, *grade)], day)["score"] * direction
        for grade in ((strength, certainty), (strength, surer), (strength + 1, certainty))
    )
    assert sure >= plain - 1e-12
    assert strong >= plain - 1e-12


@axiom
@given(logs(), logs(), days, days)
def test_8_nothing_after_the_day_or_the_day_of_knowledge_has_any_influence(log, later, day, known):
    expected = json.dumps(method.report(method.read(log), day, known))
    after_known = [
        {**record, "recorded_at": (known + datetime.timedelta(1 + number)).isoformat()}
        for number, record in enumerate(later)
    ]
    tomorrow = (day + datetime.timedelta(1)).isoformat()
    after_day = [
        {
            **record,
            "id": f"later-{number}",
            "date": tomorrow,
            "date_precision": "day",
            "until": "2100-01-01" if record["until"] else None,
        }
        for number, record in enumerate(later)
    ]
    assert json.dumps(method.report(method.read([*log, *after_known]), day, known)) == expected
    assert json.dumps(method.report(method.read([*log, *after_day]), day, known)) == expected


@axiom
@given(logs())
def test_9_without_new_acts_everything_returns_to_the_prior(log):
    for found in balances(log, datetime.date(2100, 1, 1)).values():
        assert found["score"] == close(0, 1e-3)
        assert (found["low"], found["high"]) == close((-PRIOR, PRIOR), 1e-3)


@axiom
@given(logs(), days)
def test_10_an_ended_act_counts_in_full_before_its_end_and_not_at_all_from_it_on(log, day):
    # Without what an act leaves to its ender, and without the rule that asks what else an act holds.
    bare = dataclasses.replace(rules(), netting=0.0, keeps_worth=False, talk_ends_acts=True)
    full_credit = method.Method("full credit", bare)
    ended = method.read(log)
    book = method.ledger(ended, None, bare)
    for old, new in book.endings.items():
        old_id, end = ended.ids[ended.event[old]], ended.start[new]
        emptied = [{**record, "assessments": []} if record["id"] == old_id else record for record in log]
        unlinked = [
            {**record, "supersedes": [target for target in record["supersedes"] if target != old_id]}
            for record in log
        ]
        if day.toordinal() >= end:
            there, gone = balance(log, day, version=full_credit), balance(emptied, day, version=full_credit)
            assert there["score"] == close(gone["score"])
        else:
            there, free = balance(log, day, version=full_credit), balance(unlinked, day, version=full_credit)
            assert there["score"] == close(free["score"])


@axiom
@given(logs(), days, days, st.integers(1, 5), st.sampled_from((1, 0, -1)), st.sampled_from(CERTAINTIES[:2]))
def test_11_an_act_and_its_equal_reversal_on_the_same_day_leave_no_trace(
    log, day, date, strength, direction, certainty
):
    assume(datetime.date(2025, 1, 21) <= date)
    pair = [
        act("pair-1", date, direction, strength, certainty),
        act("pair-2", date, -direction, strength, certainty, ["pair-1"]),
    ]
    there, before = balance([*log, *pair], day), balance(log, day)
    assert (there["A"], there["U"], there["n"]) == (close(before["A"]), close(before["U"]), before["n"])


@axiom
@given(logs(), days)
def test_12_a_rumour_ends_nothing(log, day):
    rumours = [{**record, "certainty": "rumoured"} for record in log]
    unlinked = [{**record, "supersedes": [], "suspends": []} for record in rumours]
    assert balances(rumours, day) == balances(unlinked, day)


@axiom
@given(logs(strengths=(1, 2)), days, st.integers(0, 30), st.sampled_from((1, -1)))
def test_13_talk_alone_never_earns_a_verdict(log, day, speeches, direction):
    talk = [act(f"speech-{number}", day, direction, 2) for number in range(speeches)]
    for found in balances([*log, *talk], day).values():
        assert found["label"] in ("too little evidence", "unclear")


@axiom
@given(logs(), days)
def test_14_a_change_is_what_faded_ended_and_is_new(log, day):
    report = method.report(method.read(log), day)
    for slug in SLUGS:
        for found in report["recommendations"][slug]["change"].values():
            assert found["faded"] + found["ended"] + found["new"] == close(found["change"])
            assert found["from"] + found["change"] == close(found["to"])


@axiom
@given(logs(), days)
def test_15_other_recommendations_have_no_influence(log, day):
    # Only that an act is more than talk is read across recommendations.
    def otherwise(item):
        return item if item["rec"] == SLUGS[0] else {**item, "direction": 1, "ask": None}

    other = [{**record, "assessments": [otherwise(item) for item in record["assessments"]]} for record in log]
    assert balance(other, day) == balance(log, day)


@axiom
@given(logs(), days, st.sampled_from(("balance", "pulse")), st.none() | st.sampled_from(ACTORS[:3]), days)
def test_16_a_series_equals_recomputation_of_each_of_its_days(log, day, reading, actor, known):
    assume(day >= current().start)
    read = method.read(log)
    for knowledge in (None, known, method.THEN):
        series = method.series(read, reading, actor, as_of=day, known=knowledge)
        for number in {0, len(series.days) // 2, len(series.days) - 1}:
            at = datetime.date.fromisoformat(series.days[number])
            report = method.report(read, at, at if knowledge == method.THEN else knowledge, actor)
            for place, slug in enumerate(SLUGS):
                found = report["recommendations"][slug][reading]
                assert series.advancing[number, place] == close(found["A"])
                assert series.undermining[number, place] == close(found["U"])
                assert series.score[number, place] == close(found["score"])
                assert series.acts[number, place] == found["n"]


@axiom
@given(logs(), days, st.sampled_from(ACTORS[:3]))
def test_17_an_actors_view_is_that_of_the_record_filtered_to_the_actor(log, day, actor):
    named = {record["id"] for record in log if actor in record["actors"]}
    steady = [  # who acts does not change between versions, and no link crosses the border of the view
        {
            **record,
            "actors": [actor] if record["id"] in named else [],
            **{
                field: [target for target in record[field] if (target in named) == (record["id"] in named)]
                for field in ("supersedes", "suspends")
            },
        }
        for record in log
    ]
    view = balances(steady, day, actor=actor)
    filtered = balances([record for record in steady if record["actors"]], day)
    for slug in SLUGS:
        for name in ("score", "low", "high", "n"):
            assert view[slug][name] == close(filtered[slug][name])


@axiom
@given(logs(), days, days, st.sampled_from(IDS))
def test_18_a_suspension_that_ends_leaves_everything_as_if_it_had_never_been(log, date, day, target):
    only_from("1.1")
    assume(date < day)
    pause = {**act("pause", date, 1, 4), "suspends": [target], "until": day.isoformat()}
    assert balances([*log, pause], day) == balances(log, day)


@axiom
@given(logs(), days, days)
def test_19_a_reading_past_the_last_coded_day_is_that_of_this_day(log, day, later):
    only_from("1.1")
    assume(day <= later)
    read = method.read(log)
    there, then = (method.report(read, as_of, coded_to=day) for as_of in (day, later))
    assert (then.pop("as_of"), then.pop("days_since")) == (later.isoformat(), (later - day).days)
    assert json.dumps(then) == json.dumps(
        {key: value for key, value in there.items() if key not in ("as_of", "days_since")}
    )


@axiom
@given(logs(), days)
def test_20_verdicts_and_leanings_are_the_bands_that_leave_zero_out(log, day):
    for found in balances(log, day).values():
        said = found["label"].removeprefix("leaning ")
        if found["E"] >= 0.5:
            assert (said == "advancing") == (found["low"] > 0)
            assert (said == "undermined") == (found["high"] < 0)


@axiom
@given(
    logs(),
    days,
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.integers(1, 5),
    st.sampled_from((1, -1)),
)
def test_21_replacing_acts_of_ones_own_direction_never_moves_the_score_against_it(
    log, day, replaced, strength, direction
):
    only_from("1.1")
    weights = rules().weight
    assume(sum(weights[grade - 1] for grade in replaced) <= 1)
    assume(strength >= 3 or max(replaced) <= 2)  # words end no more than words
    stages = [act(f"stage-{number}", day, direction, grade) for number, grade in enumerate(replaced)]
    whole = act("whole", day, direction, strength, supersedes=[stage["id"] for stage in stages])
    before, after = balance([*log, *stages], day), balance([*log, *stages, whole], day)
    assert after["score"] * direction >= before["score"] * direction - 1e-12
