"""All that an analyst needs to decide one event: reports, reasons, the likeliest twins, similar past
codes.

Text with the words that led to a suggestion marked in it. Pure but for escaping.

What an outside model says of an event, in the desk's words: beside the event, under the model's name.

What two reports share, in the reader's language: grouping gives kinds and values, never sentences.

Past events whose words resemble an event's, and how they were coded: the coder's precedents.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext

from tracker import second_opinion, wording
from tracker.clustering.words import gazetteer
from tracker.codebook import Recommendation, current
from tracker.desk import people
from tracker.models import Assessment, Event, Report
from tracker.text import fold
from tracker.triage import coding, double_coding
from tracker.wording import words_of

LONGEST_MARKED = 1500
MOST_CUES = 60


def marked(text: str, cues: Iterable[tuple[str, str]]) -> SafeString:
    """`text` escaped, with every cue (words, class) wrapped in `<mark>`, longest first, never nested."""
    text = text[:LONGEST_MARKED]
    classes = {cue.lower(): css for cue, css in list(cues)[:MOST_CUES] if len(cue.strip()) > 1}
    if not classes:
        return escape(text)
    longest = sorted(classes, key=len, reverse=True)
    pattern = re.compile("|".join(_bounded(cue) for cue in longest), re.IGNORECASE)
    parts, at = [], 0
    for found in pattern.finditer(text):
        css = classes.get(found.group().lower(), "even")
        parts += [escape(text[at : found.start()]), f'<mark class="{css}">{escape(found.group())}</mark>']
        at = found.end()
    return mark_safe("".join([*parts, escape(text[at:])]))  # noqa: S308  # nosec B308  # every part is escaped above


def _bounded(cue: str) -> str:
    """A cue as a pattern: whole words in Latin script, anywhere in Chinese."""
    latin = cue[0].isascii() and cue[0].isalnum()
    return rf"(?<!\w){re.escape(cue)}(?!\w)" if latin and cue[-1].isalnum() else re.escape(cue)


def shown(event: Event) -> dict[str, Any] | None:
    """What an outside model said of an event, for the template; None where none is set up or none has said anything."""
    opinion = second_opinion.opinion_of(event)
    if opinion is None:
        return None
    same = Event.objects.filter(pk=opinion.same).first() if opinion.same else None
    return {
        "model": opinion.model,
        "relevant": round(100 * opinion.relevant),
        "codes": [
            wording.chip(code) | {"chance": round(100 * code["p"]), "ask": _ask_words(code)}
            for code in opinion.as_dict()["assessments"]
        ],
        "actors": [words_of(current().actor(slug).short) for slug in opinion.actors],
        "certainty": words_of(current().certainties[opinion.certainty].name) if opinion.certainty else "",
        "date": opinion.date,
        "same": {"id": same.pk, "title": str(same)} if same else None,
        "titles": _by_language(opinion.title),
        "rationales": _by_language(opinion.rationale),
        "left_out": opinion.left_out,
    }


def _ask_words(code: Mapping[str, Any]) -> str:
    ask = code.get("ask")
    return words_of(current().ask(code["rec"], ask).name) if ask else ""


def _by_language(words: Mapping[str, str]) -> list[dict[str, str]]:
    """Each language's words, with the mark that a page gives them."""
    marks = {"zh-hans": "zh-Hans"}
    return [{"lang": marks.get(code, code), "words": said} for code, said in words.items() if said]


REASONS_SHOWN = 3
LONGEST_REASON = 80


def in_words(reasons: Iterable[Any]) -> list[str]:
    """The first few reasons as words; what was stored as a sentence by an earlier version stays one."""
    told = [_told(each) if isinstance(each, Mapping) else str(each) for each in list(reasons)[:REASONS_SHOWN]]
    return [each[:LONGEST_REASON] for each in told if each]


def _told(reason: Mapping[str, Any]) -> str:
    kind, value = str(reason.get("kind") or ""), str(reason.get("value") or "")
    if kind == "name":
        return gazetteer().shown(value, chinese=(get_language() or "").startswith("zh"))
    if kind == "days" and value.isascii() and value.isdigit():
        return _apart(int(value))
    plain = {
        "model": gettext("%(model)s takes it for the same act") % {"model": value},
        "page": gettext("the same page"),
        "title": gettext("the same title"),
        "near title": gettext("nearly the same title"),
        "number": gettext("the number %(value)s") % {"value": value},
        "word": gettext("“%(value)s”") % {"value": value},
    }
    return plain.get(kind, value)


def _apart(days: int) -> str:
    if days == 0:
        return gettext("the same day")
    return ngettext("%(days)s day apart", "%(days)s days apart", days) % {"days": days}


LOOKED_THROUGH = 400
SIMILAR_SHOWN = 4
LEAST = 0.12


def similar(event: Event, user: Any) -> list[dict[str, Any]]:
    """The precedents on record that share most of the rarer words with the event's title, with their codes;
    without those that `user` may still code blind.

    Looks at the latest few hundred events only, so that its cost does not grow with the record.
    """
    wanted = pieces(f"{event.folded_title}")
    past = (
        Event.objects.filter(status__in=Event.ON_RECORD, retracted=False, date__lte=event.date)
        .exclude(pk=event.pk)
        .order_by("-date", "-pk")
        .values_list("pk", "title", "title_zh", "date", "folded_title")[:LOOKED_THROUGH]
    )
    ranked = sorted(
        ((likeness(wanted, pieces(row[4])), row) for row in past), key=lambda pair: pair[0], reverse=True
    )
    best = _shown([row for score, row in ranked[: SIMILAR_SHOWN * 3] if score >= LEAST], user)
    codes: dict[str, list[Any]] = {row[0]: [] for row in best}
    for line in Assessment.objects.filter(event__in=codes).order_by("recommendation__number"):
        codes[line.event_id].append(wording.chip(line.line()) | {"rationale": line.rationale})
    return [
        {"id": key, "title": title or title_zh, "date": date, "codes": codes[key]}
        for key, title, title_zh, date, _folded in best
    ]


def alike(title: str, may_be: Q) -> list[Event]:
    """The latest events, proposed or on record, whose titles share most with this one: it may be there already."""
    wanted = pieces(fold(title))
    past = Event.objects.filter(may_be).order_by("-date", "-pk")
    rows = past.values_list("pk", "folded_title")[: 2 * LOOKED_THROUGH] if wanted else []
    ranked = sorted(((likeness(wanted, pieces(folded)), pk) for pk, folded in rows), reverse=True)
    best = [pk for score, pk in ranked[:SIMILAR_SHOWN] if score >= LEAST]
    found = Event.objects.in_bulk(best)
    return [found[pk] for pk in best]


def _shown(rows: list[Any], user: Any) -> list[Any]:
    """The first few of these, without those that the user may still code blind."""
    secret = double_coding.withheld(user).order_by().filter(event_id__in=[row[0] for row in rows])
    keys = set(secret.values_list("event_id", flat=True)) if rows else set()
    return [row for row in rows if row[0] not in keys][:SIMILAR_SHOWN]


def pieces(text: str) -> frozenset[str]:
    """Words of Latin script without the commonest, and pairs of Chinese characters."""
    latin = {word for word in re.findall(r"[a-z0-9]{2,}", text) if word not in coding.COMMON}
    chinese = {
        run[at : at + 2] for run in re.findall(r"[\u3400-\u9fff]+", text) for at in range(len(run) - 1)
    }
    return frozenset(latin | chinese)


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared pieces over all pieces of both."""
    return len(one & other) / len(one | other) if one and other else 0.0


REPORTS = 6  # shown at first; the others come when they are asked for
LEAST_OFFERED = 0.3  # the chance from which on an event is offered as the same act; the page says it


def described(event: Event, user: Any, *, blindly: bool = False) -> dict[str, Any]:
    """The item for the template, in a fixed number of queries. `blindly`: a second coder sees neither the
    first coding nor the machine's, nor what became of the event."""
    open_ = event.status in Event.OPEN and not blindly
    hidden = blindly or (open_ and coding.suggestion_hidden(event))
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
        "precision": "" if event.date_precision == "day" else wording.PRECISIONS[event.date_precision],
        "blind": blindly,
        "hidden": hidden and not blindly,
        "title": event.title or event.title_zh,
        "title_marked": marked(event.title or event.title_zh, cues),
        "lang": _tongue(event, reports),
        "summary": marked(event.summary or event.summary_zh, cues),
        "reports": [
            report_row(report, cues) | {"same": report.article.title in (event.title, event.title_zh)}
            for report in reports[:REPORTS]
        ],
        # Whoever codes an event of the first record has nothing else to read; a source tells of no code.
        "sources": _sources(event, reports) if event.on_record else [],
        "report_count": event.reports_count or len(reports[:REPORTS]),
        "more_reports": max(0, event.reports_count - REPORTS),
        "suggested": proposed,
        "twins": [] if blindly else _twins(suggestion, user),
        "least_offered": round(100 * LEAST_OFFERED),
        "opinion": shown(event) if open_ and not hidden else None,
        "silent": open_ and not hidden and bool(suggestion.get("labels")) and not proposed and not drafted,
        "similar": similar(event, user),
        "relevance": None if hidden else round(100 * event.relevance),
        "model": "" if hidden else event.model_version,
        "before_start": event.date < current().start,
        "start": current().start,
        # Until somebody has written another day.
        "undated": open_
        and event.version == 1
        and bool(reports)
        and not any(report.article.published_at for report in reports),
        **_panel(
            event, drafted or proposed, suggestion, {} if hidden else coding.drafts(event), blindly=blindly
        ),
    }


def unsaved(event: Event) -> dict[str, Any]:
    """An event that is no row, for the practice queue: its title, and the panel as suggested."""
    codes = coding.suggested(event)
    return {
        "event": event,
        "open": True,
        "title": event.title,
        "title_marked": marked(event.title, _cues(event.suggestion or {})),
        "lang": get_language(),
        "least_offered": round(100 * LEAST_OFFERED),
        **_panel(event, codes, event.suggestion or {}, coding.drafts(event), blindly=False),
    }


def _panel(
    event: Event,
    codes: list[dict[str, Any]],
    suggestion: Mapping[str, Any],
    drafts: Mapping[str, str],
    blindly: bool,
) -> dict[str, Any]:
    """The coding panel: recommendations, actors, certainty, and what it asks for at each step."""
    return {
        "rows": _rows(codes, suggestion, drafts, event.on_record),
        "actors": [
            {"slug": one.slug, "label": words_of(one.short), "on": not blindly and one.slug in event.actors}
            for one in current().actors
            if not one.retired or (one.slug in event.actors and not blindly)
        ],
        "certainties": [
            {
                "slug": slug,
                "label": words_of(term.name),
                "help": words_of(term.help),
                "on": slug == ("reported" if blindly else event.certainty),
            }
            for slug, term in current().certainties.items()
        ],
        "prompts": people.key_prompts(),
    }


def _tongue(event: Event, reports: list[Report]) -> str:
    """The language of the title: that of the report it was taken from, else the record's own."""
    for report in reports:
        if report.article.language and report.article.title in (event.title, event.title_zh):
            return str(report.article.language)
    return "en" if event.title else "zh-Hans"


def _sources(event: Event, reports: list[Report]) -> list[dict[str, Any]]:
    """The sources on record that none of the reports shown stands for."""
    shown = {report.article.url or report.article.title for report in reports}
    return [
        {**source, "key": source.get("url") or source.get("title")}
        for source in event.sources
        if (source.get("url") or source.get("title")) not in shown
    ]


def _rows(
    codes: list[dict[str, Any]], suggestion: Mapping[str, Any], drafts: Mapping[str, str], on_record: bool
) -> list[dict[str, Any]]:
    """The recommendations with their present code, the machine's reasons and the rule at hand; what is no longer
    coded stands there only where it is coded."""
    by_rec = {line["rec"]: line for line in codes}
    labels = {label.get("rec"): label for label in suggestion.get("labels") or ()}
    ticked = {label.get("rec") for label in coding.ticked(suggestion)}
    return [
        _row(each, by_rec.get(each.slug), labels.get(each.slug), each.slug in ticked)
        | {"draft": drafts.get(each.slug, ""), "recorded": on_record and each.slug in by_rec}
        for each in current()
        if not each.retired or each.slug in by_rec
    ]


def _row(
    recommendation: Recommendation,
    line: dict[str, Any] | None,
    label: Mapping[str, Any] | None,
    ticked: bool,
) -> dict[str, Any]:
    asked = (line or {}).get("ask")
    return {
        "slug": recommendation.slug,
        "number": people.number_typed(recommendation.number),
        "name": words_of(recommendation.short),
        "full": words_of(recommendation.name),
        "advances": words_of(recommendation.advances),
        "undermines": words_of(recommendation.undermines),
        "rules": [words_of(rule) for rule in recommendation.rules],
        "asks": [
            {"slug": ask.slug, "name": words_of(ask.name)}
            for ask in recommendation.asks
            if not ask.retired or ask.slug == asked
        ],
        "line": line,
        "probability": round(100 * float(label.get("probability") or 0)) if label and ticked else None,
        "drafted": label["direction"] if label and ticked and label.get("direction") in (1, 0, -1) else None,
        "because": _because(label) if label and ticked else [],
        "css": wording.CLASSES[label["direction"]] if label and label.get("direction") in (1, 0, -1) else "",
        "directions": [
            {
                "value": value,
                "key": key,
                "mark": wording.MARKS[value],
                "class": wording.CLASSES[value],
                "label": wording.DIRECTIONS[value],
                "on": (line or {}).get("direction") == value,
            }
            for value, key in ((1, "+"), (-1, "−"), (0, "0"))
        ],
        "strengths": [
            {
                "value": value,
                "label": words_of(term.name),
                "help": words_of(term.help),
                "on": (line or {}).get("strength") == value,
            }
            for value, term in current().strengths.items()
        ],
    }


def _because(label: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The reasons of a label: words of the report, a past case that was coded so, a model's sentence with its name."""
    found: list[dict[str, Any]] = []
    for reason in label.get("because") or ():
        said_by = str(reason.get("by") or "")
        text = str(reason.get("text") or "")[: 300 if said_by else 120]
        if coding.tells(reason) and text not in (each["text"] for each in found):
            past = reason.get("start") is None and not said_by
            mark = wording.MARKS.get(label.get("direction") or 0, "") if past else ""
            found.append({"text": text, "past": past, "by": said_by, "mark": mark})
    return found[:REASONS_SHOWN]


def _cues(suggestion: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The words that led to what the machine stands behind, with their direction's class."""
    return [
        (str(reason.get("text") or ""), wording.CLASSES.get(int(label.get("direction") or 0), "even"))
        for label in coding.ticked(suggestion)
        for reason in label.get("because") or ()
        if reason.get("start") is not None and coding.tells(reason)
    ]


def report_row(report: Report, cues: list[tuple[str, str]]) -> dict[str, Any]:
    """A report as a line of the item."""
    article = report.article
    return {
        "id": article.pk,
        "url": article.url if article.url.startswith(("http://", "https://")) else "",
        "publisher": article.publisher,
        "lang": article.language or "und",
        "at": _local(article) or article.first_seen_at,
        "clock": f"{_local(article):%Y-%m-%d %H:%M}" if article.published_at else "",
        "dated": article.published_at is not None,
        "title": marked(article.title, cues),
        "summary": marked(article.summary[:600], cues),
        "how": report.get_how_display(),
        "probability": None if report.probability is None else round(100 * report.probability),
        "because": in_words(report.because),
    }


def _local(article: Any) -> datetime.datetime | None:
    """When it was published, by its publisher's own clock."""
    if article.published_at is None:
        return None
    ahead = datetime.timedelta(minutes=article.published_offset or 0)
    return article.published_at.astimezone(datetime.timezone(ahead))


def _twins(suggestion: Mapping[str, Any], user: Any) -> list[dict[str, Any]]:
    """The events that the machine thinks this may be the same act as, most likely first; unlikely ones are none."""
    offers = {
        str(offer.get("event")): offer
        for offer in (suggestion.get("same") or ())[:5]
        if float(offer.get("probability") or 0) >= LEAST_OFFERED
    }
    rows = Event.objects.filter(pk__in=offers).exclude(status__in=("dismissed", "merged"))
    rows = rows.exclude(pk__in=double_coding.withheld(user).order_by().values("event_id"))
    found = [
        {
            "id": row.pk,
            "title": str(row),
            "date": row.date,
            "status": row.get_status_display(),
            "probability": round(100 * float(offers[row.pk].get("probability") or 0)),
            "because": in_words(offers[row.pk].get("because") or ()),
        }
        for row in rows
    ]
    return sorted(found, key=lambda twin: -twin["probability"])
