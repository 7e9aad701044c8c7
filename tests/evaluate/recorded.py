"""The recorded feeds whose items were labelled one by one, as they reach an analyst: parsed, kept, filed, queued.

`seeds/stream.jsonl` holds what each item is; the feed documents themselves lie in the folder `FEED_CORPUS` and
are never part of the project. Folds are of feeds: those that deliver one another's items are always in one fold,
so that nothing learnt knows an item it is asked about. What no label speaks of is left out.
"""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils import timezone

from feeds import entries, parsing, storing
from feeds.models import Delivery, Feed
from tests.evaluate import replayed
from tracker import filing, grouping, second_opinion, tagger_examples, tagger_versions
from tracker.models import Article
from tracker.tagging import Suggestion, Tagger

Row = Mapping[str, Any]

FIRST = ("act", "near", "background")  # an article that several feeds deliver is the first of these


@dataclass(slots=True)
class Item:
    """One article with what it is and which fold of feeds it belongs to."""

    article: int
    feed: str
    fold: int
    kind: str
    lang: str
    event: str | None
    labels: frozenset[tuple[str, int]] = field(default_factory=frozenset)


def folder() -> Path | None:
    """Where the recorded feeds lie, if the environment says so and labelled documents are there."""
    named = os.environ.get("FEED_CORPUS")
    found = Path(named) if named else None
    return found if found and (found / "manifest.csv").exists() and (found / "real").is_dir() else None


def labels() -> list[dict[str, Any]]:
    return list(tagger_examples.lines("stream.jsonl"))


def words(corpus: Path, rows: Sequence[Row]) -> dict[tagger_examples.Item, tuple[str, str]]:
    """Summary and publisher of each labelled item that its document still holds."""
    found = {}
    for _, document, wanted in documents(corpus, rows):
        drafts: dict[str, list[entries.Draft]] = defaultdict(list)
        for entry in document.entries:
            made = entries.draft(
                entry, publisher=document.title, language=document.language, now=timezone.now()
            )
            drafts[made.title].append(made)
        for row in wanted:
            near = drafts.get(row["title"][:500], [])
            for made in [draft for draft in near if draft.url == row["url"]] or near[:1]:
                found[tagger_examples.item_of(row)] = made.summary, made.publisher
    return found


def documents(corpus: Path, rows: Sequence[Row]) -> Iterator[tuple[str, parsing.Document, list[Row]]]:
    """Each labelled feed as its document reads, with the labels of its items."""
    with (corpus / "manifest.csv").open(encoding="utf-8") as file:
        bases = {row["file"]: row["url"] for row in csv.DictReader(file)}
    by_feed: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["feed"] in bases:
            by_feed[row["feed"]].append(row)
    for name, wanted in by_feed.items():
        yield name, parsing.parse((corpus / name).read_bytes(), base=bases[name]), wanted


def keep(corpus: Path, rows: Sequence[Row]) -> list[Item]:
    """Read every labelled feed and store its items as polling does; the items that were found, as they were kept."""
    folds, found = tagger_examples.folds_of_feeds(rows), {}
    for number, (name, document, wanted) in enumerate(documents(corpus, rows)):
        for article, row in _stored(number, document, wanted):
            item = Item(article, name, folds[name], row["kind"], row["lang"], row.get("event"), _pairs(row))
            before = found.get(article)
            if before is None or FIRST.index(item.kind) < FIRST.index(before.kind):
                found[article] = item
    Article.objects.exclude(pk__in=found).delete()
    return list(found.values())


def _stored(number: int, document: parsing.Document, wanted: Sequence[Row]) -> Iterator[tuple[int, Row]]:
    feed = Feed.objects.create(
        url=f"https://recorded.example/{number}",
        title=document.title[:500],
        site_url=document.link[:1000],
        language=document.language[:20],
    )
    storing.keep(feed, document.entries, now=timezone.now())
    listed = Delivery.objects.filter(feed=feed).select_related("article")
    by_title: dict[str, list[Article]] = defaultdict(list)
    for each in listed:
        by_title[each.article.title].append(each.article)
    for row in wanted:
        near = by_title.get(row["title"][:500], [])
        same = [article for article in near if article.url == row["url"]] or near
        if same:
            yield same[0].pk, row


def _pairs(row: Row) -> frozenset[tuple[str, int]]:
    return frozenset((label["rec"], label["direction"]) for label in row.get("labels", ()))


class ByFold:
    """Taggers in one: each article is read by the one that learnt nothing from its feed."""

    def __init__(self, taggers: Mapping[int, Tagger], fold: Callable[[str, str], int]):
        self._taggers, self._fold_of = taggers, fold
        self.model = next(iter(taggers.values())).model

    def tag_many(self, reports: Iterable[Sequence[str]]) -> list[Suggestion]:
        listed = list(reports)
        own = [self._fold_of(report[0], report[1]) for report in listed]
        found: list[Suggestion | None] = [None] * len(listed)
        for fold, tagger in self._taggers.items():
            places = [at for at, each in enumerate(own) if each == fold]
            for at, told in zip(places, tagger.tag_many([listed[at] for at in places]), strict=True):
                found[at] = told
        return [told for told in found if told is not None]

    def pool(self, suggestions: Sequence[Suggestion]) -> Suggestion:
        return next(iter(self._taggers.values())).pool(suggestions)


def file_all(
    items: Sequence[Item], taggers: Mapping[int, Tagger], *, filed: Callable[[], None] = lambda: None
) -> None:
    """File every kept article by the product's own `filing`, each with the tagger of its fold.

    Then, once `filed` was told, a language model's recorded answers are weighed in, and what they bring back is filed.
    """
    fold = {item.article: item.fold for item in items}
    texts = Article.objects.values_list("title", "summary", "pk")
    known = {(title, summary): fold[pk] for title, summary, pk in texts if pk in fold}
    with _serving(ByFold(taggers, lambda title, summary: known[title, summary])):
        while filing.file_waiting(seconds=3600):
            pass
        filed()
        with replayed.endpoint():
            while second_opinion.consult(seconds=3600):
                pass
            while filing.file_waiting(seconds=3600):
                pass


@contextmanager
def _serving(tagger: ByFold) -> Iterator[None]:
    """Let `filing` use this tagger and an index of its own."""
    before = tagger_versions.serving, grouping.STORIES, filing.HABITS
    tagger_versions.serving, grouping.STORIES, filing.HABITS = (
        lambda: tagger,
        grouping.Stories(),
        filing.Habits(),
    )
    try:
        yield
    finally:
        tagger_versions.serving, grouping.STORIES, filing.HABITS = before
