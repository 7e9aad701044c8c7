"""The worked examples of METHOD.md, section 17, copied verbatim into `worked_examples.jsonl`, as records."""

import datetime
import json
from pathlib import Path

EXAMPLES = [
    json.loads(line)
    for line in Path(__file__).with_name("worked_examples.jsonl").read_text(encoding="utf-8").splitlines()
]
# Four examples say in words what they hold.
_IN_WORDS = {
    "15 acts [trust,1,1], 2 acts [trust,1,2], 1 act [trust,-1,4], all 2025-09-01, confirmed, us": [
        (15, 1, 1),
        (2, 1, 2),
        (1, -1, 4),
    ],
    "4 acts [trust,1,4] and 1 act [trust,-1,4], all 2025-06-01, confirmed, us": [(4, 1, 4), (1, -1, 4)],
    "5 acts [trust,1,4] and 4 acts [trust,-1,4], all 2025-06-01, confirmed, us": [(5, 1, 4), (4, -1, 4)],
    "120 acts [trust,1,5] and 60 acts [trust,-1,5], all 2025-06-01, confirmed, us": [
        (120, 1, 5),
        (60, -1, 5),
    ],
}


def example(case):
    return next(item for item in EXAMPLES if item["case"].startswith(case))


def records(shorthand):
    """Full records from the shorthand of section 17."""
    if isinstance(shorthand, str) or (len(shorthand) == 1 and isinstance(shorthand[0], str)):
        return _in_words(shorthand if isinstance(shorthand, str) else shorthand[0])
    return [_record(*item) for item in shorthand]


def _in_words(text):
    date = next(word.strip(",") for word in text.split() if word.startswith("2025-"))
    return [
        _record(f"act-{kind}-{number}", date, "us", "confirmed", None, [["trust", direction, strength]])
        for kind, (count, direction, strength) in enumerate(_IN_WORDS[text])
        for number in range(count)
    ]


def _record(event_id, date, actors, certainty, supersedes, assessments, extra=None):
    keys = ("rec", "direction", "strength", "ask")
    return {
        "id": event_id,
        "date": date,
        "actors": actors.split("+"),
        "certainty": certainty,
        "supersedes": supersedes,
        "assessments": [dict(zip(keys, item, strict=False)) for item in assessments],
        **(extra or {}),
    }


def day(iso):
    return None if iso is None else datetime.date.fromisoformat(iso)
