"""The door of the record: what the codebook allows passes unchanged, everything else says why not."""

import json
from pathlib import Path

import pytest

from tests.scorecard.plain_method import MODES
from tracker import record
from tracker.codebook import current

SEEDS = Path(__file__).parents[2] / "seeds"
ACT = {
    "id": "2025-06-01-act",
    "date": "2025-06-01",
    "actors": ["us"],
    "assessments": [{"rec": "trust", "direction": 1, "strength": 4}],
}


def test_the_seeds_pass_and_their_canonical_form_is_stable():
    for line in (SEEDS / "events.jsonl").read_text().splitlines():
        once = record.canonical(json.loads(line))
        assert record.canonical(json.loads(once)) == once


def test_lines_without_the_keys_of_format_1_1_keep_the_bytes_and_digests_they_had_before_it():
    digest = ""
    for line in (SEEDS / "events.jsonl").read_text().splitlines():
        digest = record.digest(digest, record.canonical(json.loads(line)))
    assert digest == "9bdd31d7cdaa93369325e24ebf91260390bacf70fbf4d66b3f66bde7c5454a4c"


def test_what_format_1_1_adds_stands_in_a_record_only_when_it_says_something():
    said = ACT | {
        "reach": "local",
        "until": "2025-09-01",
        "suspends": "2025-05-01-other",
        "stage": "bill",
        "due": "2025-08",
        "due_what": "second reading",
        "due_what_zh": "二读",
        "sources": [{"title": "Gazette", "kind": "primary"}],
        "assessments": [{**ACT["assessments"][0], "rationale_zh": "理由"}],
    }
    checked = record.check(said)
    assert [checked[name] for name in ("reach", "until", "due")] == ["local", "2025-09-01", "2025-08"]
    assert checked["suspends"] == ["2025-05-01-other"]
    assert checked["sources"][0]["kind"] == "primary"
    assert checked["assessments"][0]["rationale_zh"] == "理由"
    empty = dict.fromkeys(record.ADDED) | {"reach": "wide", "suspends": [], "due_what": ""}
    silent = record.check(ACT | empty | {"sources": [{"title": "Gazette", "kind": None}]})
    assert not set(silent) & set(record.ADDED)
    assert "kind" not in silent["sources"][0]
    assert "rationale_zh" not in silent["assessments"][0]
    assert record.whole(silent)["reach"] == "wide"


def test_the_first_codebook_asks_what_the_method_was_published_with():
    book = current()
    assert (book.start.isoformat(), book.compared, len(book), len(book.asks)) == (
        "2025-01-21",
        ("us", "china"),
        7,
        24,
    )
    modes = {ask: book.ask(slug, ask).mode for slug, ask in book.asks} | {"job-loss": "any: us"}
    assert modes == MODES
    assert {ask: book.ask(slug, ask).actors for slug, ask in book.asks if "any" in modes[ask]} == {
        ask: ("us",) if ask == "job-loss" else book.actor_slugs
        for ask, mode in MODES.items()
        if "any" in mode
    }
    assert {version.asks for version in book.earlier} == {book.asks}


def test_order_of_actors_and_assessments_does_not_matter():
    one = ACT | {"actors": ["china", "us"]}
    other = ACT | {"actors": ["us", "china", "us"]}
    assert record.canonical(one) == record.canonical(other)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"id": "Not An Id"}, "id:"),
        ({"id": None}, "id:"),
        ({"date": "2025-02-30"}, "calendar"),
        ({"date": "0001-01-01"}, "between 1900 and 2100"),
        ({"date": 20250601}, "YYYY-MM-DD"),
        ({"date_precision": "week"}, "date_precision"),
        ({"certainty": "sure"}, "certainty"),
        ({"certainty": ["confirmed"]}, "certainty"),
        ({"actors": ["mars"]}, "actors"),
        ({"actors": "us"}, "actors"),
        ({"actors": [{}]}, "actors"),
        ({"supersedes": 7}, "supersedes"),
        ({"suspends": 7, "until": "2025-09-01"}, "suspends: a list"),
        ({"suspends": ["other"]}, "suspends: needs `until`"),
        ({"suspends": ["other"], "supersedes": ["other"], "until": "2025-09-01"}, "other is superseded too"),
        ({"until": "2025-06-01"}, "not after the act's own day"),
        ({"until": "soon"}, "until: a day"),
        ({"reach": "global"}, "reach: 'global' is not one of wide, local"),
        ({"stage": "law"}, "stage: 'law' is not one of bill"),
        ({"due": "2025-13"}, "due:"),
        ({"due_what": "a vote"}, "needs `due`"),
        ({"sources": [{"kind": "blog"}]}, "kind 'blog' is not one of primary"),
        ({"title": "x" * 501}, "501 characters"),
        ({"title": "\ud800"}, "surrogate"),
        ({"title": "a\x00b"}, "title, character 2: U.0000 is a control character"),
        ({"titel": "typing error"}, "unknown field titel"),
        ({"retracted": "yes"}, "retracted"),
        ({"assessments": [{"rec": "peace", "direction": 1, "strength": 1}]}, "rec:"),
        ({"assessments": [{"rec": ["trust"], "direction": 1, "strength": 1}]}, "rec:"),
        ({"assessments": [{"rec": "trust", "direction": 2, "strength": 1}]}, "direction of trust"),
        ({"assessments": [{"rec": "trust", "direction": True, "strength": 1}]}, "direction of trust"),
        ({"assessments": [{"rec": "trust", "direction": 1, "strength": 6}]}, "strength of trust"),
        ({"assessments": [{"rec": "trust", "direction": 1, "strength": 2.0}]}, "strength of trust"),
        (
            {"assessments": [{"rec": "trust", "direction": 1, "strength": 2, "ask": "climate"}]},
            "ask of trust",
        ),
        ({"assessments": [{"rec": "trust", "direction": 1, "strength": 1}] * 2}, "two of trust"),
        ({"sources": [{"url": "javascript:alert(1)"}]}, "http"),
    ],
)
def test_what_the_codebook_does_not_allow_is_refused_with_the_reason(change, complaint):
    with pytest.raises(record.RecordError, match=complaint):
        record.check(ACT | change)


@pytest.mark.parametrize("raw", [None, [], "text", 7])
def test_what_is_no_object_is_refused(raw):
    with pytest.raises(record.RecordError, match="JSON object"):
        record.check(raw)
