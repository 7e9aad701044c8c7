"""METHOD.md, section 17: every number of every example, to 1e-9."""

import pytest

from scorecard import method
from scorecard.method.parameters import Parameters
from scorecard.method.sensitivity import draw, splitmix
from tests.scorecard.worked import EXAMPLES, day, example, records

CHANGE = example("change over 90 days")
OF_ONE_DAY = [item for item in EXAMPLES if "score" in item["expect"] and "events" in item]


def close(value):
    return pytest.approx(value, abs=1e-9, rel=0) if isinstance(value, float) else value


@pytest.mark.parametrize("item", OF_ONE_DAY, ids=lambda item: item["case"])
def test_balance_and_pulse_examples_hold(item):
    ask = item["ask"]
    log = method.read(records(item["events"]))
    found = method.report(log, day(ask["as_of"]), day(ask.get("known")), ask.get("actor"))
    reading = found["recommendations"]["trust"]["pulse" if ask.get("pulse") else "balance"]
    assert {name: reading[name] for name in item["expect"]} == {
        name: close(value) for name, value in item["expect"].items()
    }


def test_change_example_holds():
    log = method.read(records(CHANGE["events"]))
    found = method.report(log, day(CHANGE["ask"]["as_of"]))["recommendations"]["trust"]["change"]["90"]
    assert {name: found[name] for name in CHANGE["expect"]} == {
        name: close(value) for name, value in CHANGE["expect"].items()
    }


def test_delivery_example_holds():
    item = example("delivery with one analyst setting")
    log = method.read(records(item["events"]), item["overrides"])
    found = method.report(log, day(item["ask"]["as_of"]))["recommendations"]["trust"]["delivery"]
    assert found["value"] == close(item["expect"]["value"])
    assert found["label"] == item["expect"]["label"]
    assert {ask["ask"]: ask["value"] for ask in found["asks"]} == {
        name: close(value) for name, value in item["expect"]["asks"].items()
    }


def test_overall_example_holds():
    item = example("overall of the change example")
    log = method.read(records(CHANGE["events"]))
    found = method.report(log, day(item["ask"]["as_of"]))["overall"]
    assert {name: found[name] for name in item["expect"]} == {
        name: close(value) for name, value in item["expect"].items()
    }


def test_parameter_draw_example_holds():
    expected = example("parameter draw 3")["expect"]
    numbers, drawn = splitmix(4 * 21)[63:], draw(4, Parameters())
    assert (numbers[0], numbers[20]) == (expected["u0"], expected["u20"])
    found = {
        "weight": drawn.weight[3],
        "reported": drawn.certainty[3, 1],
        "rumoured": drawn.certainty[3, 2],
        "half_life": drawn.half_life[3],
        "k": drawn.k[3],
        "talk_cap": drawn.talk_cap[3],
        "netting": drawn.netting[3],
        "v0": drawn.overall[3, 0],
    }
    for name, value in found.items():
        assert value == pytest.approx(expected[name], abs=1e-9, rel=0), name


def test_sensitivity_example_holds():
    expected = example("sensitivity of the change example")["expect"]
    log = method.read(records(CHANGE["events"]))
    found = method.sensitivity(log, day(CHANGE["ask"]["as_of"]), draws=100)["recommendations"]["trust"]
    assert {name: found[name] for name in expected} == {
        name: close(value) for name, value in expected.items()
    }


def test_no_example_is_left_out():
    assert len(OF_ONE_DAY) + 5 == len(EXAMPLES) == 19
