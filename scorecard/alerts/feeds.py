"""Feeds out: Atom and JSON Feed of changes of meaning, in the reader's language: the log's versions in, text out.

One entry for each published change of meaning (a new event, another code, certainty, date or actor, an
ending, a retraction), none for a corrected word. An entry's id never changes, so no reader shows it twice.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr  # nosec B406  # only writes

from scorecard import acts, history
from scorecard.acts import Act
from tracker.codebook import current
from tracker.record import Record

LONGEST = 100
MEANING = (
    "date", "date_precision", "actors", "certainty", "reach", "until", "supersedes", "suspends", "retracted",
)  # fmt: skip


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


def meaning(record: Record) -> tuple[Any, ...]:
    """What counts as the meaning of a version: all that can move a score, and nothing else."""
    codes = tuple(
        (item["rec"], item["direction"], item["strength"], item["ask"]) for item in record["assessments"]
    )
    return (*(str(record.get(key)) for key in MEANING), codes)


def entries(
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
        if old is not None and meaning(old) == meaning(record):
            continue
        if _touches(record, recommendation, actor) or (old and _touches(old, recommendation, actor)):
            found.append((version, old))
    # The log's order within one second: sorting is stable, and the newest comes first.
    found.sort(key=lambda change: change[0].recorded)
    return [_entry(version, old, beside) for version, old in found[::-1][:LONGEST]]


def successors(records: Iterable[Mapping[str, Any]], event: str) -> set[str]:
    """An act, and every act that ended it or put it to sleep, and those that did so to these."""
    after: dict[str, list[str]] = {}
    for record in records:
        for earlier in (*record["supersedes"], *record.get("suspends", ())):
            after.setdefault(earlier, []).append(record["id"])
    found, todo = {event}, [event]
    while todo:
        new = [each for each in after.get(todo.pop(), ()) if each not in found]
        found.update(new)
        todo += new
    return found


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
        f"{record['id']}\n{version.recorded.isoformat()}\n{meaning(record)}".encode()
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


def atom(channel: Channel, entries: Iterable[Entry]) -> str:
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


def json_feed(channel: Channel, entries: Iterable[Entry]) -> str:
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
