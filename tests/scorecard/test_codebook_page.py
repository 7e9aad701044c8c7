"""The public codebook and the rules of the method: every one of them on a page, with an address of its own."""

import re

import pytest
from django.template.loader import render_to_string

from scorecard.pages import prose
from tracker.codebook import current
from tracker.desk import plain
from tracker.models import Event

ANCHOR = re.compile(r' id="([^"]+)"')


@pytest.mark.parametrize("start", ["", "/zh-hans"])
def test_every_rule_of_the_codebook_has_an_address(client, seeded, start):
    page = client.get(f"{start}/codebook/").content.decode()
    anchors = ANCHOR.findall(page)
    assert len(anchors) == len(set(anchors)), "an address names one thing"
    assert {f"case-{number}" for number in range(1, 41)} <= set(anchors)
    book = current()
    expected = {f"recommendation-{slug}" for slug in book.slugs}
    expected |= {f"ask-{slug}-{ask}" for slug, ask in book.asks if book.ask(slug, ask).retired is None}
    expected |= {f"strength-{number}" for number in book.strengths} | {
        f"certainty-{slug}" for slug in book.certainties
    }
    assert expected <= set(anchors)
    assert book.version in page
    assert "**" not in page
    assert "{#" not in page


def test_the_rules_of_the_method_are_the_same_in_both_languages(client, seeded):
    english, chinese = (
        ANCHOR.findall(client.get(f"{start}/method/").content.decode()) for start in ("", "/zh-hans")
    )
    rules = [anchor for anchor in english if anchor.startswith("rule-")]
    assert [anchor for anchor in chinese if anchor.startswith("rule-")] == rules
    assert len(rules) > 30
    for part in (
        "counts",
        "weight",
        "balance",
        "pulse",
        "change",
        "delivery",
        "actors",
        "sensitivity",
        "edges",
    ):
        assert f"rule-{part}" in rules


def test_headings_are_named_and_items_numbered_and_nothing_else_gets_through():
    text = "## A heading {#place}\n\n1. one\n2. two\n\n- dot\n\n<script>x</script>\n"
    assert ANCHOR.findall(prose.anchored(text, "case")) == ["place", "case-1", "case-2"]
    assert ANCHOR.findall(prose.anchored(text, "")) == ["place", "place-1", "place-2"]
    assert "<script" not in prose.anchored(text, "case")


def test_every_hint_of_the_desk_leads_to_its_rule(client, seeded):
    anchors = set(ANCHOR.findall(client.get("/codebook/").content.decode()))
    assert plain.hints()
    assert [hint.rule for hint in plain.hints() if hint.at not in anchors] == []
    found = next(told for event in Event.objects.all() if (told := plain.hints_for(event)))
    assert f'href="/codebook/#{found[0]["at"]}"' in render_to_string("desk/hints.html", {"hints": found})
