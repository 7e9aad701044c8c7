"""Feeds out: Atom and JSON Feed of changes of meaning and of what comes next, in the reader's language.

One entry for each published change of meaning (a new event, another code, certainty, date or actor, an ending, a
retraction), none for a corrected word. An entry's id never changes, so no reader shows it twice.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr  # nosec B406  # only writes

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from scorecard import acts, ahead, conditional, history, querystring, sentences
from scorecard.acts import Act
from scorecard.pages import frame, prose, reading
from tracker.codebook import current
from tracker.record import Record

TYPES = {"atom": "application/atom+xml; charset=utf-8", "json": "application/feed+json; charset=utf-8"}
LONGEST = 100


@conditional.asked_with()
def feed(request: HttpRequest, name: str, ending: str) -> HttpResponse:
    """A feed of changes of meaning: all, of one recommendation, of one actor, or of both together."""
    titles = {stem.partition("/feeds/")[2]: title for title, stem in frame.feeds()}
    words = name.split("/")
    asked = dict(zip(words[::2], words[1::2], strict=False))
    parts = ["/".join(pair) for pair in asked.items()] or [name]
    if not titles.keys() >= set(parts):
        raise Http404
    entries = newest(
        _versions(),
        acts.Beside(acts.ask_names()),
        recommendation=asked.get("recommendations", ""),
        actor=asked.get("actors", ""),
    )
    title = sentences.enumerated([titles[part] for part in parts])
    return _fed(request, ending, title, reverse("pages:overview"), entries)


@conditional.asked_with()
def feed_of_act(request: HttpRequest, event_id: str, ending: str) -> HttpResponse:
    """What becomes of one act: its own changes, and the acts that end it, or put it to sleep, with theirs."""
    read = reading.Reading(querystring.clock_of({}, timezone.now().date()))
    record = read.record(event_id)
    if record is None:
        raise Http404
    among = acts.successors(read.known.latest.values(), event_id)
    entries = newest(_versions(), acts.Beside(acts.ask_names()), among=among)
    title = gettext("%(title)s, and what follows it") % {"title": acts.title(record)}
    return _fed(request, ending, title, acts.address(event_id), entries)


@conditional.asked_with(*querystring.CHOICES, "q", "from", "to")
def feed_of_search(request: HttpRequest, ending: str) -> HttpResponse:
    """The acts that a search finds today, with their changes."""
    read = reading.Reading(querystring.clock_of({}, timezone.now().date()))
    try:
        chosen = querystring.filters_of(request.GET)
    except querystring.BadFilter as problem:
        return conditional.refusal(request, gettext("That address cannot be read"), problem, 400)
    among = {record["id"] for record in read.found(chosen.search)}
    entries = newest(_versions(), acts.Beside(acts.ask_names()), among=among)
    asked = urlencode(chosen.query())
    title = gettext("Search: %(words)s") % {"words": " ".join(chosen.query().values()) or gettext("all acts")}
    home = reverse("pages:events") + (f"?{asked}" if asked else "")
    return _fed(request, ending, title, home, entries)


@conditional.asked_with()
def feed_of_next(request: HttpRequest, ending: str) -> HttpResponse:
    """What comes next: terms that end, days that acts name, proposals pending, the newest on record first."""
    read = reading.Reading(querystring.clock_of({}, timezone.now().date()))
    written = {line.record["id"]: line.written for line in reading.versions()}
    found = ahead.entries(ahead.read(read.known, read.read_on))
    told = [(read.act(entry.record), entry.headline, entry.named) for entry in found]
    entries = foreseen(told, written.__getitem__)
    return _fed(request, ending, gettext("What comes next"), reverse("pages:next"), entries)


def _versions() -> Iterator[Version]:
    return (Version(line.record, line.written, line.why) for line in reading.versions())


def _fed(request: HttpRequest, ending: str, title: str, home: str, entries: Sequence[Entry]) -> HttpResponse:
    """The entries as Atom or JSON Feed; what was asked for is part of the feed's own address."""
    site, asked = prose.title(), request.GET.urlencode()
    channel = Channel(
        title=gettext("%(site)s: %(parts)s") % {"site": site, "parts": title},
        author=site,
        home=frame.absolute(home),
        address=frame.absolute(request.path + (f"?{asked}" if asked else "")),
        site=settings.SITE_URL.rstrip("/"),
        language=frame.TAGS[frame.language()],
    )
    body = as_atom(channel, entries) if ending == "atom" else as_json(channel, entries)
    return HttpResponse(body, content_type=TYPES[ending])


@dataclass(frozen=True, slots=True)
class Version:
    """One line of the log: the record, when it entered it, and why."""

    record: Record
    recorded: datetime.datetime
    why: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of meaning: `added`, `recoded`, `retracted` or `restored`."""

    identity: str
    kind: str
    act: Act
    why: str
    updated: datetime.datetime
    changes: tuple[str, ...] = ()  # what is another than before, a line each
    headline: str = ""  # where it is not the act's own

    @property
    def title(self) -> str:
        if self.headline:
            return self.headline
        return self.act.headline if self.kind == "added" else self.act.news(self.kind)

    @property
    def text(self) -> str:
        told = (*self.changes, self.act.summary, *self.act.lines(), self.why)
        return "\n".join(line for line in told if line)


@dataclass(frozen=True, slots=True)
class Channel:
    """What a feed says about itself. Acts stand at `site` and their own address."""

    title: str
    author: str
    home: str
    address: str
    site: str
    language: str

    @property
    def authority(self) -> str:
        """Who speaks in the ids of entries: the host of the site."""
        return self.site.partition("//")[2].split("/")[0].split(":")[0]


def newest(
    log: Iterable[Version],
    beside: acts.Beside,
    *,
    recommendation: str = "",
    actor: str = "",
    among: Collection[str] | None = None,
) -> list[Entry]:
    """The newest changes of meaning, at most 100; of one recommendation or actor if named, and of these acts alone
    where they are given."""
    before: dict[str, Mapping[str, Any]] = {}
    found: list[tuple[Version, Mapping[str, Any] | None]] = []
    for version in log:
        record = version.record
        if among is not None and record["id"] not in among:
            continue
        old = before.get(record["id"])
        before[record["id"]] = record
        if old is not None and acts.meaning(old) == acts.meaning(record):
            continue
        if _touches(record, recommendation, actor) or (old and _touches(old, recommendation, actor)):
            found.append((version, old))
    # The log's order within one second: sorting is stable, and the newest comes first.
    found.sort(key=lambda change: change[0].recorded)
    return [_entry(version, old, beside) for version, old in found[::-1][:LONGEST]]


def foreseen(
    what: Iterable[tuple[Act, str, str]], recorded: Callable[[str], datetime.datetime]
) -> list[Entry]:
    """Entries of what comes next: (act, headline, the day it names) each, in the order in which they were recorded."""
    found = [
        Entry(
            hashlib.sha256(f"next\n{act.id}\n{day}\n{headline}".encode()).hexdigest()[:24],
            "coming",
            act,
            "",
            recorded(act.id),
            headline=headline,
        )
        for act, headline, day in what
    ]
    return sorted(found, key=lambda entry: entry.updated, reverse=True)[:LONGEST]


def _touches(record: Record, recommendation: str, actor: str) -> bool:
    touches = not recommendation or any(item["rec"] == recommendation for item in record["assessments"])
    return touches and (not actor or actor in record["actors"])


def _entry(version: Version, old: Mapping[str, Any] | None, beside: acts.Beside) -> Entry:
    record = version.record
    told = hashlib.sha256(
        f"{record['id']}\n{version.recorded.isoformat()}\n{acts.meaning(record)}".encode()
    ).hexdigest()
    act = acts.described(record, beside)
    changes = tuple(history.words(old, record, beside.asks))
    return Entry(told[:24], _kind(record, old), act, version.why, version.recorded, changes)


def _kind(record: Record, old: Mapping[str, Any] | None) -> str:
    if record["retracted"]:
        return "retracted"
    if old is None:
        return "added"
    return "restored" if old["retracted"] else "recoded"


def stamp(moment: datetime.datetime) -> str:
    """RFC 3339, in UTC, to the second."""
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clean(text: str) -> str:
    """`text` without the control characters that XML 1.0 forbids."""
    return "".join(
        letter for letter in text if letter in "\t\n\r" or " " <= letter < "\ufffe" or letter > "\uffff"
    )


def as_atom(channel: Channel, entries: Iterable[Entry]) -> str:
    """An Atom feed (RFC 4287)."""
    listed = list(entries)
    newest = stamp(listed[0].updated) if listed else f"{current().start}T00:00:00Z"
    head = (
        f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" '
        f"xml:lang={quoteattr(channel.language)}><id>{escape(channel.address)}</id>"
        f"<title>{escape(channel.title)}</title><updated>{newest}</updated>"
        f"<author><name>{escape(channel.author)}</name></author>"
        f'<link rel="self" type="application/atom+xml" href={quoteattr(channel.address)}/>'
        f'<link rel="alternate" type="text/html" href={quoteattr(channel.home)}/>'
        f"<rights>{escape(current().licence.name)}</rights>"
    )
    return head + "".join(_atom_entry(channel, entry) for entry in listed) + "</feed>\n"


def _atom_entry(channel: Channel, entry: Entry) -> str:
    address = channel.site + entry.act.address
    return (
        f"<entry><id>tag:{escape(channel.authority)},2025:{entry.identity}</id>"
        f"<title>{escape(clean(entry.title))}</title><updated>{stamp(entry.updated)}</updated>"
        f'<link rel="alternate" type="text/html" href={quoteattr(address)}/>'
        f'<category term="{entry.kind}"/><summary type="text">{escape(clean(entry.text))}</summary></entry>'
    )


def as_json(channel: Channel, entries: Iterable[Entry]) -> str:
    """A JSON Feed, version 1.1."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.title,
        "home_page_url": channel.home,
        "feed_url": channel.address,
        "language": channel.language,
        "items": [
            {
                "id": f"tag:{channel.authority},2025:{entry.identity}",
                "url": channel.site + entry.act.address,
                "title": clean(entry.title),
                "content_text": clean(entry.text),
                "date_published": stamp(entry.updated),
                "tags": [entry.kind],
            }
            for entry in entries
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
