"""How far two coders agree, beside the scores and on the method page (METHOD.md, section 14). Pure.

Below 0.80 a score says so; below 0.667 its label is withheld. Before thirty units have been coded twice there is no
alpha: then the words beside a score say that it was coded once. People and language models each stand under their
own name.

How much rests on choices of method (METHOD.md, section 9), in words and rows; the sliders' bare acts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext

from scorecard import sentences, vocabulary
from scorecard.history import Known
from scorecard.method import describe
from scorecard.method.readings import Balance, Pulse, Report, WhatIfReading
from tracker import record
from tracker.agreement import KINDS, LEAST_UNITS, MACHINES
from tracker.codebook import current

LIMITS = describe()["agreement"]
WITHHELD = "withheld"


@dataclass(frozen=True)
class Agreement:
    """The figures of `tracker.agreement.by_kind` and the number of events on record."""

    kinds: Mapping[str, Mapping[str, Any]]
    events: int

    @property
    def twice(self) -> int:
        """How many events a person has coded a second time, blind."""
        return sum(self.kinds[kind]["events"] for kind in KINDS if kind != MACHINES and kind in self.kinds)

    @property
    def by_machines(self) -> int:
        """How many events two language models have coded without seeing each other's codes."""
        return self.kinds[MACHINES]["events"] if MACHINES in self.kinds else 0

    def alpha(self, slug: str) -> float | None:
        """The lowest of direction and strength of one recommendation, among coders of any kind; None while it says
        nothing."""
        found = [
            item["alpha"]
            for kind in self.kinds.values()
            for item in kind["results"]
            if item["recommendation"] == slug and item["alpha"] is not None and item["n"] >= LEAST_UNITS
        ]
        return min(found, default=None)

    def withheld(self, slug: str) -> bool:
        alpha = self.alpha(slug)
        return alpha is not None and alpha < LIMITS["withhold_labels_below"]

    def note(self, slug: str) -> str:
        """What stands next to a score: that it was coded once, or that coders agree too little; empty while people
        agree well enough."""
        alpha = self.alpha(slug)
        if alpha is not None and alpha < LIMITS["reliable"]:
            words = {"alpha": number_format(alpha, 2), "count": self.twice + self.by_machines}
            if self.withheld(slug):
                return (
                    gettext("Label withheld: two coders agree too little (α = %(alpha)s, %(count)d events).")
                    % words
                )
            return gettext("Two coders agree only so far (α = %(alpha)s, %(count)d events).") % words
        return self.once

    @property
    def once(self) -> str:
        """That people have coded it once, as long as too few events were coded twice by them; else empty."""
        if self.twice >= LEAST_UNITS:
            return ""
        if not self.twice:
            return gettext(
                "Coded once: people have coded none of %(events)d events a second time, blind."
            ) % {"events": self.events}
        return gettext(
            "Coded once: people have coded %(twice)d of %(events)d events a second time, blind."
        ) % {
            "twice": self.twice,
            "events": self.events,
        }

    def notes(self, slugs: Iterable[str]) -> str:
        """The recommendations whose scores carry a note, in one sentence."""
        low = [
            slug for slug in slugs if (alpha := self.alpha(slug)) is not None and alpha < LIMITS["reliable"]
        ]
        if not low:
            return self.once
        names = sentences.listed([vocabulary.short_name(slug) for slug in low])
        return gettext("Below 0.80 agreement between coders: %(names)s.") % {"names": names}

    def hide(self, label: str, slug: str) -> str:
        return WITHHELD if self.withheld(slug) else label


def hidden(report: Report, agreement: Agreement) -> Report:
    """The report with the labels that must be withheld taken out; the figures stay as they are."""
    slugs = [slug for slug in report["recommendations"] if agreement.withheld(slug)]
    if not slugs:
        return report
    found = dict(report["recommendations"])
    for slug in slugs:
        entry = found[slug]
        balance: Balance = {**entry["balance"], "label": WITHHELD, "since": None}
        pulse: Pulse = {**entry["pulse"], "label": WITHHELD, "since": None}
        found[slug] = {**entry, "balance": balance, "pulse": pulse}
    return {**report, "recommendations": found}


def shown(agreement: Agreement) -> dict[str, Any]:
    """The section of the method page: a sentence, and a table for each kind of coders that was measured."""
    words = {"twice": agreement.twice, "events": agreement.events, "least": LEAST_UNITS}
    if agreement.twice:
        sentence = gettext("%(twice)d of %(events)d events have been coded blind by a second person.") % words
    else:
        sentence = gettext(
            "Not yet measured between people: no event has been coded blind by a second person so far. Until at "
            "least a tenth has been, read every score as coded once."
        )
    sentence += (
        " "
        + gettext(
            "Krippendorff's α is 1 for full agreement and 0 for chance; it is published with its interval from "
            "%(least)d coded units on. Below 0.80 we say so next to the scores; below 0.667 we withhold the labels."
        )
        % words
    )
    return {
        "sentence": sentence,
        "tables": [_table(agreement, kind) for kind in KINDS if _measured(agreement, kind)],
    }


def _measured(agreement: Agreement, kind: str) -> bool:
    return kind in agreement.kinds and agreement.kinds[kind]["events"] > 0


def _table(agreement: Agreement, kind: str) -> dict[str, Any]:
    found = agreement.kinds[kind]
    words = {"twice": found["events"], "events": agreement.events}
    titles = {
        "people": gettext("Two people, blind: %(twice)d events"),
        "record": gettext(
            "The record's first coding, by a language model, and a person, blind: %(twice)d events"
        ),
        "machines": gettext(
            "Two language models, the second blind, from title and summary alone: %(twice)d events. Two readers of "
            "one kind agree more than people would"
        ),
    }
    return {"title": titles[kind] % words, "rows": [_row(item) for item in found["results"] if item["n"]]}


def _row(item: Mapping[str, Any]) -> dict[str, Any]:
    fields = {
        "relevant": gettext("relevance"),
        "actors": gettext("actors"),
        "certainty": gettext("certainty"),
        "direction": gettext("direction"),
        "strength": gettext("strength"),
    }
    name = str(fields.get(item["field"], item["field"]))
    if item["recommendation"]:
        name = f"{vocabulary.short_name(item['recommendation'])}: {name}"
    alpha, low, high = (
        "–" if item[key] is None else number_format(item[key], 2) for key in ("alpha", "low", "high")
    )
    return {"name": name, "value": alpha, "low": low, "high": high, "items": item["n"]}


def sentence(report: Report, slug: str) -> str:
    """What a thousand draws say about one score."""
    spread = report["recommendations"][slug]["balance"]["sensitivity"]
    figures = {
        "low": sentences.signed(spread["p10"]),
        "high": sentences.signed(spread["p90"]),
        "same": sentences.percent(spread["same_sign"]),
        "factors": sentences.listed([vocabulary.factor(item["factor"]) for item in spread["factors"]]),
    }
    text = gettext(
        "In a thousand draws with other weights, half-lives and constants the balance lies between "
        "%(low)s and %(high)s in eight of ten, and keeps its sign in %(same)s."
    )
    if spread["factors"]:
        text += gettext(" What moves it most: %(factors)s.")
    return text % figures


def same_sign(report: Report, slug: str) -> str:
    spread = report["recommendations"][slug]["balance"]["sensitivity"]
    words = {
        "sign": sentences.percent(spread["same_sign"]),
        "word": sentences.percent(spread["same_word"] or 0.0),
    }
    return gettext("Same sign in %(sign)s, same word in %(word)s of 1,000 other weightings") % words


def _what_if(item: WhatIfReading) -> str:
    """A named what-if as the end of “If …”; that of the views beside names them."""
    if item["slug"] == "mean-of-views":
        return sentences.averaged([vocabulary.short_actor(actor) for actor in current().beside])
    return vocabulary.what_if(item["slug"], item["name"])


def what_ifs(report: Report, slug: str) -> list[dict[str, str]]:
    """The named what-ifs for one recommendation."""
    own = report["recommendations"][slug]["balance"]["score"]
    rows = []
    for item in report["what_ifs"]:
        score = item["recommendations"][slug]["score"]
        rows.append(
            {
                "name": _what_if(item),
                "score": sentences.signed(score),
                "difference": sentences.tenths(score - own),
            }
        )
    return rows


def what_if_table(report: Report, slugs: Sequence[str]) -> list[dict[str, Any]]:
    """The named what-ifs for all recommendations."""
    return [
        {
            "name": _what_if(item),
            "values": [
                (vocabulary.short_name(slug), sentences.signed(item["recommendations"][slug]["score"]))
                for slug in slugs
            ],
        }
        for item in report["what_ifs"]
    ]


def draws(report: Report, slugs: Sequence[str]) -> list[dict[str, str]]:
    """Quantiles of the draws and agreement in sign, a row for each recommendation."""
    rows = []
    for slug in slugs:
        spread = report["recommendations"][slug]["balance"]["sensitivity"]
        figures = {name: sentences.signed(spread[name]) for name in ("score", "p10", "p50", "p90")}
        same = {"same": spread["same_sign"], "same_word": spread["same_word"] or 0.0}
        figures |= {name: sentences.percent(share) for name, share in same.items()}
        rows.append(figures | {"name": vocabulary.short_name(slug)})
    return rows


def bare_acts(known: Known, report: Report) -> dict[str, Any]:
    """All acts up to the day as numbers, in the order (day, id): what the sliders work on.

    `start` and `day` are ordinals; `counts` whether the act is live on the day; `undoes` holds places in the list;
    `certainty` is a place in the codebook's list, `reach` the factor of its reach; an assessment is [place of the
    recommendation, direction, strength].
    """
    day = record.day(report["read_on"], "read_on")
    events = [event for event in known.events if event.start <= day]
    place = {event.id: number for number, event in enumerate(events)}
    reach = dict(zip(record.REACHES, report["parameters"].get("reach", (1.0, 1.0)), strict=True))
    return {
        "day": day.toordinal(),
        "recommendations": list(current().slugs),
        "parameters": report["parameters"],
        "events": [
            {
                "start": event.start.toordinal(),
                "counts": event.counts_on(day),
                "certainty": record.CERTAINTIES.index(event.record["certainty"]),
                "reach": reach[event.record.get("reach", "wide")],
                "undoes": [place[earlier] for earlier in event.undoes],
                "assessments": [
                    [current()[item["rec"]].number - 1, item["direction"], item["strength"]]
                    for item in event.record["assessments"]
                ],
            }
            for event in events
        ],
    }
