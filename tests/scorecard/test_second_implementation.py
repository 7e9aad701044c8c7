"""Two implementations, written by different routes, agree on a thousand random logs."""

import datetime
import random

import pytest

from scorecard import method
from scorecard.method.balance import band
from scorecard.method.parameters import METHODS, Parameters
from scorecard.method.sensitivity import draw, drawn_scores
from scorecard.method.weighing import ledger
from tests.scorecard import plain_method as plain
from tests.scorecard.logs import FIRST, random_log, random_settings
from tracker.record import ACTORS, RECOMMENDATIONS

LOGS = 1000
BATCHES = 20
FIGURES = ("A", "U", "E", "score", "advancing_share", "undermining_share", "open_share", "prob_advancing")


def agree(found, expected, where):
    for name, value in expected.items():
        if isinstance(value, float):
            assert found[name] == pytest.approx(value, abs=1e-9, rel=0), (where, name)
        else:
            assert found[name] == value, (where, name)


def question(seed):
    """A day, a day of knowledge or none, and a view, for the log of that seed."""
    rng = random.Random(-seed - 1)
    day = FIRST + datetime.timedelta(rng.randrange(700))
    known = rng.choice((None, day, FIRST + datetime.timedelta(rng.randrange(700))))
    return day, known, rng.choice((None, None, *ACTORS[:2]))


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("batch", range(BATCHES))
def test_every_reading_agrees_on_random_logs(batch, version):
    for seed in range(batch, LOGS, BATCHES):
        records, settings, (day, known, actor) = random_log(seed), random_settings(seed), question(seed)
        coded_to = random.Random(seed).choice((None, FIRST + datetime.timedelta(400)))
        report = method.report(
            method.read(records, settings), day, known, actor, version=version, coded_to=coded_to
        )
        if coded_to and version == "1.1":
            day = min(day, coded_to)
        record = plain.Record(records, known, version)
        assert len(report["ignored_links"]) == sum(record.day[j] <= day for j, _ in record.ignored), seed
        for slug in RECOMMENDATIONS[:3]:
            found, where = report["recommendations"][slug], (seed, slug)
            for pulse in (False, True):
                reading = found["pulse" if pulse else "balance"]
                expected = plain.reading(record, day, slug, actor, pulse)
                effects, fragile = expected.pop("effects"), expected.pop("fragile")
                agree(reading, expected, where)
                if not pulse:
                    agree({act["id"]: act["effect"] for act in reading["acts"]}, effects, where)
                    assert len(reading["acts"]) == len(effects), where
                    assert reading["fragile"] == fragile, where
            agree(found["change"]["90"], plain.change(record, day, 90, slug, actor), where)
            if actor is not None and version == "1.1":
                assert found["delivery"] is None
            elif actor is None:
                expected = plain.delivery(record, day, slug, settings, known)
                asks = {ask["ask"]: ask["value"] for ask in found["delivery"]["asks"] if ask["rated"]}
                agree(asks, expected["asks"], where)
                assert found["delivery"]["rated"] == expected["rated"], where
                assert found["delivery"]["value"] == pytest.approx(expected["value"], abs=1e-9), where


def test_bands_agree_with_bisection_of_the_continued_fraction():
    rng = random.Random(1)
    pairs = [(rng.expovariate(0.2), rng.expovariate(0.2)) for _ in range(150)]
    pairs += [(0.0, 0.0), (0.0, 90.0), (200.0, 1.0), (75.0, 75.0), (1e-9, 0.0)]
    for pair in pairs:
        assert band(*pair, Parameters()) == pytest.approx(plain.band(*pair), abs=1e-9), pair


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("seed", range(12))
def test_draws_agree_with_full_recomputation(seed, version):
    records, day = random_log(seed, events=25), FIRST + datetime.timedelta(480)
    parameters = METHODS[version].parameters
    book = ledger(method.read(records), None, parameters)
    found = drawn_scores(book, day.toordinal(), book.seen_by(None), draw(6, parameters, 7))
    expected = [plain.drawn(records, day, number, None, version) for number in range(6)]
    for number in range(6):
        scores = [score for score, _ in expected[number]]
        assert found[number].tolist() == pytest.approx(scores, abs=1e-9, rel=0)
    spreads = method.sensitivity(method.read(records), day, draws=6, version=version)["recommendations"]
    report = method.report(method.read(records), day, version=version)["recommendations"]
    for place, slug in enumerate(RECOMMENDATIONS):
        word = report[slug]["balance"]["label"]
        same = sum(draws[place][1] == word for draws in expected) / 6
        assert spreads[slug]["same_word"] == pytest.approx(same), slug
