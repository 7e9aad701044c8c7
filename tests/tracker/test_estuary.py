"""The second instance: the recommendations of an invented commission, for everything that must not know the first."""

import io
import json
import re
from pathlib import Path

import pytest

from feeds import opml, parsing
from tracker import codebook as books
from tracker import record as record_format
from tracker.tagging import cues, features

FOLDER = Path(__file__).resolve().parents[1] / "instances/estuary"
ESTUARY = books.load(FOLDER)
SUCCESSOR = books.read((FOLDER / "successor.json").read_text("utf-8"))
CUES = cues.read(io.BytesIO((FOLDER / "cues.jsonl").read_bytes()), ESTUARY)
FIRST_INSTANCE = re.compile(
    r"seven|\bUS\b|United States|China|Chinese|Beijing|Washington|op-ed|Graylin|Triolo|zh(?!\")",
    re.IGNORECASE,
)


def as_file(*lines):
    return io.BytesIO("\n".join(map(json.dumps, lines)).encode())


def events():
    return [json.loads(line) for line in (FOLDER / "events.jsonl").read_text("utf-8").split("\n") if line]


def test_it_is_twelve_recommendations_of_two_towns_in_one_language():
    assert ESTUARY.slugs == (
        "night-rest", "shore-power", "dredging", "wetlands", "cargo-rail", "ferry-fares", "harbour-data",
        "joint-pilots", "spill-drills", "apprentices", "fishing-grounds", "flood-gates",
    )  # fmt: skip
    assert (ESTUARY.compared, ESTUARY.languages) == (("northport", "southport"), ("en",))
    assert ESTUARY.actor_slugs == ("northport", "southport", "port-authority", "shippers", "residents")
    assert ESTUARY.start.isoformat() == "2026-03-02"
    assert len(ESTUARY.asks) == 26
    assert {ask.mode for one in ESTUARY for ask in one.asks} == {"joint", "each", "any"}
    assert ESTUARY.prompt is None
    assert ESTUARY.prose("limits", "en") is None
    assert "act by act" in ESTUARY.prose("lede", "en")
    assert ESTUARY.side_of("https://town.southport.example/papers/14") == "southport"


def test_nothing_of_the_first_instance_is_in_it():
    for path in FOLDER.rglob("*.*"):
        text = re.sub("title_zh|summary_zh", "", path.read_text("utf-8"))
        assert not FIRST_INSTANCE.search(text), path


def test_its_successor_follows_it():
    assert books.faults(ESTUARY, SUCCESSOR) == []
    assert SUCCESSOR["tide-mills"].number == 13
    assert SUCCESSOR["ferry-fares"].retired == "1.1"
    assert "ferry-fares" in SUCCESSOR
    assert [one.slug for one in SUCCESSOR.offered()] == [
        *(slug for slug in ESTUARY.slugs if slug != "ferry-fares"), "tide-mills",
    ]  # fmt: skip


def test_its_record_is_one():
    record = [record_format.check(raw, ESTUARY) for raw in events()]
    assert len(record) == 8
    assert {actor for line in record for actor in line["actors"]} == {
        "northport",
        "southport",
        "port-authority",
    }
    assert [record_format.canonical(line, ESTUARY) for line in record] == [
        record_format.canonical(line, ESTUARY) for line in record
    ]


def test_a_thirteenth_is_refused_until_the_codebook_has_it():
    act = events()[0] | {
        "assessments": [{"rec": "tide-mills", "direction": 1, "strength": 4, "ask": "mills"}]
    }
    with pytest.raises(
        record_format.RecordError, match=r"rec: 'tide-mills' is not one of night-rest, shore-power"
    ):
        record_format.check(act, ESTUARY)
    assert record_format.check(act, SUCCESSOR)["assessments"][0]["ask"] == "mills"
    fares = events()[4]
    assert record_format.check(fares, ESTUARY)
    with pytest.raises(record_format.RecordError, match=r"rec: ferry-fares is retired since codebook 1\.1"):
        record_format.check(fares, SUCCESSOR)


def test_cues_of_the_first_instance_are_refused_here():
    lines = io.BytesIO((FOLDER.parents[2] / "seeds/cues.jsonl").read_bytes())
    with pytest.raises(
        cues.CueError, match="line 1: side us: effect 'us' is not one of northport, southport"
    ):
        cues.read(lines, ESTUARY)


RULE = {
    "kind": "rule",
    "name": "plugs",
    "when": "shore-power & +",
    "rec": "shore-power",
    "direction": "1",
    "weight": 0.5,
}
WORDS = {"kind": "object", "name": "shore-power", "effect": "good", "en": ["shore power"]}
REFUSED = [
    ({"rec": "trade"}, "line 2: rule 'plugs': rec 'trade' is not in the codebook"),
    ({"ask": "mills"}, "line 2: rule 'plugs': ask 'mills' is not one of shore-power: plugs, berth-tariff"),
    ({"when": "northport & +"}, "line 2: rule 'plugs': no cue is called 'northport'"),
    ({"when": "southport-firm"}, "line 2: rule 'plugs': no cue is called 'southport-firm'"),
    ({"when": "us"}, "line 2: rule 'plugs': no cue is called 'us'"),
]


@pytest.mark.parametrize(("change", "sentence"), REFUSED)
def test_a_rule_that_this_codebook_has_not_is_refused_with_its_line(change, sentence):
    with pytest.raises(cues.CueError, match=f"^{re.escape(sentence)}$"):
        cues.read(as_file(WORDS, RULE | change), ESTUARY)


@pytest.mark.parametrize("name", ["either", "pair", "firm"])
def test_where_nobody_is_compared_no_rule_asks_for_two(name):
    raw = json.loads(ESTUARY.body) | {"compared": None}
    for one in raw["recommendations"]:
        for ask in one["asks"]:
            ask.setdefault("actors", ["northport", "southport"])
    alone = books.read(json.dumps(raw))
    asking = WORDS, RULE | {"when": f"shore-power & {name}"}
    assert cues.read(as_file(*asking), ESTUARY).rules
    with pytest.raises(cues.CueError, match=f"no cue is called '{name}'"):
        cues.read(as_file(*asking), alone)
    assert cues.read(as_file(WORDS, RULE | {"when": "northport"}), alone).rules


def test_every_rule_holds_for_its_example():
    matcher = cues.Matcher(CUES.words)
    silent = []
    for rule in CUES.rules:
        found = features.apply_rules([rule], features.read_frame(rule.example, matcher, book=ESTUARY))
        silent += [] if found else [rule.name]
    assert not silent


def test_its_feeds_can_be_followed():
    outlines = (FOLDER / "feeds.opml").read_bytes().replace(b"ADDRESS", b"127.0.0.1:8001")
    lines, refused = opml.checked(opml.read(outlines))
    assert (len(lines), refused) == (1, [])
    document = parsing.parse((FOLDER / "feed.xml").read_bytes())
    assert len(document.entries) == 6
