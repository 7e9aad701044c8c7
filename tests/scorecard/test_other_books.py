"""The method under another codebook than this process's, and under a later version of it."""

import dataclasses
import datetime
import json
from pathlib import Path

from scorecard import method
from tracker import codebook

FOLDER = Path(__file__).parents[1] / "instances/estuary"
DAY = datetime.date(2026, 6, 20)
FIRST = codebook.load(FOLDER)
NEXT = codebook.read((FOLDER / "successor.json").read_text("utf-8"), earlier=True)


def lines():
    texts = (FOLDER / "events.jsonl").read_text("utf-8").splitlines()
    found = [json.loads(line) | {"codebook": "1.0"} for line in texts]
    mill = {"rec": "tide-mills", "direction": 1, "strength": 4, "ask": "mills"}
    return found, [*found, found[0] | {"id": "2026-06-08-mill", "assessments": [mill], "codebook": "1.1"}]


def test_a_later_recommendation_is_absent_from_what_was_known_before_it():
    before, after = lines()
    now = method.report(method.read(after, book=NEXT), DAY)["recommendations"]
    assert len(now) == 13
    assert now["tide-mills"]["balance"]["A"] > 0
    then = method.read(after, book=NEXT).with_book(FIRST)
    assert method.report(then, DAY) == method.report(method.read(before, book=FIRST), DAY)
    assert "tide-mills" not in method.report(then, DAY)["recommendations"]


def test_without_views_beside_one_another_there_is_no_mean_of_them():
    without = dataclasses.replace(FIRST, beside=())
    named = {item.slug for item in method.what_ifs(FIRST)} - {item.slug for item in method.what_ifs(without)}
    assert named == {"mean-of-views"}
