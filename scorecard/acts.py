"""Events as readers see them in a list: date, title, reason, source, and what each does to a score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import get_language, gettext, ngettext

from scorecard import history, sentences, vocabulary
from scorecard.history import Change
from scorecard.pages import figures
from tracker import record as record_format

Record = Mapping[str, Any]
Effects = Mapping[str, Mapping[str, float]]


def title(record: Record) -> str:
    """The title in the reader's language, or the other one where there is none."""
    chinese = (get_language() or "").startswith("zh")
    first, second = ("title_zh", "title") if chinese else ("title", "title_zh")
    return record[first] or record[second] or record["id"]


def summary(record: Record) -> str:
    chinese = (get_language() or "").startswith("zh")
    first, second = ("summary_zh", "summary") if chinese else ("summary", "summary_zh")
    return record[first] or record[second]


def language(text: str) -> str:
    """The language tag of a coder's own words, which are not translated: Chinese if they hold any Chinese."""
    return "zh-Hans" if any("\u4e00" <= letter <= "\u9fff" for letter in text) else "en"


def moment(record: Record) -> str:
    return sentences.when(record_format.day(record["date"], "date"), record["date_precision"])


def listed(
    records: Iterable[Record],
    effects: Effects,
    query: str,
    *,
    recommendation: str = "",
    pins: Mapping[str, int] | None = None,
    ended: Iterable[str] = (),
) -> list[dict[str, Any]]:
    """The records for `acts.html`, in their order. With `recommendation`, only its effect and reason are
    shown.
    """
    gone = set(ended)
    return [_act(record, effects, query, recommendation, (pins or {}), gone) for record in records]


def _act(
    record: Record,
    effects: Effects,
    query: str,
    recommendation: str,
    pins: Mapping[str, int],
    ended: set[str],
) -> dict[str, Any]:
    shown = [item for item in record["assessments"] if not recommendation or item["rec"] == recommendation]
    mine = effects.get(record["id"], {})
    return {
        "pin": pins.get(record["id"]),
        "when": moment(record),
        "title": title(record),
        "href": reverse("pages:event", args=[record["id"]]) + query,
        "ended": record["id"] in ended,
        "rationale": shown[0]["rationale"] if shown else "",
        "rationale_lang": language(shown[0]["rationale"]) if shown else "",
        "meta": meta(record, shown, record["id"] in ended),
        "source": first_source(record),
        "effects": [_effect(item, mine, alone=bool(recommendation)) for item in shown],
    }


def _effect(assessment: Mapping[str, Any], effects: Mapping[str, float], *, alone: bool) -> dict[str, Any]:
    """Its points, named unless the whole list is about one recommendation."""
    name = "" if alone else vocabulary.short_name(assessment["rec"])
    return figures.part(name, effects.get(assessment["rec"], 0.0))


def meta(record: Record, shown: Sequence[Mapping[str, Any]], ended: bool) -> str:
    """Actor, kind of act, certainty, number of sources: the small print of a list."""
    words = [sentences.enumerated([vocabulary.actor(actor) for actor in record["actors"]])]
    if shown:
        mark = vocabulary.DIRECTION_MARKS[shown[0]["direction"]]
        words.append(f"{mark} {vocabulary.DIRECTIONS[shown[0]['direction']]}")
        words.append(str(vocabulary.STRENGTHS[shown[0]["strength"]]))
    words.append(str(vocabulary.CERTAINTIES[record["certainty"]]))
    count = len(record["sources"])
    words.append(ngettext("%(count)d source", "%(count)d sources", count) % {"count": count})
    if ended:
        words.append(gettext("no longer counts"))
    return " · ".join(word for word in words if word)


def first_source(record: Record) -> dict[str, str] | None:
    for source in record["sources"]:
        if source["url"]:
            return {
                "url": source["url"],
                "publisher": source["publisher"] or source["title"],
                "lang": source["lang"],
            }
    return None


def change(change: Change, query: str) -> dict[str, Any]:
    """One version of the log as a row: when, what, in which words, why, and the event it is about."""
    record = change.version.record
    return {
        "day": sentences.day(change.version.written.date()),
        "what": str(vocabulary.CHANGES[change.kind]),
        "kind": change.kind,
        "details": history.words(change.before, record),
        "why": change.version.why,
        "who": change.version.who,
        "title": title(record),
        "href": reverse("pages:event", args=[record["id"]]) + query,
    }
