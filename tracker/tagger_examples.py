"""Labelled reports: what the tagger learns from, and which of them are most like another report.

The law: a person's word outweighs the first edition. An event that somebody has decided or corrected
teaches what it says now; one that was dismissed teaches that it touches nothing. What nobody looked at
teaches only when the machine itself is all but certain that it is ordinary news.

Precedents, near misses among them, come from the record, the seeds and what people decided. Likeness is that of pieces
of words, in any language.
"""

from __future__ import annotations

import datetime
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone

from tracker import rows, text
from tracker.models import Article, Decision, Event, Report
from tracker.tagging.training import FOLDS, Example, fold_of

Item = tuple[str, str, str]

FOLDER = settings.INSTANCE_FOLDER
FILES = ("cues.jsonl", "articles.jsonl", "events.jsonl", "headlines.jsonl", "contrasts.jsonl", "stream.jsonl")
STREAM_KINDS = {"act": "act", "near": "near miss", "background": "background"}
CONTRAST_KINDS = {"act": "written", "near": "written near", "background": "written ordinary"}
ORDINARY_SHARE = 3  # of the stream's ordinary news every third item teaches, and stands for three
LONG_ENOUGH = 25  # characters of a title that two feeds do not share by chance
BACKGROUND_SHARE = 0.05
MOST_BACKGROUND = 2000
MOST_DECIDED = 20_000

ACTS, NEAR = 4, 2  # precedents of each kind that are shown
MOST_LOOKED_AT = 400  # of the precedents most alike
PRECEDENT_KINDS = ("act", "near miss", "decision", "near decision")
_lock = threading.Lock()
_kept: dict[str, Any] = {"hour": None, "index": None}

_DISMISSED_AS = {Event.Dismissal.NOT_RELEVANT, Event.Dismissal.NO_ACT}


def seeded(words: Mapping[Item, tuple[str, str]] | None = None) -> list[Example]:
    """The labelled pages, the record's own texts in both languages, what was written, and the labelled stream.

    `words`: summary and publisher of the stream's items, which no seed file holds. Without them the meaning of the
    sentence that tells most in each is known all the same: `meanings.npz` keeps it under `telling_in` its title.
    """
    events = {event["id"]: event for event in lines("events.jsonl")}
    articles = list(lines("articles.jsonl"))
    return [
        *_pages(articles, events),
        *_record(events.values()),
        *_written(lines("headlines.jsonl")),
        *_contrasts(lines("contrasts.jsonl")),
        *_stream(list(lines("stream.jsonl")), words or {}),
    ]


def telling_in(title: str) -> str:
    """The name under which the meaning of an item's most telling sentence is kept where the sentence itself is not."""
    return f"the telling sentence under: {title}"


def item_of(row: Mapping[str, Any]) -> Item:
    """What names one labelled item of the stream: feed, address, title."""
    return row["feed"], row["url"], row["title"]


def folds_of_feeds(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """The fold of each feed of the stream, so that feeds which share items are in one and acts are spread evenly."""
    groups = _feed_groups(rows)
    acts: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for row in rows:
        acts[groups[row["feed"]]] += row["kind"] == "act"
        size[groups[row["feed"]]] += 1
    fold_of_group: dict[str, int] = {}
    filled = [(0, 0, fold) for fold in range(FOLDS)]
    for group in sorted(size, key=lambda group: (-acts[group], -size[group], group)):
        some, many, fold = min(filled)
        fold_of_group[group] = fold
        filled[filled.index((some, many, fold))] = (some + acts[group], many + size[group], fold)
    return {feed: fold_of_group[group] for feed, group in groups.items()}


def _feed_groups(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The group of each feed: those that share an address or a long title are one."""
    leader: dict[str, str] = {}

    def root(feed: str) -> str:
        leader.setdefault(feed, feed)
        while leader[feed] != feed:
            feed = leader[feed]
        return feed

    first: dict[str, str] = {}
    for row in rows:
        title = row["title"].lower() if len(row["title"]) > LONG_ENOUGH else ""
        for mark in filter(None, (title, row["url"])):
            one, other = root(first.setdefault(mark, row["feed"])), root(row["feed"])
            leader[max(one, other)] = min(one, other)
    return {feed: root(feed) for feed in list(leader)}


def decided() -> list[Example]:
    """The reports of every event that a person decided, with what the event says now."""
    events = Event.objects.filter(decided_by__isnull=False).prefetch_related("assessments")
    known = {event.id: event for event in events if _teaches(event)}
    reports = Report.objects.filter(event__in=known).select_related("article").order_by("-id")[:MOST_DECIDED]
    return [_decided(known[report.event_id], report.article) for report in reports]


def decided_by_publisher() -> dict[str, tuple[int, int]]:
    """How many reports of each publisher people coded, and how many they dismissed as no act."""
    no_act = Q(event__status=Event.Status.DISMISSED, event__dismissal__in=_DISMISSED_AS)
    rows = (
        Report.objects.filter(event__decided_by__isnull=False)
        .exclude(article__publisher="")
        .values("article__publisher")
        .annotate(
            coded=Count("pk", filter=Q(event__status__in=Event.ON_RECORD)),
            dismissed=Count("pk", filter=no_act),
        )
    )
    return {row["article__publisher"]: (row["coded"], row["dismissed"]) for row in rows}


def decided_since(moment: datetime.datetime | None) -> bool:
    """Whether a person has decided anything since then, or ever."""
    decisions = Decision.objects.filter(by__isnull=False)
    events = Event.objects.filter(decided_by__isnull=False)
    if moment is None:
        return decisions.exists() or events.exists()
    return decisions.filter(at__gt=moment).exists() or events.filter(decided_at__gt=moment).exists()


def unrelated() -> list[Example]:
    """The newest articles of the installation's own stream that are almost certainly ordinary news."""
    stream = Article.objects.filter(
        state=Article.State.BACKGROUND, relevance__lt=BACKGROUND_SHARE, events=None
    ).order_by("-id")[:MOST_BACKGROUND]
    return [
        Example(
            each.title,
            (),
            f"page:{each.title_key or each.pk}",
            "background",
            each.summary,
            each.publisher,
            delivered=True,
        )
        for each in stream
    ]


def lines(name: str) -> Iterator[dict[str, Any]]:
    """The objects of a seed file; an optional file that is not there has none."""
    path = FOLDER / name
    if path.exists():
        with path.open("rb") as binary:
            yield from (line for _number, line in rows.json_lines(binary))


def without(examples: Iterable[Example], groups: set[str]) -> list[Example]:
    return [one for one in examples if one.group not in groups]


def _teaches(event: Event) -> bool:
    return event.on_record or (event.status == Event.Status.DISMISSED and event.dismissal in _DISMISSED_AS)


def _decided(event: Event, article: Article) -> Example:
    assessed = list(event.assessments.all()) if event.on_record else []
    is_near = event.dismissal == Event.Dismissal.NO_ACT
    return Example(
        title=article.title,
        labels=tuple((each.recommendation_id, each.direction) for each in assessed),
        group=event.id,
        kind="near decision" if is_near else "decision",
        delivered=True,
        summary=article.summary,
        publisher=article.publisher,
        strengths=tuple(each.strength for each in assessed),
        asks=tuple(each.ask or None for each in assessed),
    )


def _pages(articles: Iterable[dict[str, Any]], events: dict[str, dict[str, Any]]) -> Iterator[Example]:
    for page in articles:
        codes = {code["rec"]: code for code in events.get(page["event"], {}).get("assessments", ())}
        labels = [(label["rec"], label["direction"]) for label in page["labels"]]
        own = [codes.get(rec, {}) for rec, _ in labels]
        yield Example(
            title=page["title"],
            labels=tuple(labels),
            group=page["event"] or f"page:{' '.join(page['title'].lower().split())}",
            kind="act" if labels else page["kind"],
            publisher=page["publisher"] or "",
            strengths=tuple(code["strength"] for code in own if code),
            asks=tuple(code.get("ask") for code in own),
        )


def _record(events: Iterable[dict[str, Any]]) -> Iterator[Example]:
    for event in events:
        codes = event["assessments"]
        for tail in ("", "_zh"):
            if event[f"title{tail}"]:
                yield Example(
                    title=event[f"title{tail}"],
                    labels=tuple((code["rec"], code["direction"]) for code in codes),
                    group=event["id"],
                    kind="record",
                    summary=event[f"summary{tail}"],
                    strengths=tuple(code["strength"] for code in codes),
                    asks=tuple(code["ask"] for code in codes),
                )


def _stream(rows: list[dict[str, Any]], words: Mapping[Item, tuple[str, str]]) -> Iterator[Example]:
    folds = folds_of_feeds(rows)
    for row in rows:
        kind, item = STREAM_KINDS[row["kind"]], item_of(row)
        if kind == "background" and fold_of("|".join(item), ORDINARY_SHARE):
            continue
        codes = row.get("labels", ())
        summary, publisher = words.get(item, ("", ""))
        yield Example(
            title=row["title"],
            labels=tuple((code["rec"], code["direction"]) for code in codes),
            group=f"stream:{row.get('event') or ' '.join(row['title'].lower().split())}",
            kind=kind,
            summary=summary,
            publisher=publisher,
            strengths=tuple(code["strength"] for code in codes),
            asks=tuple(code.get("ask") for code in codes),
            delivered=True,
            fold=folds[row["feed"]],
            stands_for=float(ORDINARY_SHARE) if kind == "background" else 1.0,
            telling="" if words else telling_in(row["title"]),
        )


def _written(headlines: Iterable[dict[str, Any]]) -> Iterator[Example]:
    for number, line in enumerate(headlines):
        labels = tuple((label["rec"], label["direction"]) for label in line["labels"])
        yield Example(line["title"], labels, f"written:{number}", "written")


def _contrasts(items: Iterable[dict[str, Any]]) -> Iterator[Example]:
    """Invented items in sets: of one situation reports of the act, near misses, and ordinary items beside them."""
    for item in items:
        labels = tuple((label["rec"], label["direction"]) for label in item["labels"])
        kind, group = CONTRAST_KINDS[item["kind"]], f"written:{item['set']}"
        yield Example(item["title"], labels, group, kind, item["summary"])


class Precedents:
    """Labelled reports, ready to be compared with others."""

    def __init__(self, examples: Sequence[Example]):
        # Here and not above: scikit-learn takes seconds to import, and only who asks a model needs it.
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._examples = list({one.title: one for one in examples if _is_precedent(one)}.values())
        self._spelling = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=2, dtype=np.float32
        )
        words = [_plain(one.title) for one in self._examples]
        self._rows = self._spelling.fit_transform(words) if len(words) > 1 else None

    def nearest(self, title: str, summary: str = "", without: Collection[str] = ()) -> list[Example]:
        """The most alike, the nearest first: some acts and some that are none. `without`: groups left out."""
        if self._rows is None:
            return []
        row = self._spelling.transform([_plain(f"{title} {summary[:300]}")])
        likeness = (self._rows @ row.T).toarray().ravel()
        chosen: list[int] = []
        for wanted, is_act in ((ACTS, True), (NEAR, False)):
            told: set[str] = set(without)  # of each act one report
            for at in np.argsort(-likeness)[:MOST_LOOKED_AT].tolist():
                one = self._examples[at]
                if len(told) - len(set(without)) == wanted or likeness[at] <= 0:
                    break
                if bool(one.labels) is is_act and one.group not in told:
                    told.add(one.group)
                    chosen.append(at)
        return [self._examples[at] for at in sorted(chosen, key=lambda at: -likeness[at])]


def known_precedents() -> Precedents:
    """Those of the record, of the seeds and of all decisions, gathered anew every hour."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    with _lock:
        if _kept["hour"] != hour:
            people = decided()
            first = without(seeded(), {one.group for one in people})
            _kept.update(hour=hour, index=Precedents([*first, *people, *_on_record()]))
        index: Precedents = _kept["index"]
        return index


def _on_record() -> list[Example]:
    """The events on record by their titles, as they are coded now."""
    rows = Event.objects.accepted().prefetch_related("assessments").only("pk", "title", "title_zh")
    return [
        Example(
            event.title or event.title_zh,
            tuple((each.recommendation_id, each.direction) for each in event.assessments.all()),
            event.pk,
            strengths=tuple(each.strength for each in event.assessments.all()),
            asks=tuple(each.ask or None for each in event.assessments.all()),
        )
        for event in rows
    ]


def _is_precedent(one: Example) -> bool:
    return one.kind in PRECEDENT_KINDS and (bool(one.labels) or one.is_near)


def _plain(words: str) -> str:
    return text.lower(text.fold(words, 600))
