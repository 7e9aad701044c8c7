"""All that an analyst needs to decide one event: reports, reasons, the likeliest twins, similar past
codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language

from tracker import codebook
from tracker.desk import opinions, sharing, words
from tracker.desk.marking import marked
from tracker.desk.similar import similar
from tracker.models import Ask, Assessment, Event, Recommendation, Report
from tracker.triage import blind, coding

REPORTS = 12


def described(event: Event, user: Any, *, blindly: bool = False) -> dict[str, Any]:
    """The item for the template, in a fixed number of queries. `blindly`: a second coder sees neither the
    first coding nor the machine's, nor what became of the event."""
    open_ = event.status in Event.OPEN and not blindly
    hidden = blindly or (open_ and blind.suggestion_hidden(event))
    suggestion = {} if hidden else (event.suggestion or {})
    drafted = [] if blindly else [row.line() for row in Assessment.objects.filter(event=event)]
    proposed = [] if hidden or not open_ else coding.suggested(event)
    cues = _cues(suggestion)
    reports = list(
        Report.objects.filter(event=event)
        .select_related("article")
        .defer("article__html", "article__text", "article__suggestion")
        .order_by("id")[: REPORTS + 1]
    )
    return {
        "event": event,
        "open": open_,
        "precision": "" if event.date_precision == "day" else words.PRECISIONS[event.date_precision],
        "blind": blindly,
        "hidden": hidden and not blindly,
        "title": event.title or event.title_zh,
        "title_marked": marked(event.title or event.title_zh, cues),
        "lang": "en" if event.title else "zh-Hans",
        "summary": marked(event.summary or event.summary_zh, cues),
        "reports": [_report(report, cues) for report in reports[:REPORTS]],
        "report_count": event.reports_count or len(reports[:REPORTS]),
        "more_reports": max(0, event.reports_count - REPORTS),
        "rows": _rows(drafted or proposed, suggestion, blindly),
        "suggested": proposed,
        "actors": [
            {"slug": slug, "label": label, "on": not blindly and slug in event.actors}
            for slug, label in words.ACTORS.items()
        ],
        "certainties": [
            {
                "slug": slug,
                "label": label,
                "help": words.CERTAINTY_HELP[slug],
                "on": slug == ("reported" if blindly else event.certainty),
            }
            for slug, label in words.CERTAINTIES.items()
        ],
        "twins": [] if blindly else _twins(suggestion),
        "opinion": opinions.shown(event) if open_ and not hidden else None,
        "similar": similar(event, user),
        "relevance": None if hidden else round(100 * event.relevance),
        "model": "" if hidden else event.model_version,
        "before_start": event.date < codebook.START,
        # Until somebody has written another day.
        "undated": open_
        and event.version == 1
        and bool(reports)
        and not any(report.article.published_at for report in reports),
    }


def _rows(codes: list[dict[str, Any]], suggestion: Mapping[str, Any], blindly: bool) -> list[dict[str, Any]]:
    """The seven with their present code, the machine's reasons and the rule at hand."""
    by_rec = {line["rec"]: line for line in codes}
    labels = {label.get("rec"): label for label in suggestion.get("labels") or ()}
    ticked = {label.get("rec") for label in coding.ticked(suggestion)}
    chinese = (get_language() or "").startswith("zh")
    asks: dict[str, list[dict[str, str]]] = {}
    for ask in Ask.objects.order_by("position"):
        name = ask.name_zh if chinese and ask.name_zh else ask.name_en
        asks.setdefault(ask.recommendation_id, []).append({"slug": ask.slug, "name": name})
    return [
        _row(each, by_rec.get(each.slug), labels.get(each.slug), each.slug in ticked, asks, chinese)
        for each in Recommendation.objects.order_by("number")
    ]


def _row(
    recommendation: Recommendation,
    line: dict[str, Any] | None,
    label: Mapping[str, Any] | None,
    ticked: bool,
    asks: Mapping[str, list[dict[str, str]]],
    chinese: bool,
) -> dict[str, Any]:
    slug = recommendation.slug
    language = "zh" if chinese and recommendation.advances_zh else "en"
    return {
        "slug": slug,
        "number": recommendation.number,
        "name": words.SHORT[slug],
        "full": getattr(recommendation, f"name_{language}"),
        "advances": getattr(recommendation, f"advances_{language}"),
        "undermines": getattr(recommendation, f"undermines_{language}"),
        "rules": words.RULES[slug],
        "asks": asks.get(slug, []),
        "line": line,
        "probability": round(100 * float(label.get("probability") or 0)) if label and ticked else None,
        "because": _because(label) if label and ticked else [],
        "css": words.CLASSES[label["direction"]] if label and label.get("direction") in (1, 0, -1) else "",
        "directions": [
            {
                "value": value,
                "key": key,
                "mark": words.MARKS[value],
                "class": words.CLASSES[value],
                "label": words.DIRECTIONS[value],
                "on": (line or {}).get("direction") == value,
            }
            for value, key in ((1, "+"), (-1, "−"), (0, "0"))
        ],
        "strengths": [
            {
                "value": value,
                "label": label_,
                "help": words.STRENGTH_HELP[value],
                "on": (line or {}).get("strength") == value,
            }
            for value, label_ in words.STRENGTHS.items()
        ],
    }


def _because(label: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for reason in label.get("because") or ():
        text = str(reason.get("text") or "")[:120]
        if text and text not in (each["text"] for each in found):
            found.append({"text": text, "past": reason.get("start") is None})
    return found[:5]


def _cues(suggestion: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The words that led to what the machine stands behind, with their direction's class."""
    return [
        (str(reason.get("text") or ""), words.CLASSES.get(int(label.get("direction") or 0), "even"))
        for label in coding.ticked(suggestion)
        for reason in label.get("because") or ()
        if reason.get("start") is not None
    ]


def _report(report: Report, cues: list[tuple[str, str]]) -> dict[str, Any]:
    article = report.article
    return {
        "id": article.pk,
        "url": article.url if article.url.startswith(("http://", "https://")) else "",
        "publisher": article.publisher,
        "lang": article.language or "und",
        "at": article.published_at or article.first_seen_at,
        "dated": article.published_at is not None,
        "title": marked(article.title, cues),
        "summary": marked(article.summary[:600], cues),
        "how": report.get_how_display(),
        "probability": None if report.probability is None else round(100 * report.probability),
        "because": sharing.in_words(report.because),
    }


def _twins(suggestion: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The events that the machine thinks this may be the same act as, most likely first."""
    offers = {str(offer.get("event")): offer for offer in (suggestion.get("same") or ())[:5]}
    rows = Event.objects.filter(pk__in=offers).exclude(status__in=("dismissed", "merged"))
    found = [
        {
            "id": row.pk,
            "title": str(row),
            "date": row.date,
            "status": row.get_status_display(),
            "probability": round(100 * float(offers[row.pk].get("probability") or 0)),
            "because": sharing.in_words(offers[row.pk].get("because") or ()),
        }
        for row in rows
    ]
    return sorted(found, key=lambda twin: -twin["probability"])
