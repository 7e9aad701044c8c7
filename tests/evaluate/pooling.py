"""Several reports of one act as one suggestion: by the labelled events, and by what grouping joins itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.evaluate import grouping, stream
from tests.evaluate.figures import Judged
from tests.evaluate.folds import Split
from tracker.clustering import training
from tracker.tagging import Suggestion, Tagger


def by_events(
    judged: Judged, splits: Sequence[Split], taggers: Sequence[Tagger], *, whole: bool = False
) -> Judged:
    """Each report's suggestion pooled with those of its event that came before it (`whole`: with all of them)."""
    found = list(judged.suggestions)
    for split, tagger in zip(splits, taggers, strict=True):
        for places in judged.articles.as_they_come(split.held.tolist()):
            told = [judged.suggestions[at] for at in places]
            for count, at in enumerate(places, start=1):
                found[at] = tagger.pool(told if whole else told[:count])
    return Judged(judged.articles, found)


def by_grouping(judged: Judged, splits: Sequence[Split], taggers: Sequence[Tagger]) -> Judged:
    """Each report's suggestion pooled with those of the story that grouping joined it to by itself.

    The scorer that groups has seen none of the held-out events. The whole stream is grouped, so that a report may
    also be joined to a story of the training side, wrongly, and then takes over what its reports say.
    """
    found, news = list(judged.suggestions), stream.load()
    for split, tagger in zip(splits, taggers, strict=True):
        held = set(split.held.tolist())
        stories = _stories(news, held)
        for places in stories:
            told: list[Suggestion] = []
            for at in places:
                told.append(judged.suggestions[at] if at in held else _tag(tagger, judged.articles.rows[at]))
                if at in held:
                    found[at] = tagger.pool(told)
    return Judged(judged.articles, found)


def _stories(news: stream.Stream, held: set[int]) -> Iterable[list[int]]:
    """What grouping joins, each story's reports in their order; only stories with a held-out report in them."""
    hidden = {news.stories[at] for at in held}
    seen = news.examples(at for at in range(len(news.articles)) if at not in held)
    scorer = training.learnt(seen + news.record(lambda event: event not in hidden))
    stories: dict[object, list[int]] = {}
    for at, story in grouping.by_itself(news.reports, scorer).items():
        stories.setdefault(story, []).append(at)
    return [places for places in stories.values() if not held.isdisjoint(places)]


def _tag(tagger: Tagger, row: dict) -> Suggestion:
    return tagger.tag(row["title"], publisher=row["publisher"] or "")
