"""With method 1.1 in service every surface reads no later than the last coded day; 1.0 can still be asked for."""

import dataclasses
import datetime
import json

import pytest

from scorecard import standings
from scorecard.method import parameters

CODED = datetime.date(2026, 7, 7)
PAGES = (
    "/", "/recommendations/trust/", "/recommendations/trust/?method=1.0", "/actors/", "/actors/us/", "/method/",
    "/events/", "/events/2025-11-07-china-suspends-october-rare-earth-controls/", "/changes/", "/data/", "/about/",
    "/r/trust.json", "/r/trust.csv", "/r/trust.svg", "/r/all.zip", "/embed/trust/", "/embed/trust/badge.svg",
    "/embed/trust/sparkline.svg", "/method/acts.json", "/cite.bib?page=overview", "/feeds/all.atom",
)  # fmt: skip


@pytest.fixture
def switched(monkeypatch):
    adopted = dataclasses.replace(parameters.METHODS["1.1"], adopted=datetime.date(2026, 7, 20))
    monkeypatch.setitem(parameters.METHODS, "1.1", adopted)
    monkeypatch.setattr(parameters, "CURRENT", "1.1")


@pytest.mark.slow
@pytest.mark.parametrize("language", ["", "/zh-hans"])
def test_every_page_answers_and_reads_on_the_last_coded_day(client, seeded, switched, language):
    for path in PAGES:
        assert client.get(language + path).status_code == 200, path
    shown = client.get(f"{language}/recommendations/trust/").content.decode()
    there = client.get(f"{language}/recommendations/trust/?as_of=2026-07-07").content.decode()
    score = standings.report(CODED)["recommendations"]["trust"]["balance"]["score"]
    assert f"−{abs(round(score))}" in shown
    assert f"−{abs(round(score))}" in there


def test_the_interface_says_method_and_day_and_takes_both_methods(client, seeded, switched):
    def asked(path):
        answer = client.get(f"/api/v1{path}")
        assert answer.status_code == 200, answer.content[:300]
        return json.loads(answer.content)

    now, coded, first = (asked(f"/scores/{query}") for query in ("", "?as_of=2026-07-07", "?method=1.0"))
    assert (now["method"], now["read_on"], now["coded_to"]) == ("1.1", "2026-07-07", "2026-07-07")
    assert now["days_since"] == (datetime.date.fromisoformat(now["as_of"]) - CODED).days > 0
    assert now["recommendations"] == coded["recommendations"]
    assert (first["method"], first["read_on"]) == ("1.0", first["as_of"])
    beyond = asked("/scores/?beyond=true&sensitivity=true")
    assert beyond["read_on"] == beyond["as_of"]
    for entry in beyond["recommendations"].values():
        assert entry["balance"]["label"] is entry["pulse"]["label"] is entry["delivery"]["label"] is None
        assert {change["word"] for change in entry["change"].values()} == {None}
    assert asked("/series/")["days"][-1] == "2026-07-07"
    line = asked("/series/?beyond=true&recommendation=trust")
    labels = dict(zip(line["days"], line["recommendations"]["trust"]["label"], strict=True))
    assert labels["2026-07-07"]
    assert labels["2026-07-08"] is None
    assert asked("/views/")["read_on"] == "2026-07-07"
    assert asked("/scores/?actor=us")["recommendations"]["trust"]["delivery"] is None
    assert asked("/waterfall/")["later"]["read_on"] == "2026-07-07"
