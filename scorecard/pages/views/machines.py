"""What programs read of the site: feeds out, and what they look for at the root in one language.

Feeds out are Atom and JSON Feed of changes of meaning and of what comes next, in the reader's language. One entry for
each published change of meaning (a new event, another code, certainty, date or actor, an ending, a retraction), none
for a corrected word. An entry's id never changes, so no reader shows it twice.

At the root: robots, sitemap, llms.txt, the contact for security, the catalogue of the API; and languages as people
spell them.
"""

from __future__ import annotations

import datetime
import hashlib
import html
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape, quoteattr  # nosec B406  # only writes

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import path, re_path, reverse
from django.utils import timezone, translation
from django.utils.encoding import iri_to_uri
from django.utils.translation import gettext

from scorecard import acts, ahead, catalogue, conditional, history, querystring, sentences
from scorecard.acts import Act
from scorecard.history import Version
from scorecard.method import parameters
from scorecard.pages import frame, prose, reading
from tracker.codebook import current
from tracker.record import Record

TYPES = {"atom": "application/atom+xml; charset=utf-8", "json": "application/feed+json; charset=utf-8"}
LONGEST = 100
# Pages of which there is one, in the order of the sitemap.
LISTED = (
    "overview", "changed", "next", "asks", "brief", "glossary", "events", "actors",
    "method", "codebook", "data", "editions", "about", "changes",
)  # fmt: skip
# `zh`, `zh-cn`, `zh-Hans`, `en`, `en-gb`: every spelling of a language that is offered, but for the prefix itself.
FAMILIES = "|".join(sorted({re.escape(code.partition("-")[0]) for code, _name in settings.LANGUAGES}))
PREFIXES = "|".join(re.escape(code) for code, _name in settings.LANGUAGES[1:])
OURS = f"(?!(?:{PREFIXES})/)" if PREFIXES else ""


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
        reading.versions(),
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
    entries = newest(reading.versions(), acts.Beside(acts.ask_names()), among=among)
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
    entries = newest(reading.versions(), acts.Beside(acts.ask_names()), among=among)
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
    found.sort(key=lambda change: change[0].written)
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
        f"{record['id']}\n{version.written.isoformat()}\n{acts.meaning(record)}".encode()
    ).hexdigest()
    act = acts.described(record, beside)
    changes = tuple(history.words(old, record, beside.asks))
    return Entry(told[:24], _kind(record, old), act, version.why, version.written, changes)


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


def other_spelling(request: HttpRequest, tag: str, rest: str = "") -> HttpResponse:
    """To the page under the prefix that its language has here: `/zh-cn/events/` to `/zh-hans/events/`."""
    family = tag.lower().partition("-")[0]
    code = next(code for code, _name in settings.LANGUAGES if code.partition("-")[0] == family)
    prefix = "/" if code == settings.LANGUAGE_CODE else f"/{code}/"
    # Without its own slashes in front the rest cannot name another host.
    address = prefix + iri_to_uri(quote(rest.lstrip("/\\")))
    asked = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(address + (f"?{iri_to_uri(asked)}" if asked else ""))


@conditional.page
def robots(request: HttpRequest) -> HttpResponse:
    lines = (
        "User-agent: *",
        "Disallow: /*?*as_of=",
        "Disallow: /*?*q=",
        "Allow: /",
        f"Sitemap: {frame.absolute(reverse('sitemap'))}",
    )
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@conditional.page
def sitemap(request: HttpRequest) -> HttpResponse:
    read = reading.open_(request)
    pages: list[tuple[str, list[str]]] = [(name, []) for name in LISTED]
    pages += [("recommendation", [slug]) for slug in read.slugs]
    pages += [("actor", [actor]) for actor in current().actor_slugs]
    pages += [("event", [record["id"]]) for record in read.records]
    entries = "".join(_in_each_language(name, args) for name, args in pages)
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:xhtml="http://www.w3.org/1999/xhtml">{entries}</urlset>\n'
    )
    return HttpResponse(body, content_type="application/xml; charset=utf-8")


def _in_each_language(name: str, args: list[str]) -> str:
    """One page in every language, each pointing at the others."""
    addresses = {}
    for code, tag in frame.TAGS.items():
        with translation.override(code):
            addresses[tag] = html.escape(frame.absolute(reverse(f"pages:{name}", args=args)))
    links = "".join(
        f'<xhtml:link rel="alternate" hreflang="{tag}" href="{address}"/>'
        for tag, address in addresses.items()
        if len(addresses) > 1
    )
    return "".join(f"<url><loc>{address}</loc>{links}</url>" for address in addresses.values())


@conditional.page
def llms(request: HttpRequest) -> HttpResponse:
    """A plain description of the site for language models (llmstxt.org)."""
    read = reading.open_(request)
    coverage, site = read.coverage(), prose.instance()
    lines = [
        f"# {site['title']}",
        "",
        f"> {site['capital']} recommendations for {site['subject']}, followed act by act since {site['day']}. "
        "Scores run from -100 to +100 with an 80 % evidence band; 0 is where each stood on that day, not neutral. "
        "A negative score means against the recommendation, not bad policy.",
        "",
        f"Method {parameters.CURRENT}. {coverage['sentence']}. {coverage['silence']}".strip(),
        f"The figures below are of {read.read_on.isoformat()}.",
        "Quote a score only with its band, its day and the day to which coding is complete.",
        "",
        f"## The {site['count']}",
        "",
    ]
    for slug in read.slugs:
        balance = read.report["recommendations"][slug]["balance"]
        figures = f"{round(balance['score'])} ({round(balance['low'])} to {round(balance['high'])})"
        address = frame.absolute(reverse("pages:recommendation", args=[slug]))
        word = balance["label"] if read.firm(slug) else f"{balance['label']} (not firm)"
        lines.append(f"- [{read.name(slug)}]({address}): {word}, {figures}")
    lines += ["", "## More", ""]
    for name in ("method", "codebook", "data", "editions", "events", "changes", "about"):
        lines.append(f"- [{name}]({frame.absolute(reverse(f'pages:{name}'))})")
    for name, address, words in (
        (
            "figures as JSON",
            reverse("pages:take", args=["all", "json"]),
            "the present scores with their series",
        ),
        ("API", reverse("api-docs"), "no key is needed to read"),
        ("OpenAPI", reverse("api:schema"), "every address of the API with its parameters"),
        ("downloads", reverse("api:exports"), "whole tables with the meaning of each column"),
        ("data package", reverse("api:datapackage.json"), "the tables for machines"),
    ):
        lines.append(f"- [{name}]({frame.absolute(address)}): {words}")
    lines.append(
        "- MCP: `manage.py mcp` serves these figures to an assistant, see docs/api.md of the project"
    )
    return HttpResponse("\n".join(lines) + "\n", content_type="text/markdown; charset=utf-8")


@conditional.asked_with()
def security(request: HttpRequest) -> HttpResponse:
    """Whom to tell of a weakness (RFC 9116)."""
    ends = (timezone.now() + datetime.timedelta(days=180)).replace(hour=0, minute=0, second=0, microsecond=0)
    contact = settings.FETCH_CONTACT or frame.absolute(reverse("pages:about"))
    lines = (
        f"Contact: {contact if '://' in contact or contact.startswith('mailto:') else f'mailto:{contact}'}",
        f"Expires: {ends.strftime('%Y-%m-%dT%H:%M:%SZ')}",
        "Preferred-Languages: " + ", ".join(tag.partition("-")[0] for tag in frame.TAGS.values()),
        f"Canonical: {frame.absolute(reverse('security'))}",
    )
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@conditional.asked_with()
def api_catalog(request: HttpRequest) -> HttpResponse:
    """Where the API and its descriptions are (RFC 9727), as a set of links."""

    def link(path: str, kind: str) -> dict[str, str]:
        return {"href": frame.absolute(path), "type": kind}

    documents = [link(reverse(f"api:{name}"), kind) for name, (_make, kind) in catalogue.DOCUMENTS.items()]
    links = {
        "anchor": frame.absolute(reverse("api:start")),
        "service-desc": [link(reverse("api:schema"), "application/json")],
        "service-doc": [link(reverse("api-docs"), "text/html")],
        "service-meta": documents,
    }
    kind = 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'
    return HttpResponse(conditional.written({"linkset": [links]}), content_type=kind)


urlpatterns = [
    path("robots.txt", robots, name="robots"),
    path("sitemap.xml", sitemap, name="sitemap"),
    path("llms.txt", llms, name="llms"),
    path(".well-known/security.txt", security, name="security"),
    path(".well-known/api-catalog", api_catalog, name="api-catalog"),
    re_path(
        rf"^{OURS}(?P<tag>(?i:{FAMILIES})(?:-[A-Za-z]{{2,8}}){{0,2}})(?:/(?P<rest>.*))?$",
        other_spelling,
    ),
]
