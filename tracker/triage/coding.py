"""A coding as plain values: checked by the codebook, taken from a suggestion, written as assessments, noted for the
search.

Which events an event may supersede stands here too: earlier ones on record, and never in a circle. The law: whoever
saves an event's words, assessments, status or reports notes for the search first what it looks at, the words and the
codes each as one text in a column. Off the record its reports stand where its sources will be; of a suggestion nothing
is noted that analysts are not shown.
"""

from __future__ import annotations

import calendar
import datetime
import hashlib
import hmac
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from tracker import record as record_format
from tracker import search, text, wording
from tracker.codebook import current
from tracker.models import Article, Assessment, Event, Report
from tracker.triage.statuses import MERGED, Refused, Unexplained
from tracker.wording import words_of

MOST_SOURCES = 40
COMMON = frozenset(
    (
        "a", "after", "an", "and", "are", "as", "at", "be", "by", "for", "from", "in", "is", "its", "new",
        "of", "on", "over", "says", "that", "the", "this", "to", "us", "will", "with",
    )
)  # fmt: skip
_WORD = re.compile(r"[^\W\d_]{2,}|[\u3400-\u9fff]")
NAMED = ("article__title", "article__publisher", "article__url")
SEARCHABLE = ("folded", "folded_title", "codes")
_WORDS = ("id", "title", "title_zh", "summary", "summary_zh", "sources", "status", "suggestion")
_CODES = ("recommendation_id", "direction", "strength", "ask", "rationale")


def checked(event: Event, assessments: Iterable[Any]) -> list[dict[str, Any]]:
    """The assessments in the record's full form and order, or `Refused` with what the codebook says."""
    try:
        record = record_format.check(
            {
                "id": event.id,
                "date": current().start.isoformat(),
                "assessments": [_without_empty(item) for item in assessments],
            }
        )
    except record_format.RecordError as error:
        raise Refused(wording.refusal(error)) from error
    found: list[dict[str, Any]] = record["assessments"]
    return found


def ticked(suggestion: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """The labels that the machine stands behind; the others only help to rank."""
    if not suggestion or suggestion.get("silent"):
        return []
    return [label for label in suggestion.get("labels") or () if label.get("ticked", True)]


def suggested(event: Event) -> list[dict[str, Any]]:
    """What the machine proposes for an event, as assessments. Their rationale is left to people: `drafts`."""
    found = []
    asks = {one.slug: {ask.slug for ask in current().offered_asks(one.slug)} for one in current().offered()}
    for label in ticked(event.suggestion):
        if label.get("rec") in asks and label.get("direction") in record_format.DIRECTIONS:
            ask = label.get("ask")
            found.append(
                {
                    "rec": label["rec"],
                    "direction": label["direction"],
                    "strength": min(5, max(1, int(label.get("strength") or 1))),
                    "ask": ask if ask in asks[label["rec"]] else None,
                    "rationale": "",
                }
            )
    return found


def drafts(event: Event) -> dict[str, str]:
    """What the machine would say in a rationale, by recommendation: offered beside the field, never put into it. A
    model's sentence, where one gave its reason, else the words that led to the code."""
    told = {}
    for label in ticked(event.suggestion):
        because = label.get("because") or ()
        sentences = (str(reason.get("text") or "") for reason in because if reason.get("by"))
        told[str(label.get("rec"))] = next(filter(None, sentences), "") or reason_in_words(because)
    return {rec: text.lenient(draft, 2_000, lines=True) for rec, draft in told.items() if draft}


def offered(event: Event) -> list[dict[str, Any]]:
    """What analysts are shown of that: nothing of a decided event, and nothing where they code without it."""
    return [] if event.status not in Event.OPEN or suggestion_hidden(event) else suggested(event)


def suggestion_hidden(event: Event) -> bool:
    """Whether analysts code it without seeing what the machine suggests."""
    return lot(event.pk, "hidden suggestion") < settings.HIDDEN_SUGGESTION_SHARE


def lot(event_id: str, draw: str) -> float:
    """A number from 0 to 1 that belongs to one event and one draw."""
    key = settings.LOT_KEY.encode()
    return int(hmac.new(key, f"{draw}:{event_id}".encode(), hashlib.sha256).hexdigest()[:12], 16) / 16**12


def as_it_stands(event: Event, by: Any = None) -> list[dict[str, Any]]:
    """The draft that somebody wrote on the proposal, or else what the machine suggests, where `by` is shown it."""
    drafted = [row.line() for row in Assessment.objects.filter(event=event)]
    unseen = by is not None and suggestion_hidden(event)
    return drafted or ([] if unseen else suggested(event))


def tells(reason: Mapping[str, Any]) -> bool:
    """Whether a stored reason says anything: a lone number or a stop word does not, nor what merely weighed much, as
    earlier versions gave it."""
    words = str(reason.get("text") or "")
    return reason.get("kind") != "model" and bool(_WORD.search(words)) and words.strip().lower() not in COMMON


def reason_in_words(because: Iterable[Mapping[str, Any]]) -> str:
    """The words that led to a suggestion, quoted: the report's own; what a model wrote is put into nobody's mouth."""
    words: list[str] = []
    for reason in because:
        if reason.get("by"):
            continue
        found = " ".join(str(reason.get("text") or "").split())
        if tells(reason) and found.lower() not in (word.lower() for word in words):
            words.append(found)
    return "Reported in the words " + ", ".join(f"“{word}”" for word in words[:4]) + "." if words else ""


def put_terms(row: Event, checked: Mapping[str, Any], names: Iterable[str] = record_format.ADDED) -> None:
    """Put on the row what a checked record says, or leaves unsaid, of these keys of format 1.1."""
    for name in names:
        value = checked.get(name, record_format.ADDED[name])
        if name == "until":
            value = record_format.day(value, "until") if value else None
        setattr(row, name, value or "" if name in ("stage", "due") else value)


def put(event: Event, assessments: list[dict[str, Any]], version: str | None = None, by: Any = None) -> None:
    """Make these the event's assessments. Rows of recommendations that stay keep their keys. `by` is the person
    whose words they are, unless they are the machine's draft taken over; None for what a file brought."""
    said = drafts(event) if by is not None else {}
    rows = {row.recommendation_id: row for row in Assessment.objects.filter(event=event)}
    wanted = {line["rec"] for line in assessments}
    Assessment.objects.filter(event=event).exclude(recommendation__in=wanted).delete()
    for line in assessments:
        row = rows.get(line["rec"]) or Assessment(event=event, recommendation_id=line["rec"])
        row.direction, row.strength, row.ask = line["direction"], line["strength"], line["ask"] or ""
        if row.pk is None or row.rationale != line["rationale"]:
            row.words = _whose(line["rationale"], said.get(line["rec"]), by)
        row.rationale, row.rationale_zh = line["rationale"], line.get("rationale_zh", "")
        row.codebook = version or current().version
        row.save()
    # Whatever was prefetched before no longer holds; the log reads what stands now.
    vars(event)["_prefetched_objects_cache"] = {}


def _whose(rationale: str, draft: str | None, by: Any) -> str:
    if by is None or not rationale:
        return Assessment.Words.UNKNOWN
    return Assessment.Words.TAKEN if rationale.split() == (draft or "").split() else Assessment.Words.OWN


def sources_of(event: Event, articles: Iterable[Article] | None = None) -> list[dict[str, Any]]:
    """The sources on record and one for each report, each page once. `articles` are those of the reports, read
    from the database when they are not given."""
    found = list(event.sources)
    seen = {source.get("url") or source.get("title") for source in found}
    if articles is None:
        reporting = Article.objects.filter(reports__event=event).defer("html", "text")
        articles = reporting.order_by("reports__id")[:MOST_SOURCES]
    for article in articles:
        source = article.source()
        source |= {name: text.lenient(source[name], 1_000) for name in ("title", "publisher")}
        if not source["url"].startswith(("http://", "https://")):
            source["url"] = ""
        key = source["url"] or source["title"]
        if key and key not in seen:
            seen.add(key)
            found.append(source)
    return found[:MOST_SOURCES]


def needs_some(assessments: list[Any]) -> None:
    if not assessments:
        raise Refused(
            _("Nothing to accept yet: choose at least one recommendation with direction and strength.")
        )


def need_reasons(event: Event, assessments: Iterable[Mapping[str, Any]]) -> None:
    """`Refused` where a code that was not there before says in no words why."""
    before = set(Assessment.objects.filter(event=event).values_list("recommendation_id", flat=True))
    for line in assessments:
        if not line["rationale"].strip() and (line["rec"] not in before or not event.on_record):
            name = words_of(current()[line["rec"]].short)
            raise Unexplained(
                _(
                    "%(name)s: say in one sentence why; a draft of the machine's is yours once you take it over."
                )
                % {"name": name}
            )


def _without_empty(item: Any) -> Any:
    return {**item, "ask": item.get("ask") or None} if isinstance(item, Mapping) else item


def check_supersedes(event: Event, ids: Iterable[str]) -> None:
    """`Refused` when one of `ids` is the event itself, unknown, not on record, later, or superseded by a
    chain that leads back here. A rumour ends nothing."""
    wanted = list(ids)
    if wanted and event.certainty == "rumoured":
        raise Refused(_("A rumour ends nothing: raise the certainty first, or leave the link out."))
    rows = Event.objects.in_bulk(record_format.ids(wanted))
    for key in wanted:
        earlier = rows.get(key)
        if key == event.pk:
            raise Refused(_("An event cannot supersede itself."))
        if earlier is None:
            raise Refused(_("There is no event %(id)s.") % {"id": key})
        check_on_record(earlier)
        if leads_to(earlier, event.pk):
            raise Refused(
                _("That would be a circle: “%(title)s” already supersedes “%(this)s”.")
                % {"title": str(earlier)[:80], "this": str(event)[:80]}
            )
        own, other = counts_from(event, timezone.now().date()), counts_from(earlier, earlier.recorded_at)
        if (other, earlier.pk) >= (own, event.pk):
            raise Refused(_not_earlier(earlier, event, other, own))


def counts_from(event: Event, recorded: datetime.date | None) -> datetime.date:
    """The day from which the method counts an event whose present version was `recorded` on a day, None in the first
    import: if only the month, the quarter or the year of the act is known, the last day of it, or the day of the
    record, where that is within."""
    if event.date_precision == "day":
        return event.date
    months = {"month": 1, "quarter": 3, "year": 12}[event.date_precision]
    first = (event.date.month - 1) // months * months + 1
    end = first + months - 1
    last = event.date.replace(month=end, day=calendar.monthrange(event.date.year, end)[1])
    within = recorded is not None and event.date.replace(month=first, day=1) <= recorded <= last
    return recorded if recorded is not None and within else last


def _not_earlier(earlier: Event, event: Event, other: datetime.date, own: datetime.date) -> str:
    """Why the one cannot be superseded by the other: of two days, or of one day, on which the ids decide."""
    said = {"title": str(earlier)[:80], "this": str(event)[:80]}
    said |= {"day": str(other), "own": str(own), "id": earlier.pk, "id_of_this": event.pk}
    if not earlier.date_precision == event.date_precision == "day":
        return (
            _(
                "Only an act that counts from an earlier day can be superseded: “%(title)s” counts from %(day)s on, and"
                " “%(this)s” from %(own)s on. Where only a month, a quarter or a year is known, an act counts from the"
                " end of it, so figures would leave this link out. If a report names the day, enter that first."
            )
            % said
        )
    if earlier.date != event.date:
        return (
            _(
                "“%(title)s” is of %(day)s, and “%(this)s” of %(own)s, which is before; only an earlier act can be"
                " superseded."
            )
            % said
        )
    return (
        _(
            "“%(title)s” and “%(this)s” are both dated %(day)s. Of two acts of one day the one whose id sorts last"
            " can supersede the other, and %(id_of_this)s sorts before %(id)s. If one of the dates is wrong, mend that"
            " first."
        )
        % said
    )


def check_on_record(event: Event) -> None:
    """`Refused` with the reason why an event is not, or no longer, on record."""
    said = {"title": str(event)[:80], "id": event.merged_into_id, "status": event.get_status_display()}
    check_not_merged(event)
    if event.on_record and event.retracted:
        raise Refused(_("“%(title)s” is retracted.") % said)
    if not event.on_record:
        raise Refused(_("“%(title)s” is not on record; it is %(status)s.") % said)


def check_not_merged(event: Event) -> None:
    if event.status == MERGED:
        said = {"title": str(event)[:80], "id": event.merged_into_id}
        raise Refused(_("“%(title)s” was merged into %(id)s; do it there, or undo the merger.") % said)


def leads_to(event: Event, target: str) -> bool:
    """Whether a chain of links starts at `event` and reaches `target`."""
    waiting, seen = list(event.supersedes), {event.pk}
    while waiting:
        if target in waiting:
            return True
        seen.update(waiting)
        rows = Event.objects.filter(pk__in=waiting).values_list("supersedes", flat=True)
        waiting = [key for links in rows for key in links if key not in seen]
    return False


def superseding(key: str) -> list[Event]:
    """Events on record that name `key` as superseded, or as put to sleep."""
    # The lists are stored as text, so that both databases can search them; the quotes keep the id whole.
    named = Q(supersedes__icontains=f'"{key}"') | Q(suspends__icontains=f'"{key}"')
    found = Event.objects.filter(named, status__in=Event.ON_RECORD)
    return [event for event in found.order_by("pk") if key in event.supersedes or key in event.suspends]


def note_searchable(
    event: Any,
    lines: Sequence[Mapping[str, Any]] | None = None,
    articles: Iterable[Article] | None = None,
) -> None:
    """Words and codes. `lines` are its assessments, `articles` what reports it; read from the database when they
    are not given."""
    if lines is None:
        lines = [row.line() for row in Assessment.objects.filter(event=event)]
    on_record = event.status in Event.ON_RECORD
    sources = event.sources if on_record else sources_of(event, articles)
    words = {name: getattr(event, name) for name in _WORDS} | {"assessments": lines, "sources": sources}
    event.folded, event.folded_title = text.words_of(words), text.titles_of(words)
    event.codes = search.codes_of(lines or offered(event))


def note_searchable_again(
    keys: Sequence[str], events: Any = Event, assessments: Any = Assessment, reports: Any = Report
) -> None:
    """The columns of many events, written anew inside the caller's transaction; a migration passes the models of
    its own time."""
    lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
    articles: dict[str, list[Article]] = defaultdict(list)
    coded = assessments.objects.filter(event__in=keys).order_by("recommendation__number")
    for key, rec, direction, strength, ask, rationale in coded.values_list("event_id", *_CODES):
        line = {"rec": rec, "direction": direction, "strength": strength, "ask": ask, "rationale": rationale}
        lines[key].append(line)
    rows = list(events.objects.select_for_update().filter(pk__in=keys).only(*_WORDS))
    waiting = [row.pk for row in rows if row.status not in Event.ON_RECORD]
    named = reports.objects.filter(event__in=waiting).order_by("id")
    for key, title, publisher, url in named.values_list("event_id", *NAMED).iterator():
        if len(articles[key]) < MOST_SOURCES:
            articles[key].append(Article(title=title, publisher=publisher, url=url))
    for row in rows:
        note_searchable(row, lines[row.pk], articles[row.pk])
    events.objects.bulk_update(rows, SEARCHABLE, batch_size=100)
