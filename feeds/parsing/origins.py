"""Where each field of each item came from: a kept document read again, with all that was passed over. Pure.

The law: the readers themselves decide; here is only noted what they had before them. What cannot be told of a reader
is not made up.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from lxml import etree

from feeds.parsing import charsets, dates, fast, jsonfeed, parse
from feeds.parsing.document import Document, Entry, absolute
from feeds.parsing.elements import DOCTYPE, Element, Fields, first, local, person, text_of, tree

SHOWN = 300  # characters of a candidate
MOST_ERRORS = 5
CLOCK = re.compile(r"(?<![+\d-])\d{1,2}[:.时時點点]\d\d(?:[:.分]\d\d)?(?:[.,]\d+)?")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One element, attribute or key that could have been a field; `why` is a word of `feeds.answers.WHY`."""

    name: str
    raw: str
    why: str = ""
    taken: bool = False
    moment: datetime | None = None  # of a date that can be read


@dataclass(frozen=True, slots=True)
class Origin:
    """One field of one item: its value and the candidates in the order in which they were asked."""

    field: str
    value: str
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    entry: Entry
    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """How a document was read. `voices` name the charset that each witness named, `errors` what is no XML in it."""

    document: Document
    charset: str
    voices: dict[str, str] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    has_doctype: bool = False
    habit: dates.Habit = dates.UNKNOWN
    items: tuple[Item, ...] = ()


def account(
    body: bytes,
    *,
    now: datetime,
    content_type: str = "",
    base: str = "",
    reference_only: bool = False,
    wanted: Callable[[int, Entry], bool] = lambda place, entry: True,
) -> Account:
    """How a document is read, and the wanted items field by field. Raises NotAFeed as `parse` does."""
    document = parse(body, content_type=content_type, base=base, reference_only=reference_only)
    _, charset = charsets.decoded(body, content_type)
    told = Account(document, charset, charsets.voices(body, content_type))
    clear = charsets.as_utf8(body, content_type)
    if document.reader == "json":
        text, _ = charsets.decoded(body, content_type)
        return replace(told, items=tuple(_of_json(json.loads(text), document, base, now, wanted)))
    errors, has_doctype = _errors(clear), DOCTYPE in clear[:4000]
    told = replace(told, errors=errors, has_doctype=has_doctype)
    if document.reader != "fast":
        kept = enumerate(document.entries)
        items = (Item(entry, tuple(_values(entry))) for place, entry in kept if wanted(place, entry))
        return replace(told, items=tuple(items))
    noting = _Noting(clear, base, now, wanted)
    noting.document()
    return replace(told, habit=noting.habit, items=tuple(noting.noted))


def _errors(body: bytes) -> tuple[str, ...]:
    """What keeps a strict parser from reading the document, with the line of each."""
    parser = etree.XMLParser(recover=True, encoding="utf-8", resolve_entities=False, no_network=True)
    try:
        etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        return (str(error)[:SHOWN],)
    fatal = [error for error in parser.error_log if error.level == etree.ErrorLevels.FATAL]
    return tuple(f"{error.line}: {error.message}"[:SHOWN] for error in fatal[:MOST_ERRORS])


def _values(entry: Entry) -> Iterator[Origin]:
    """The fields alone, where a reader does not tell what it took."""
    yield Origin("identity", entry.identity)
    yield Origin("title", entry.title)
    yield Origin("link", entry.link)
    yield Origin("text", entry.html[:SHOWN])
    yield Origin("day", _written(entry.published or entry.updated))
    yield Origin("author", " · ".join(filter(None, (entry.author, entry.source))))


def _written(moment: datetime | None) -> str:
    return moment.isoformat(sep=" ", timespec="minutes") if moment else ""


def _chosen(candidates: Iterable[Candidate], right: Callable[[Candidate], bool]) -> tuple[Candidate, ...]:
    """The same with the first right one taken, and those behind it later ones."""
    found, done = [], False
    for candidate in candidates:
        taken = not done and not candidate.why and right(candidate)
        why = candidate.why or ("" if taken else "later" if done else "else")
        found.append(replace(candidate, taken=taken, why=why))
        done |= taken
    return tuple(found)


def _dated(raw: Iterable[tuple[str, str]], habit: dates.Habit, entry: Entry, now: datetime) -> Origin:
    """The day of an item: what each of its dates says, and why one is not believed."""
    published = dates.believable(entry.published, now=now)
    chosen = published or dates.believable(entry.updated, now=now)
    candidates = (_read(name, text, habit, now) for name, text in raw if text)
    return Origin("day", _written(chosen), _chosen(candidates, lambda one: one.moment == chosen))


def _read(name: str, raw: str, habit: dates.Habit, now: datetime) -> Candidate:
    moment = dates.read(raw, habit)
    why = ""
    if moment is None:
        numbers = dates.NUMBERS.search(raw) is not None and habit.day_first is None
        why = "day_or_month" if numbers else "no_day"
    elif moment < dates.EARLIEST:
        why = "before_1990"
    elif dates.believable(moment, now=now) is None:
        why = "ahead"
    return Candidate(name, raw[:SHOWN], why, moment=moment)


def names_zone(raw: str) -> bool:
    """Whether a date says by whose clock it is."""
    text = raw.strip().casefold()
    clock = CLOCK.search(text)
    rest = text[clock.end() :] if clock else text[10:]
    words = dates.WORD.findall(rest)
    named = any(word in dates.ZONES or word in dates.PLACES or "/" in word for word in words)
    return named or dates.OFFSET.search(rest) is not None or text.isdecimal()


class _Noting(fast.Reader):
    """The fast reader, noting what it had before it."""

    def __init__(self, body: bytes, base: str, now: datetime, wanted):
        super().__init__(*tree(body, base), base, body)
        self._now, self._wanted = now, wanted
        self.noted: list[Item] = []
        self._place = 0

    @property
    def habit(self) -> dates.Habit:
        return self._habit

    def _entry(self, place: int) -> Entry:
        entry = super()._entry(place)
        if self._wanted(self._place, entry):
            self.noted.append(
                Item(entry, tuple(self._origins(self._fields[place], self.items[place], entry)))
            )
        self._place += 1
        return entry

    def _origins(self, fields: Fields, item: Element, entry: Entry) -> Iterator[Origin]:
        yield self._of_identity(fields, item, entry)
        yield Origin("title", entry.title, self._worded(fields, self._titles, entry.title))
        yield Origin("link", entry.link, tuple(self._linked(fields, entry.link)))
        yield Origin("text", entry.html[:SHOWN], self._bodied(fields, entry.html))
        written = ((name, text_of(element)) for name, element in self._all(fields, self._published))
        changed = ((name, text_of(element)) for name, element in self._all(fields, self._updated))
        yield _dated((*written, *changed), self._habit, entry, self._now)
        yield self._by(fields, entry)

    def _all(self, fields: Fields, names: Iterable[str]) -> Iterator[tuple[str, Element]]:
        return ((name, element) for name in names for element in fields.get(name, ()))

    def _of_identity(self, fields: Fields, item: Element, entry: Entry) -> Origin:
        given = [(name, text_of(element)) for name, element in self._all(fields, self._ids)]
        given += [("rdf:about", item.get(fast.ABOUT, "")), ("link", entry.link)]
        given += [(name, text_of(element)) for name, element in self._all(fields, ("dc:identifier",))]
        candidates = (Candidate(name, text[:SHOWN]) for name, text in given if text)
        return Origin("identity", entry.identity, _chosen(candidates, lambda _candidate: True))

    def _worded(self, fields: Fields, names: Iterable[str], value: str) -> tuple[Candidate, ...]:
        found = (
            Candidate(name, text_of(element)[:SHOWN], "" if self._words(element, name) else "no_words")
            for name, element in self._all(fields, names)
        )
        return _chosen(found, lambda _candidate: bool(value))

    def _bodied(self, fields: Fields, value: str) -> tuple[Candidate, ...]:
        found, done = [], False
        for name, element in self._all(fields, self._bodies):
            body = self._healed(self._markup(element, name))
            taken = not done and bool(value) and body == value
            done |= taken
            why = "" if taken else "no_words" if not body.strip() else "later" if done else "caption"
            found.append(Candidate(name, body[:SHOWN], why, taken=taken))
        return tuple(found)

    def _linked(self, fields: Fields, value: str) -> Iterator[Candidate]:
        """Every link of the item with what keeps it from being the article's page."""
        done = False
        names = (*self._originals, "link", "loc", "guid", "atom:link", "id", "content")
        for name, element in self._all(fields, names):
            raw = element.get("href") or element.get("src") or (text_of(element) if name != "content" else "")
            if not raw:
                continue
            why = self._against(name, element)
            taken = not done and not why and bool(value) and self._absolute(raw, element) == value
            done |= taken
            shown = "".join(f" {key}={element.get(key)}" for key in ("rel", "type") if element.get(key))
            yield Candidate(name + shown, raw[:SHOWN], why or ("" if taken else "later"), taken=taken)

    def _against(self, name: str, element: Element) -> str:
        if name in ("link", "atom:link") and element.get("href"):
            named = {word.rpartition("/")[2] for word in (element.get("rel") or "alternate").lower().split()}
            if "alternate" not in named:
                return "relation"
            return "rendering" if fast.NO_PAGE.search(element.get("type", "").lower()) else ""
        if name == "guid":
            said = first(value for key, value in element.items() if key.lower() == "ispermalink")
            if said.strip().lower() in fast.NO_LINK:
                return "no_permalink"
        return "no_address" if name in ("guid", "id") and not absolute(text_of(element), "") else ""

    def _by(self, fields: Fields, entry: Entry) -> Origin:
        value = " · ".join(filter(None, (entry.author, entry.source)))
        found = [(name, person(element)) for name, element in self._all(fields, self._persons)]
        found += [(name, text_of(element)) for name, element in self._all(fields, ("source", "atom:source"))]
        found += [
            ("news:publication", first(text_of(child) for child in element if local(child) == "name"))
            for element in fields.get("news:publication", ())
        ]
        candidates = (
            Candidate(name, raw[:SHOWN], "" if raw in value else "later", taken=raw in value)
            for name, raw in found
            if raw
        )
        return Origin("author", value, tuple(candidates))


KEYS = {
    "identity": ("id", "url", "external_url"),
    "title": ("title",),
    "link": ("url", "external_url", "id"),
    "text": ("content_html", "content_text", "summary"),
}


def _of_json(feed: dict, document: Document, base: str, now: datetime, wanted) -> Iterator[Item]:
    """The items of a JSON Feed, which was read already, with the keys that were there."""
    entries = {id(item): jsonfeed.entry(item, base) for item in feed["items"] if isinstance(item, dict)}
    kept = set(document.entries)
    place = 0
    for item in (one for one in feed["items"] if isinstance(one, dict)):
        entry = entries[id(item)]
        if entry not in kept:
            continue
        if wanted(place, entry):
            yield Item(entry, tuple(_of_keys(item, entry, now)))
        place += 1


def _of_keys(item: dict, entry: Entry, now: datetime) -> Iterator[Origin]:
    values = {origin.field: origin.value for origin in _values(entry)}
    for name, keys in KEYS.items():
        given = (Candidate(key, str(item[key])[:SHOWN]) for key in keys if item.get(key))
        there = bool(values[name])
        yield Origin(
            name,
            values[name],
            _chosen(given, (lambda _candidate: True) if there else (lambda _candidate: False)),
        )
    written = ((key, str(item.get(key) or "")) for key in ("date_published", "date_modified"))
    yield _dated(written, dates.UNKNOWN, entry, now)
    given = (
        Candidate(key, str(item[key])[:SHOWN], taken=True) for key in ("authors", "author") if item.get(key)
    )
    yield Origin("author", values["author"], tuple(given))
