"""Queries drawn from what the record holds and from what it does not, and a few acts that are hard to find."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.scorecard import cast
from tracker import log, record, search, triage
from tracker.models import Event
from tracker.text import words_of

SOURCE = {"title": "", "publisher": "", "url": "", "date": None, "lang": ""}
ODD = (
    {"title": "Straße, façade, NAÏVE ﬁle № ２", "summary": "U.S.-led AI芯片, 人工智能AI", "title_zh": "貿易戰與晶片"},
    {"title": "のAI規制 コンピュータ", "title_zh": "", "sources": [], "actors": []},
    {"title": "100% _under_ | pipe", "sources": [SOURCE | {"title": 'say "lang": "zh" | now', "lang": "fr"}]},
    {"title": "Ελλάδα ΚΑΙ Россия ёлка", "certainty": "rumoured", "sources": [SOURCE | {"lang": "zh-Hant"}]},
    {"title": "Two codes", "supersedes": ["odd-0", "odd-1"], "assessments": [
        {"rec": "trust", "direction": 1, "strength": 1, "ask": "data-sharing", "rationale": "Because of 關稅."},
        {"rec": "misuse", "direction": -1, "strength": 5, "ask": None, "rationale": ""}]},
    {"title": "No code", "assessments": [], "sources": [SOURCE | {"lang": "en-GB", "publisher": "Ｒｅｕｔｅｒｓ"}]},
    {"title": "A bill of one state", "reach": "local", "stage": "bill", "sources": [SOURCE | {"kind": "primary"}]},
    {"title": "Withdrawn", "retracted": True, "recorded_at": None},
)  # fmt: skip
WORDS = (
    *(
        "AI",
        "ai",
        "ＡＩ",
        "export",
        "controls",
        "貿易",
        "贸易",
        "关税",
        "芯片",
        "ß",
        "ss",
        "stras",
        "facade",
        "naive",
    ),
    *(
        "file",
        "no",
        "2",
        "u.s.",
        "us",
        "reuters",
        "Xinhua",
        "規制",
        "コンピ",
        "の",
        "lang",
        "zh",
        "pipe",
        "under",
    ),
    *("ΕΛΛΑΔΑ", "και", "елка", "https", "www", "2025", "odd", "relative", "-", "%", "人工智能AI", "AI芯片"),
)
DATES = (
    "2025",
    "2025-03",
    "2025-05-12",
    "2025-03..",
    "..2025-06",
    "2025-03..2025-05",
    "2026..2025",
    "2025,2026-01",
)
CHOICES = {
    "actor": record.ACTORS,
    "rec": record.RECOMMENDATIONS,
    "ask": sorted({ask for asks in record.ASKS.values() for ask in asks}),
    "direction": ("+", "-", "0", "1", "-1", "advances", "mixed"),
    "strength": ("1", "2", "3", "4", "5"),
    "certainty": record.CERTAINTIES,
    "reach": record.REACHES,
    "stage": record.STAGES,
    "kind": record.SOURCE_KINDS,
    "lang": ("en", "zh", "zh-hans", "zh-Hant", "fr", "other", "en-gb"),
    "supersedes": ("odd-0", "odd-9", "2025-05-12-geneva-tariff-truce"),
    "id": ("odd", "truce", "2025-05", "odd-4", "x"),
    "retracted": ("true", "false"),
}


def _listed(field):
    values = st.lists(st.sampled_from(CHOICES[field]), min_size=1, max_size=3).map(",".join)
    return values.map(lambda value: f"{field}:{value}")


WORD = st.sampled_from(WORDS) | st.text(min_size=1, max_size=4)
QUOTED = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(lambda words: f'"{" ".join(words)}"')
PREFIXED = st.tuples(st.sampled_from(("title:", "source:", "")), WORD | QUOTED).map("".join)
TERM = PREFIXED | st.sampled_from(DATES).map("date:".__add__) | st.one_of(*map(_listed, CHOICES))
QUERY = st.lists(
    st.tuples(st.sampled_from(("", "", "", "-")), TERM, st.sampled_from((" ", " ", " OR "))).map("".join),
    max_size=5,
).map("".join)


def enter_odd():
    for number, more in enumerate(ODD):
        triage.enter(cast.event(f"odd-{number}", **more), who="seed")


def lines():
    """Words, codes and record of every event as the log last has it."""
    last = {line["id"]: line for line in map(json.loads, log.lines())}
    return [(words_of(line), search.codes_of(line["assessments"]), line) for line in last.values()]


def check(examples):
    """Draw so many queries and ask each of rows and of lines; how many could be read and found something."""
    held, told = lines(), []

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(QUERY)
    def same(text):
        try:
            query = search.EventQuery.read(text)
        except search.SearchError:
            return
        rows = set(Event.objects.filter(query.condition()).values_list("pk", flat=True))
        assert rows == {line["id"] for words, codes, line in held if query.matches(words, codes, line)}, text
        told.append(len(rows))

    same()
    return sum(map(bool, told))
