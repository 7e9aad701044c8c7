"""Events: the searchable list, and one page for each with its coding, effect, sources and history.

Disputes of an event as its page shows them: who may file one, and what became of those filed.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext, ngettext

from scorecard import acts, conditional, querystring, reliability, sentences, vocabulary
from scorecard.acts import Act, Code
from scorecard.charts import lines, pictures
from scorecard.models import Dispute
from scorecard.pages import figures, frame, prose, reading
from scorecard.pages.reading import Reading
from scorecard.reliability import Review
from tracker.codebook import current
from tracker.codebook.schema import THIRD, UNKNOWN
from tracker.models import ArchivedCopy, Assessment, Event
from tracker.record import Record


def listed(event_id: str) -> list[dict[str, str]]:
    """Every dispute of the event but spam, the newest first."""
    return [
        {
            "reference": row.reference,
            "href": reverse("disputes:one", args=[row.reference]),
            "day": sentences.day(row.received_at.date()),
            "state": str(row.get_state_display()),
        }
        for row in Dispute.objects.public().filter(event=event_id)
    ]


def address(record: Record) -> str:
    """Where a dispute is filed; empty for an event that no longer stands."""
    return "" if record["retracted"] else reverse("disputes:challenge", args=[record["id"]])


@conditional.page
def events(request: HttpRequest) -> HttpResponse:
    read = reading.open_(request)
    query = read.clock.query()
    chosen, error = querystring.asked(request.GET)
    found = read.found(chosen.search)
    headline = _headline(len(read.records), len(found) if chosen.search else None)
    page = frame.Page(
        key="events",
        title=headline,
        description=gettext(
            "Every act that counts for or against the %(count)s recommendations, with its sources."
        )
        % {"count": prose.count(len(read.slugs))},
        current="events",
        card=reverse("pages:card", args=["overview"]),
        feeds=_feeds(chosen),
        followed=[("searches", typed)] if (typed := chosen.typed()) else [],
        noindex=chosen.active or chosen.page > 1,
    )
    context = {
        "page": frame.around(request, page, read.clock, read.coverage()),
        "headline": headline,
        "deck": _deck(read),
        "filters": querystring.filter_form(chosen, request.path, read.clock.pairs(), len(found), error),
        "events": figures.listed(map(read.act, querystring.cut(found, chosen)), query),
        "pager": querystring.page_links(chosen, len(found), request.path, read.clock.query),
    }
    return render(request, "pages/events.html", context, status=400 if error else 200)


def _feeds(chosen: querystring.Filters) -> list[tuple[str, str]]:
    """The feed of the search, where one was made, and that of everything."""
    everything = (gettext("All changes"), frame.stem("all"))
    if not chosen.active:
        return [everything]
    asked = urlencode(chosen.query())
    return [(gettext("This search"), frame.feed_of("feed_of_search", asked=asked)), everything]


def _headline(count: int, found: int | None) -> str:
    """How many acts there are, or how many of them a search found."""
    if found is None:
        return ngettext("%(count)d act on record", "%(count)d acts on record", count) % {"count": count}
    words = ngettext("%(found)d of %(count)d act on record", "%(found)d of %(count)d acts on record", count)
    return words % {"found": found, "count": count}


def _deck(read: Reading) -> str:
    if read.stopped:
        return gettext(
            "One act, one event, coded once, however many reports there were. Figures are what each act did to a "
            "balance on %(day)s, the last coded day."
        ) % {"day": sentences.day(read.stopped)}
    return gettext(
        "One act, one event, coded once, however many reports there were. Figures are what each act does to a "
        "balance today."
    )


@conditional.page
def event(request: HttpRequest, event_id: str) -> HttpResponse:
    read = reading.open_(request)
    record = read.record(event_id)
    if record is None or record["retracted"]:
        target = _merged_into(event_id)
        if target:
            return redirect(reverse("pages:event", args=[target]) + read.clock.query(), permanent=True)
    if record is None:
        raise Http404
    query, act = read.clock.query(), read.act(record)
    page = frame.Page(
        key=f"event-{event_id}",
        title=act.title,
        description=act.summary or act.title,
        current="events",
        card=reverse("pages:card", args=[f"event-{event_id}"]),
        structured=_structured(act),
        feeds=((gettext("This act, and what follows it"), frame.feed_of("feed_of_act", event_id)),),
        followed=[] if record["retracted"] else [("acts", event_id)],
    )
    _cited, citation = frame.citation(page, read.clock, request.path)
    runs, words = read.effect_runs(event_id), _whose_words(record)
    history = read.history(event_id)
    review = reliability.review(record, history[0].version.who if history else "", read.clock.known_at)
    context = {
        "page": frame.around(request, page, read.clock, read.coverage()),
        "act": act,
        "event": _event(read, record, act, query),
        "facts": _facts(record, act, review),
        "supersedes": [_linked(read, ended, query) for ended in record["supersedes"]],
        "assessments": [
            _assessment(read, record, code, query, runs) | {"words": words.get(code.recommendation, "")}
            for code in act.codes
        ],
        "points_note": gettext("What this act does to each balance on %(day)s.")
        % {"day": sentences.day(read.read_on)},
        "effect_title": _effect_title(read),
        "history": [figures.change(change, query, read.asks) for change in history],
        "dispute": gettext(
            "Every code can be disputed: name the event, the recommendation, the code you would give, and "
            "a public source. A dispute gets a reference and an answer; one that is accepted stays visible "
            "in the history above."
        ),
        "dispute_address": address(record),
        "disputes": listed(event_id),
        "citation": citation,
        "embed": frame.embed_code(f"event-{event_id}"),
    } | _sources(act, acts.copies([each.url for each in act.sources], read.clock.known_at))
    return render(request, "pages/event.html", context)


def _whose_words(record: Record) -> dict[str, str]:
    """Who wrote each rationale that is shown, by recommendation. A former one, which nobody noted, is left out."""
    told = {
        Assessment.Words.OWN: gettext("In the analyst’s own words."),
        Assessment.Words.TAKEN: gettext("Drafted by the machine; the analyst took it over as their own."),
        Assessment.Words.MACHINE: gettext("The machine’s words: no person has written this reason yet."),
        Assessment.Words.UNKNOWN: gettext("As it came with the record; who wrote it is not noted."),
    }
    rows = Assessment.objects.filter(event=record["id"]).values_list("recommendation", "rationale", "words")
    shown = {item["rec"]: item["rationale"] for item in record["assessments"]}
    return {
        rec: told[Assessment.Words(words)]
        for rec, rationale, words in rows
        if rationale and shown.get(rec) == rationale
    }


def _merged_into(event_id: str) -> str:
    """The event that this one was merged into, at the end of however many merges; empty for none."""
    seen = {event_id}
    while True:
        target = Event.objects.filter(id=event_id).values_list("merged_into", flat=True).first()
        if target is None or target in seen:
            return event_id if len(seen) > 1 else ""
        seen.add(target)
        event_id = target


def _event(read: Reading, record: Record, act: Act, query: str) -> dict[str, Any]:
    chinese = (get_language() or "").startswith("zh")
    other = record["title"] if chinese else record["title_zh"]
    ender = read.ender(record["id"])
    return {
        "other_title": other if acts.one_line(other) != act.title else "",
        "other_lang": acts.ENGLISH if chinese else acts.CHINESE,
        "translation_note": gettext(
            "The Chinese title and summary are translations that nobody has reviewed yet."
        )
        if record["title_zh"]
        else "",
        "ended_by": _ended_by(ender, query) if ender else None,
        "terms": _terms(read, record),
    }


def _effect_title(read: Reading) -> str:
    if read.stopped:
        return gettext("Effect on %(day)s, in points") % {"day": sentences.day(read.stopped)}
    return gettext("Effect today, in points")


def _terms(read: Reading, record: Record) -> str:
    """What the act's own terms, another that suspends it, or the last coded day make of it on the day of the page."""
    event, on = read.known.by_id.get(record["id"]), read.read_on
    if event is None:
        return ""
    if event.start > on:
        return gettext(
            "This act is dated after %(day)s, the last coded day: no figure counts it before its days are coded."
        ) % {"day": sentences.day(on)}
    if event.sleeps_on(on):
        awake = next(awake for asleep, awake in event.sleeps if asleep <= on < awake)
        return gettext("On %(day)s this act is suspended, until %(until)s at the latest.") % {
            "day": sentences.day(on),
            "until": sentences.day(awake),
        }
    own = event.end is not None and record.get("until") == event.end.isoformat()
    if not own or event.end is None or event.end > read.clock.as_of or read.ender(record["id"]):
        return ""  # an act that ended it on that day is named already
    words = {"until": sentences.day(event.end), "day": sentences.day(on)}
    if event.end <= on:
        return gettext("This act ended by its own terms on %(until)s and no longer counts.") % words
    return (
        gettext(
            "By its own terms this act ran out on %(until)s, after %(day)s, the last coded day; whether it was renewed "
            "is not on record yet."
        )
        % words
    )


def _ended_by(ender: Record, query: str) -> dict[str, str]:
    words = gettext("This act no longer counts since %(day)s, when this ended it:")
    return {
        "words": words % {"day": acts.when(ender)},
        "title": acts.title(ender),
        "href": acts.address(ender["id"]) + query,
    }


def _linked(read: Reading, event_id: str, query: str) -> dict[str, str]:
    record = read.record(event_id)
    title = acts.title(record) if record else event_id
    return {"title": title, "href": acts.address(event_id) + query}


def _facts(record: Record, act: Act, review: Review) -> list[tuple[str, str]]:
    facts = [
        (gettext("Date"), act.when),
        (gettext("Whose act"), sentences.enumerated(act.actors) or "–"),
        (gettext("Certainty"), _certainty(record["certainty"])),
        (gettext("Permanent id"), act.id),
    ]
    if act.disputed:
        facts.insert(
            3, (gettext("Disputed"), gettext("a reader’s dispute about this coding is being looked into"))
        )
    if record["recorded_at"]:
        recorded = datetime.date.fromisoformat(record["recorded_at"])
        facts.append((gettext("This version recorded"), sentences.day(recorded)))
    if record["codebook"]:
        facts.append((gettext("Codebook"), record["codebook"]))
    return [*facts, (gettext("Who coded it"), review.words)]


def _certainty(value: str) -> str:
    meaning = {
        "confirmed": gettext("confirmed: a primary source or two independent outlets; counts in full"),
        "reported": gettext("reported: one credible outlet; counts three quarters"),
        "rumoured": gettext("rumoured: anonymous or expected; counts a quarter and ends nothing"),
    }
    return meaning[value]


def _assessment(
    read: Reading, record: Record, code: Code, query: str, runs: Mapping[str, lines.Run]
) -> dict[str, Any]:
    slug = code.recommendation
    (item,) = [item for item in record["assessments"] if item["rec"] == slug]
    strength = gettext("%(step)d of 5, %(word)s") % {"step": code.step, "word": code.kind}
    return (
        figures.effect(code)
        | {
            "code": code,
            "href": reverse("pages:recommendation", args=[slug]) + query,
            "full_name": read.name(slug),
            "strength": strength,
            "rule": _rule(read, slug, item),
            "rule_address": f"{reverse('pages:codebook')}#recommendation-{slug}",
        }
        | _effect(slug, runs.get(slug), read.read_on, code.points or 0.0)
    )


def _rule(read: Reading, slug: str, item: Mapping[str, Any]) -> str:
    """The paragraph of the codebook that the code applies."""
    kinds = {
        1: gettext("Words: a speech, call, report or statement."),
        2: gettext("Proposal: introduced, offered, announced or not yet in force."),
        3: gettext("Commitment: adopted, published, talks held, a chamber's vote."),
        4: gettext("Enacted: a law, final rule, order, money appropriated, a body created, a ruling."),
        5: gettext("Operating: a programme that delivers, a rule enforced, a project with output."),
    }
    side = {
        1: gettext("Advances: %(text)s") % {"text": read.text(slug, "advances")},
        -1: gettext("Undermines: %(text)s") % {"text": read.text(slug, "undermines")},
        0: gettext("Mixed: it does both, and neither clearly more."),
    }
    return f"{kinds[item['strength']]} {side[item['direction']]}"


def _effect(slug: str, run: lines.Run | None, day: datetime.date, points: float) -> dict[str, Any]:
    if run is None:
        return {"chart": "", "caption": ""}
    largest = max(run.score, key=abs)
    words = (
        gettext("at most %(points)s") % {"points": sentences.tenths(largest)},
        gettext("on %(day)s: %(points)s")
        % {"day": sentences.short_day(day), "points": sentences.tenths(points)},
    )
    title = gettext("Effect on %(name)s: %(most)s, %(now)s") % {
        "name": vocabulary.short_name(slug),
        "most": words[0],
        "now": words[1],
    }
    chart = pictures.effect(run, title, words, sentences.short_day, name=f"effect-{slug}")
    caption = gettext("Points of the balance that this act alone accounts for, week by week.")
    return {"chart": figures.drawn(chart), "caption": caption}


def _sources(act: Act, copies: Mapping[str, ArchivedCopy]) -> dict[str, Any]:
    book = current()
    names = {slug: vocabulary.actor(slug) for slug in (*(book.compared or ()), *book.actor_slugs)}
    names |= {THIRD: gettext("Elsewhere"), UNKNOWN: gettext("Country not established")}
    grouped: dict[str, list[dict[str, str]]] = {side: [] for side in names}
    for source in act.sources:
        day = sentences.day(datetime.date.fromisoformat(source.date)) if source.date else ""
        parts = (source.named if source.publisher else "", day, filters_language(source.language))
        grouped[book.side_of(source.url) or UNKNOWN].append(
            {
                "url": source.url,
                "title": source.title or source.url,
                "lang": source.language,
                "meta": " · ".join(part for part in parts if part),
                **_copy(copies.get(source.url)),
            }
        )
    count = len(act.sources)
    seen = [name for side, name in names.items() if side != UNKNOWN and grouped[side]]
    deck = gettext("Titles stand in their original language.")
    if len(seen) == 1 and not grouped[UNKNOWN]:
        deck = gettext("Reported from one side only: %(side)s.") % {"side": seen[0]} + " " + deck
    if act.provenance:
        stop = gettext("%(sentence)s.") % {"sentence": act.provenance}
        deck = f"{stop} {deck}" if not frame.language().startswith("zh") else stop + deck
    return {
        "sources": [
            {"name": names[side] if book.outlets else "", "sources": found}
            for side, found in grouped.items()
            if found
        ],
        "sources_title": ngettext("%(count)d source", "%(count)d sources", count) % {"count": count},
        "sources_deck": deck,
    }


def _copy(found: ArchivedCopy | None) -> dict[str, str]:
    """Where the copy of a source lies, and in words of which day it is."""
    if found is None:
        return {}
    words = gettext("archived copy")
    if found.made_on:
        words = gettext("archived copy of %(day)s") % {"day": sentences.day(found.made_on)}
    return {"archived": found.copy, "archived_words": words}


def filters_language(tag: str) -> str:
    known = {acts.ENGLISH: "en", acts.CHINESE: "zh"}
    return querystring.filter_word("language", known[tag]) if tag in known else tag


def _structured(act: Act) -> dict[str, Any]:
    """The act as schema.org's Event, in the language of the page."""
    sources = [
        {"@type": "CreativeWork", "name": source.title, "publisher": source.publisher, "url": source.url}
        | {"inLanguage": source.language}
        for source in act.sources
    ]
    return {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": act.title,
        "description": act.summary,
        "startDate": act.date,
        "keywords": [*(code.words for code in act.codes), *act.actors, act.certainty],
        "identifier": act.id,
        "inLanguage": act.title_language,
        "url": frame.absolute(act.address),
        "subjectOf": [{name: value for name, value in source.items() if value} for source in sources],
    }
