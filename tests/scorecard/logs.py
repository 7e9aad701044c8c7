"""Logs at random, from a seed: chains, merges, rumours, same-day acts, imprecise dates, recodings,
retractions, own terms, sleep, local acts.
"""

import datetime
import random

from tracker.record import ACTORS, ASKS, CERTAINTIES, PRECISIONS, REACHES, RECOMMENDATIONS

FIRST = datetime.date(2025, 1, 1)  # some acts fall before the start


def random_log(seed, events=12, days=500):
    """Records in log order. Every version after the first carries its day, and no two of an event the same
    day.
    """
    rng = random.Random(seed)
    span = rng.choice((days, days // 5, 6))  # six days for a dozen acts: many share a day
    first = FIRST + datetime.timedelta(rng.randrange(max(days - span, 1)))
    ids = [f"e{number:03d}" for number in rng.sample(range(1000), events)]
    log = []
    for event_id in ids:
        day = first + datetime.timedelta(rng.randrange(span))
        record = {
            "id": event_id,
            "date": day.isoformat(),
            "date_precision": rng.choices(PRECISIONS, (8, 1, 0.5, 0.3))[0],
            "actors": rng.sample(ACTORS, rng.choice((0, 1, 1, 1, 2))),
            "certainty": rng.choices(CERTAINTIES, (6, 2, 1))[0],
            "supersedes": _links(rng, ids),
            "assessments": _assessments(rng),
            "recorded_at": None,
        }
        _add_terms(rng, record, day, ids)
        if rng.random() < 0.5:
            record["recorded_at"] = (day + datetime.timedelta(rng.choice((0, 1, 3, 20, 90)))).isoformat()
        log.append(record)
        log += _later_versions(rng, record, day, ids)
    rng.shuffle(log)
    return log


def random_settings(seed, count=3):
    """Asks set by hand, some of them taken back, and some of those put back."""
    rng = random.Random(seed)
    found = []
    for _ in range(rng.randrange(count + 1)):
        slug = rng.choice(RECOMMENDATIONS)
        start = FIRST + datetime.timedelta(rng.randrange(500))
        until = start + datetime.timedelta(rng.randrange(1, 300))
        found.append(
            {
                "rec": slug,
                "ask": rng.choice(ASKS[slug]),
                "rung": rng.randrange(6),
                "reason": "the minister said so",
                "from": start.isoformat(),
                "to": rng.choice((None, until.isoformat())),
                "recorded_at": rng.choice((None, (start + datetime.timedelta(9)).isoformat())),
            }
        )
    for number, line in enumerate(found, start=1):
        if rng.random() < 0.5:
            day = datetime.date.fromisoformat(line.get("recorded_at") or line["from"])
            later = (day + datetime.timedelta(rng.choice((0, 0, 3, 40)))).isoformat()
            found.append({"withdraws": number, "reason": "an error", "recorded_at": later})
    return found


def _add_terms(rng, record, day, ids):
    """How far it reaches, until when it holds, what it puts to sleep meanwhile."""
    record["reach"] = rng.choices(REACHES, (4, 1))[0]
    begins = max(day, datetime.date.fromisoformat(record["date"]))
    until = begins + datetime.timedelta(rng.choice((1, 5, 25, 90, 400)))
    record["until"] = until.isoformat() if rng.random() < 0.4 else None
    asleep = _links(rng, ids) if record["until"] else []
    record["suspends"] = [event_id for event_id in asleep if event_id not in record["supersedes"]]


def _links(rng, ids):
    return rng.sample(ids, rng.choice((0, 0, 1, 1, 2))) if rng.random() < 0.8 else []


def _assessments(rng):
    slugs = rng.sample(RECOMMENDATIONS[:3], rng.choice((1, 1, 2)))
    return [
        {
            "rec": slug,
            "direction": rng.choice((1, 1, -1, -1, 0)),
            "strength": rng.randrange(1, 6),
            "ask": rng.choice((None, *ASKS[slug])),
        }
        for slug in slugs
    ]


def _later_versions(rng, record, day, ids):
    found = []
    written = day + datetime.timedelta(100)
    while rng.random() < 0.35:
        written += datetime.timedelta(rng.randrange(1, 120))
        kind = rng.choice(("recoded", "retracted", "moved", "linked", "given terms"))
        changed = {**record, "recorded_at": written.isoformat()}
        if kind == "recoded":
            changed["assessments"] = _assessments(rng)
        elif kind == "retracted":
            changed["retracted"] = True
        elif kind == "moved":
            changed["date"] = (day + datetime.timedelta(rng.randrange(-20, 20))).isoformat()
            if changed["until"] and changed["until"] <= changed["date"]:
                changed |= {"until": None, "suspends": []}
        elif kind == "linked":
            changed["supersedes"] = _links(rng, ids)
            changed["suspends"] = [i for i in changed["suspends"] if i not in changed["supersedes"]]
        else:
            _add_terms(rng, changed, day, ids)
        found.append(changed)
    return found
