"""Nothing that the last release promised is taken away: its description is held against ours."""

import copy
import json
from pathlib import Path

import pytest

from scorecard.api import schema
from tests.scorecard.api import contract

RELEASED = Path(__file__).with_name("released.json")


@pytest.fixture(scope="module")
def released():
    return json.loads(RELEASED.read_text("utf-8"))


def test_no_reader_and_no_writer_of_the_last_release_is_broken(released):
    assert [*contract.broken(released, contract.promise(schema.document()))] == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda new: new.pop("events"), "events: GET /api/v1/events/ is gone"),
        (lambda new: new["events"].update(at="GET /api/v1/acts/"), "is gone"),
        (lambda new: new["events"]["parameters"].pop("actor"), "actor is not taken any more"),
        (lambda new: new["events"]["parameters"]["actor"]["of"].pop(), "actor takes fewer values"),
        (
            lambda new: new["events"]["parameters"].update(cursor={"needed": True, "kind": "string"}),
            "must be sent",
        ),
        (lambda new: new["score"]["gives"]["200"].pop("readings.balance.low"), "low is not given any more"),
        (
            lambda new: new["score"]["gives"]["200"]["as_of"].update(kind="integer"),
            "was string and is integer",
        ),
        (lambda new: new["score"]["gives"]["200"]["as_of"].update(needed=False), "may be missing now"),
        (
            lambda new: new["import"]["takes"].update(whence={"needed": True, "kind": "string"}),
            "whence must be sent",
        ),
    ],
)
def test_what_would_break_them_is_named(released, change, said):
    new = copy.deepcopy(released)
    change(new)
    assert any(said in line for line in contract.broken(released, new))


def test_what_is_only_added_breaks_nobody(released):
    new = copy.deepcopy(released)
    new["another"] = copy.deepcopy(new["events"])
    new["events"]["parameters"]["more"] = {"needed": False, "kind": "string"}
    new["score"]["gives"]["200"]["more"] = {"needed": True, "kind": "string"}
    assert [*contract.broken(released, new)] == []
