"""What was published stays published: the figures of a past pair of days are the same bytes for ever."""

import datetime
import json
import random

import pytest

from scorecard import method
from tests.scorecard.logs import _assessments, _links
from tracker.codebook import current
from tracker.record import ACTORS, CERTAINTIES, PRECISIONS, check

OPENING = datetime.date(2025, 9, 1)


def day(number):
    return OPENING + datetime.timedelta(number)


def edit_of_the_day(rng, today, latest):
    """What an analyst does: records an act, new or old; recodes, redates, links, retracts, restores one."""
    ids = sorted(latest)
    if not ids or rng.random() < 0.4:
        event_id = f"act-{len(ids):03d}"
        record = {"id": event_id}
        kind = "recode"
    else:
        record = dict(latest[rng.choice(ids)])
        kind = rng.choice(("recode", "redate", "link", "retract", "restore"))
    if kind in ("recode", "redate"):
        record["date"] = (today - datetime.timedelta(rng.choice((0, 0, 1, 5, 40, 200)))).isoformat()
        record["date_precision"] = rng.choice(("day", "day", *PRECISIONS))
    if kind == "recode":
        record |= {
            "actors": rng.sample(ACTORS, rng.choice((1, 1, 2))),
            "certainty": rng.choices(CERTAINTIES, (6, 2, 1))[0],
            "assessments": _assessments(rng),
        }
    if kind == "link" or not latest:
        record["supersedes"] = _links(rng, ids) if ids else []
    record["retracted"] = kind == "retract"
    return check({**record, "recorded_at": today.isoformat()})


def published(log, today, known):
    """Everything that is published for a pair of days, as bytes."""
    figures = method.report(log, today, known)
    run = method.series(log, as_of=today, known=known).as_dict()
    return json.dumps(
        [figures, run, method.waterfall(log, (current().start, known), (today, known))]
    ).encode()


@pytest.mark.slow
def test_a_year_of_edits_changes_no_figure_that_was_published():
    rng = random.Random(7)
    log, latest, kept = method.EMPTY, {}, {}
    for number in range(365):
        edits = [edit_of_the_day(rng, day(number), latest) for _ in range(rng.choice((0, 1, 1, 2)))]
        latest |= {record["id"]: record for record in edits}
        log = log.extend(edits)
        if number % 13 == 0:
            kept[day(number)] = published(log, day(number), day(number))
    assert len(set(kept.values())) > 25, "the edits must have moved the figures"
    assert sum(record["retracted"] for record in latest.values()) > 10
    for today, body in kept.items():
        assert published(log, today, today) == body, today


def test_a_late_record_changes_only_what_is_known_after_it():
    law = {
        "id": "law",
        "date": "2025-06-01",
        "assessments": [{"rec": "trust", "direction": 1, "strength": 4}],
    }
    late = {**law, "id": "late", "recorded_at": "2025-09-10"}
    log, as_of = method.read([law, late]), datetime.date(2025, 6, 30)

    def acts(known):
        return method.report(log, as_of, known)["recommendations"]["trust"]["balance"]["n"]

    assert [acts(datetime.date(2025, 9, 9)), acts(datetime.date(2025, 9, 10)), acts(None)] == [1, 2, 2]


def test_a_retraction_takes_the_act_and_its_ending_back_from_its_day_on():
    ban = {
        "id": "ban",
        "date": "2025-03-01",
        "assessments": [{"rec": "trust", "direction": -1, "strength": 4}],
    }
    lifting = {
        "id": "lifting",
        "date": "2025-06-01",
        "supersedes": "ban",
        "assessments": [{"rec": "trust", "direction": 1, "strength": 4}],
        "recorded_at": "2025-06-02",
    }
    mistaken = {**lifting, "retracted": True, "recorded_at": "2025-08-01"}
    run = method.series(
        method.read([ban, lifting, mistaken]), as_of=datetime.date(2025, 9, 1), known=method.THEN
    )
    ban_stands = dict(zip(run.days, (run.undermining[:, 4] > 1e-9).tolist(), strict=True))
    assert [ban_stands[iso] for iso in ("2025-06-01", "2025-06-02", "2025-07-31", "2025-08-01")] == [
        True,
        False,
        False,
        True,
    ]
