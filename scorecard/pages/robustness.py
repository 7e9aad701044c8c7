"""How much rests on choices of method (METHOD.md, section 9), in words and rows; the sliders' bare acts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext

from scorecard import sentences, vocabulary
from scorecard.pages.known import Known
from tracker import codebook

Report = Mapping[str, Any]


def percent(share: float) -> str:
    """A share as a whole percentage; never 100 % while one disagrees, never 0 % while one agrees."""
    whole = round(100 * share)
    if whole == 100 and share < 1:
        return "> 99 %"
    if whole == 0 and share > 0:
        return "< 1 %"
    return f"{whole} %"


def sentence(report: Report, slug: str) -> str:
    """What a thousand draws say about one score."""
    spread = report["recommendations"][slug]["balance"]["sensitivity"]
    figures = {
        "low": sentences.signed(spread["p10"]),
        "high": sentences.signed(spread["p90"]),
        "same": percent(spread["same_sign"]),
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
    share = report["recommendations"][slug]["balance"]["sensitivity"]["same_sign"]
    return gettext("Same sign in %(share)s of 1,000 other weightings") % {"share": percent(share)}


def what_ifs(report: Report, slug: str) -> list[dict[str, str]]:
    """The named what-ifs for one recommendation."""
    own = report["recommendations"][slug]["balance"]["score"]
    rows = []
    for item in report["what_ifs"]:
        score = item["recommendations"][slug]["score"]
        rows.append(
            {
                "name": vocabulary.what_if(item["slug"], item["name"]),
                "score": sentences.signed(score),
                "difference": sentences.tenths(score - own),
            }
        )
    return rows


def what_if_table(report: Report, slugs: Sequence[str]) -> list[dict[str, Any]]:
    """The named what-ifs for all seven."""
    return [
        {
            "name": vocabulary.what_if(item["slug"], item["name"]),
            "values": [sentences.signed(item["recommendations"][slug]["score"]) for slug in slugs],
        }
        for item in report["what_ifs"]
    ]


def draws(report: Report, slugs: Sequence[str]) -> list[dict[str, str]]:
    """Quantiles of the draws and agreement in sign, a row for each recommendation."""
    rows = []
    for slug in slugs:
        spread = report["recommendations"][slug]["balance"]["sensitivity"]
        figures = {name: sentences.signed(spread[name]) for name in ("score", "p10", "p50", "p90")}
        rows.append(figures | {"name": vocabulary.short_name(slug), "same": percent(spread["same_sign"])})
    return rows


def bare_acts(known: Known, report: Report) -> dict[str, Any]:
    """All acts up to the day as numbers, in the order (day, id): what the sliders work on.

    `start`, `end` and `day` are ordinals; `ends` holds places in the list; `certainty` is a place in the
    codebook's list; an assessment is [place of the recommendation, direction, strength].
    """
    day = codebook.day(report["as_of"], "as_of")
    events = [event for event in known.events if event.start <= day]
    place = {event.id: number for number, event in enumerate(events)}
    ends: dict[str, list[int]] = {}
    for event in events:
        if event.ender is not None:
            ends.setdefault(event.ender, []).append(place[event.id])
    return {
        "day": day.toordinal(),
        "recommendations": list(codebook.RECOMMENDATIONS),
        "parameters": report["parameters"],
        "events": [
            {
                "start": event.start.toordinal(),
                "end": None if event.end is None else event.end.toordinal(),
                "certainty": codebook.CERTAINTIES.index(event.record["certainty"]),
                "ends": ends.get(event.id, []),
                "assessments": [
                    [codebook.RECOMMENDATIONS.index(item["rec"]), item["direction"], item["strength"]]
                    for item in event.record["assessments"]
                ],
            }
            for event in events
        ],
    }
