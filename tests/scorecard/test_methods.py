"""Versions of the method side by side, what-ifs, sensitivity, and the random logs the other tests rest on."""

import datetime
import math

import numpy as np
import pytest

from scorecard import method
from scorecard.method.balance import measure
from scorecard.method.sensitivity import centred, spread
from scorecard.method.weighing import ledger
from tests.scorecard import plain_method as plain
from tests.scorecard.logs import FIRST, random_log, random_settings
from tests.scorecard.worked import records
from tracker.record import RECOMMENDATIONS

DAY = FIRST + datetime.timedelta(450)
LAW = ["law", "2025-06-01", "us", "confirmed", None, [["trust", 1, 4]]]


def trust(log, day=DAY, **others):
    return method.report(log, day, **others)["recommendations"]["trust"]["balance"]


def test_a_second_version_stands_beside_the_first_and_is_named_on_its_figures(monkeypatch):
    second = method.Method("2.0", method.Parameters(k=4.0), datetime.date(2026, 1, 1), "k doubled")
    monkeypatch.setitem(method.METHODS, "2.0", second)
    log = method.read(records([LAW]))
    old, new = (method.report(log, DAY, version=version) for version in ("1.0", "2.0"))
    assert (old["method"], new["method"]) == ("1.0", "2.0")
    assert method.report(log, DAY)["method"] == method.CURRENT == "1.1"
    assert new["parameters"]["k"] == 4.0
    scores = [report["recommendations"]["trust"]["balance"]["score"] for report in (old, new)]
    assert scores[0] > scores[1] > 0
    runs = [method.series(log, as_of=DAY, version=version).score[-1, 4] for version in ("1.0", "2.0")]
    assert runs == pytest.approx(scores, abs=1e-9)
    assert [item["version"] for item in method.describe()["versions"]] == ["1.0", "1.1", "2.0"]


def test_an_unknown_version_actor_reading_or_knowledge_is_refused_with_what_there_is():
    with pytest.raises(ValueError, match=r"method '9' is not known; known versions: 1\.0"):
        method.report(method.EMPTY, DAY, version="9")
    with pytest.raises(ValueError, match="actor 'mars' is not one of us, china"):
        method.report(method.EMPTY, DAY, actor="mars")
    with pytest.raises(ValueError, match="reading 'mood' is not one of balance, pulse"):
        method.series(method.EMPTY, "mood", as_of=DAY)
    with pytest.raises(ValueError, match="known: a day, or 'then'"):
        method.series(method.EMPTY, as_of=DAY, known="yesterday")
    with pytest.raises(ValueError, match="begins on 2025-01-21, after its last day"):
        method.series(method.EMPTY, as_of=datetime.date(2025, 1, 20))


@pytest.mark.parametrize(
    "change",
    [
        {"weight": (1.0,)},
        {"weight": (0.1, 0.2, 0.4, 0.8, 1.1)},
        {"certainty": (1.0, 0.5, -0.1)},
        {"half_life": (0.0, 1.0, 1.0, 1.0, 1.0)},
        {"k": 0.0},
        {"talk_cap": -1.0},
        {"netting": 2.0},
    ],
)
def test_parameters_that_make_no_sense_are_refused(change):
    with pytest.raises(ValueError):
        method.Parameters(**change)


def test_every_parameter_has_its_reason_and_its_value():
    described = method.describe()["parameters"]
    assert {item["name"] for item in described} == set(method.METHODS["1.1"].parameters.as_dict())
    assert all(len(item["reason"]) > 20 for item in described)


def expected_of_what_ifs():
    """Each what-if on a small record, by hand."""
    shorthand = [
        ["ban", "2025-06-01", "us", "confirmed", None, [["trust", -1, 4]]],
        ["lifting", "2025-06-01", "us", "reported", "ban", [["trust", 1, 5]]],
        *[[f"deal-{n}", "2025-06-01", "us+china", "confirmed", None, [["trust", 1, 3]]] for n in range(9)],
    ]
    lifted, deals = 0.75 - 0.8, 3.6
    both = max(lifted, 0) + deals
    return shorthand, {
        "full-credit": (0.75 + deals, 0.0),
        "endings-ignored": (0.75 + deals, 0.8),
        "every-act-one": (9.0, 0.0),
        "linear-weights": (9 * 0.6, 0.0),
        "no-fading": (both, 0.0),
        "half-lives-90": (both, 0.0),
        "confirmed-only": (deals, 0.8),
        "commitments-capped": (3.0, 0.0),
        "local-in-full": (both, 0.0),
    }


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_every_what_if_is_a_full_recomputation(version):
    shorthand, expected = expected_of_what_ifs()
    if version == "1.0":
        expected.pop("local-in-full")  # by 1.0 local acts always counted in full
    log, day = method.read(records(shorthand)), datetime.date(2025, 6, 1)
    found = {item["slug"]: item for item in method.sensitivity(log, day, version=version)["what_ifs"]}
    assert set(found) == {*expected, "mean-of-views"}
    for slug, (advancing, undermining) in expected.items():
        entry = found[slug]["recommendations"]["trust"]
        by_hand = measure(advancing, undermining, method.METHODS[version].parameters)
        assert {name: entry[name] for name in ("score", "low", "high")} == pytest.approx(
            {name: by_hand[name] for name in ("score", "low", "high")}
        ), slug
        assert entry["label"] == by_hand["label"], slug
    views = [
        trust(log, day, actor=actor, version=version)["score"] for actor in ("us", "china", "multilateral")
    ]
    mean = found["mean-of-views"]["recommendations"]["trust"]["score"]
    assert mean == pytest.approx(sum(views) / 3)


def test_a_local_act_counts_in_full_only_if_asked_what_if():
    plant = [*LAW[:6], {"reach": "local"}]
    found = method.sensitivity(method.read(records([plant])), datetime.date(2025, 6, 1), version="1.1")
    scores = {item["slug"]: item["recommendations"]["trust"]["score"] for item in found["what_ifs"]}
    assert scores["local-in-full"] == pytest.approx(100 * 0.8 / 2.8)
    assert scores["half-lives-90"] == pytest.approx(100 * 0.2 / 2.2)


def test_fading_what_ifs_fade_as_they_say():
    log, later = method.read(records([LAW])), datetime.date(2025, 6, 1) + datetime.timedelta(90)
    found = {item["slug"]: item for item in method.sensitivity(log, later)["what_ifs"]}
    for slug, weight in (("no-fading", 0.8), ("half-lives-90", 0.4)):
        assert found[slug]["recommendations"]["trust"]["score"] == pytest.approx(100 * weight / (weight + 2))


def test_the_report_carries_the_sensitivity_when_asked_and_not_otherwise():
    log = method.read(random_log(5))
    plain_report, full = method.report(log, DAY), method.report(log, DAY, sensitivity=True)
    assert "what_ifs" not in plain_report
    for entry in full["recommendations"].values():
        spread_found = entry["balance"].pop("sensitivity")
        assert spread_found["p10"] <= spread_found["p50"] <= spread_found["p90"]
        assert 0 <= spread_found["same_sign"] <= 1
    full["overall"].pop("sensitivity")
    full.pop("what_ifs")
    assert full == plain_report


def test_the_leading_factors_are_those_that_move_the_score():
    values = np.linspace(0, 1, 50)
    noise = np.cos(np.arange(50) * 7.0)
    factors = centred({"steep": values, "noise": noise, "flat": np.ones(50)})
    found = spread(1.0, 3 * values + 0.1 * noise, factors)
    assert [item["factor"] for item in found["factors"]] == ["steep", "noise"]
    assert found["factors"][0]["r2"] > 0.98


def test_without_evidence_every_draw_agrees():
    found = method.sensitivity(method.EMPTY, DAY, draws=20)["recommendations"]["trust"]
    assert (found["p10"], found["p90"], found["same_sign"], found["factors"]) == (0.0, 0.0, 1.0, [])


def test_the_label_has_stood_since_the_first_day_of_its_unbroken_run():
    laws = [[f"law-{n}", f"2025-06-{n:02d}", "us", "confirmed", None, [["trust", 1, 5]]] for n in range(1, 8)]
    run = [trust(method.read(records(laws)), datetime.date(2025, 6, n)) for n in range(1, 9)]
    labels = [found["label"] for found in run]
    leans, first = labels.index("leaning advancing") + 1, labels.index("advancing") + 1
    assert 1 < leans < first < 8
    assert run[-1]["since"] == f"2025-06-{first:02d}"
    assert run[first - 2]["since"] == f"2025-06-{leans:02d}"
    assert run[leans - 2]["since"] == "2025-06-01"
    assert trust(method.read(records(laws)), datetime.date(2025, 1, 1))["since"] is None


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("knowledge", ["now", "a day", "then"])
def test_the_daily_delivery_equals_recomputation(seed, knowledge):
    log = method.read(random_log(seed, events=20), random_settings(seed))
    known = {"now": None, "a day": FIRST + datetime.timedelta(300), "then": method.THEN}[knowledge]
    actor, version = ("us", "1.0") if seed % 3 == 0 else (None, None)  # later methods have none for actors
    run = method.delivery_series(log, actor, as_of=DAY, known=known, version=version)
    for number in range(0, len(run.days), 61):
        at = datetime.date.fromisoformat(run.days[number])
        report = method.report(log, at, at if knowledge == "then" else known, actor, version=version)
        for place, slug in enumerate(RECOMMENDATIONS):
            found = report["recommendations"][slug]["delivery"]
            value = math.nan if found["value"] is None else found["value"]
            assert run.value[number, place] == pytest.approx(value, abs=1e-9, nan_ok=True)
        asks = [
            math.nan if ask["value"] is None else ask["value"]
            for entry in report["recommendations"].values()
            for ask in entry["delivery"]["asks"]
        ]
        assert run.asks[number].tolist() == pytest.approx(asks, abs=1e-9, nan_ok=True)


def test_words_lapse_after_three_half_lives_and_laws_do_not():
    words = ["say", "2025-03-01", "us+china", "confirmed", None, [["governance", 1, 1, "dialogue"]]]
    treaty = ["act", "2025-03-01", "us+china", "confirmed", None, [["governance", 1, 4, "norms"]]]
    log = method.read(records([words, treaty]))
    spoken = datetime.date(2025, 3, 1)

    def rungs(days):
        report = method.report(log, spoken + datetime.timedelta(days))
        asks = report["recommendations"]["governance"]["delivery"]["asks"]
        return {ask["ask"]: ask["rung"] for ask in asks}

    assert rungs(180) == {"dialogue": 1, "common-standards": None, "norms": 4}
    assert rungs(181) == {"dialogue": 0, "common-standards": None, "norms": 4}


def test_the_random_logs_hold_everything_the_method_must_cope_with():
    names = ("ended", "netted", "chains", "same day", "revived", "hand-set", "many versions")
    seen = dict.fromkeys((*names, "ran out", "asleep", "asleep twice", "worth kept", "local"), 0)
    reasons = set()
    for seed in range(300):
        log = random_log(seed)
        read = method.read(log)
        book = ledger(read, None, method.METHODS["1.1"].parameters)
        starts = read.start
        seen["ended"] += len(book.endings)
        seen["chains"] += sum(new in book.endings for new in book.endings.values())
        seen["same day"] += sum(starts[old] == starts[new] for old, new in book.endings.items())
        seen["netted"] += int((book.credited < book.raw).any(axis=0).sum())
        seen["worth kept"] += int((book.credited > book.raw).any(axis=0).sum())
        seen["ran out"] += int((book.end == read.until[book.version]).sum())
        seen["asleep"] += len(set(book.sleeps[0].tolist()))
        seen["asleep twice"] += len(book.sleeps[0]) - len(set(book.sleeps[0].tolist()))
        seen["local"] += int((book.local > 0).sum())
        seen["many versions"] += len(log) - len({record["id"] for record in log})
        seen["hand-set"] += len(random_settings(seed))
        then = plain.Record(log, FIRST + datetime.timedelta(250))
        seen["revived"] += sum(
            key in then.ender and key not in plain.Record(log).ender for key in then.events
        )
        reasons |= {why for *_, why, _ in book.ignored}
    assert all(count >= 10 for count in seen.values()), seen
    assert len(reasons) == 6
