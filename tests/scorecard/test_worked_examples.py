"""METHOD.md, section 17: every number of every example, to 1e-9; and those that stood in it before, under 1.0."""

import pytest

from scorecard import method
from scorecard.method.parameters import Parameters
from scorecard.method.sensitivity import draw, splitmix
from tests.scorecard.worked import EXAMPLES, day, example, records

CHANGE = example("change over 90 days")
OF_ONE_DAY = [item for item in EXAMPLES if "score" in item["expect"] and "events" in item]
FIRST_OF_1_1 = next(place for place, item in enumerate(EXAMPLES) if item["case"].startswith("a tariff, put"))
BOTH = [(item, "1.0") for item in OF_ONE_DAY if EXAMPLES.index(item) < FIRST_OF_1_1]
BOTH += [(item, "1.1") for item in OF_ONE_DAY]


def close(value):
    return pytest.approx(value, abs=1e-9, rel=0) if isinstance(value, float) else value


@pytest.mark.parametrize(
    ("item", "version"), BOTH, ids=lambda part: part if isinstance(part, str) else part["case"]
)
def test_balance_and_pulse_examples_hold(item, version):
    ask = item["ask"]
    log = method.read(records(item["events"]))
    found = method.report(
        log,
        day(ask["as_of"]),
        day(ask.get("known")),
        ask.get("actor"),
        version=version,
        coded_to=day(ask.get("coded_to")),
    )
    reading = found["recommendations"]["trust"]["pulse" if ask.get("pulse") else "balance"]
    reading["warnings"] = len(found["ignored_links"])
    assert {name: reading[name] for name in item["expect"]} == {
        name: close(value) for name, value in item["expect"].items()
    }


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_change_example_holds(version):
    log = method.read(records(CHANGE["events"]))
    report = method.report(log, day(CHANGE["ask"]["as_of"]), version=version)
    found = report["recommendations"]["trust"]["change"]["90"]
    assert {name: found[name] for name in CHANGE["expect"]} == {
        name: close(value) for name, value in CHANGE["expect"].items()
    }


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_delivery_example_holds(version):
    item = example("delivery with one analyst setting")
    log = method.read(records(item["events"]), item["overrides"])
    report = method.report(log, day(item["ask"]["as_of"]), version=version)
    found = report["recommendations"]["trust"]["delivery"]
    assert found["value"] == close(item["expect"]["value"])
    assert found["label"] == item["expect"]["label"]
    assert {ask["ask"]: ask["value"] for ask in found["asks"]} == {
        name: close(value) for name, value in item["expect"]["asks"].items()
    }


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_overall_example_holds(version):
    item = example("overall of the change example")
    log = method.read(records(CHANGE["events"]))
    found = method.report(log, day(item["ask"]["as_of"]), version=version)["overall"]
    assert {name: found[name] for name in item["expect"]} == {
        name: close(value) for name, value in item["expect"].items()
    }


def test_parameter_draw_example_holds():
    expected = example("parameter draw 3")["expect"]
    numbers, drawn = splitmix(4 * 21)[63:], draw(4, Parameters(), 7)
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


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_sensitivity_example_holds(version):
    expected = example("sensitivity of the change example")["expect"]
    log = method.read(records(CHANGE["events"]))
    asked = day(CHANGE["ask"]["as_of"])
    found = method.sensitivity(log, asked, draws=100, version=version)["recommendations"]["trust"]
    assert {name: found[name] for name in expected} == {
        name: close(value) for name, value in expected.items()
    }


def test_no_example_is_left_out():
    assert len(OF_ONE_DAY) + 5 == len(EXAMPLES) == 31
