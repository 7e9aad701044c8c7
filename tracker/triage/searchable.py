"""What a search looks at: the words of an event and its codes, each as one text in a column.

The law: whoever saves an event's words, assessments, status or reports notes them first. Off the record its reports
stand where its sources will be; of a suggestion nothing is noted that analysts are not shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tracker import search, text
from tracker.models import Article, Assessment, Event, Report
from tracker.triage import coding

COLUMNS = ("folded", "folded_title", "codes")
_READ = ("id", "title", "title_zh", "summary", "summary_zh", "sources", "status", "suggestion")
_CODE = ("recommendation_id", "direction", "strength", "ask", "rationale")


def note(
    event: Any,
    lines: Sequence[Mapping[str, Any]] | None = None,
    articles: Iterable[Article] | None = None,
) -> None:
    """Words and codes. `lines` are its assessments, `articles` what reports it; read from the database when they
    are not given."""
    if lines is None:
        lines = [row.line() for row in Assessment.objects.filter(event=event)]
    on_record = event.status in Event.ON_RECORD
    sources = event.sources if on_record else coding.sources_of(event, articles)
    words = {name: getattr(event, name) for name in _READ} | {"assessments": lines, "sources": sources}
    event.folded, event.folded_title = text.words_of(words), text.titles_of(words)
    event.codes = search.codes_of(lines or coding.offered(event))


def note_again(
    keys: Sequence[str], events: Any = Event, assessments: Any = Assessment, reports: Any = Report
) -> None:
    """The columns of many events, written anew inside the caller's transaction; a migration passes the models of
    its own time."""
    lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
    articles: dict[str, list[Article]] = defaultdict(list)
    coded = assessments.objects.filter(event__in=keys).order_by("recommendation__number")
    for key, rec, direction, strength, ask, rationale in coded.values_list("event_id", *_CODE):
        line = {"rec": rec, "direction": direction, "strength": strength, "ask": ask, "rationale": rationale}
        lines[key].append(line)
    rows = list(events.objects.select_for_update().filter(pk__in=keys).only(*_READ))
    waiting = [row.pk for row in rows if row.status not in Event.ON_RECORD]
    named = reports.objects.filter(event__in=waiting).order_by("id")
    for key, title, publisher, url in named.values_list("event_id", *coding.NAMED).iterator():
        if len(articles[key]) < coding.MOST_SOURCES:
            articles[key].append(Article(title=title, publisher=publisher, url=url))
    for row in rows:
        note(row, lines[row.pk], articles[row.pk])
    events.objects.bulk_update(rows, COLUMNS, batch_size=100)
