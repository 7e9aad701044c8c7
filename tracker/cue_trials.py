"""What a changed cue would change: the newest articles read with it and without it, before it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tracker import tagger_versions, tagging
from tracker.models import Article, Cue

TRIED = 300  # articles, the newest
MOVED = 0.05  # of relevance, below which nobody would notice


@dataclass(frozen=True, slots=True)
class Change:
    """One article that would be read otherwise: its codes and its relevance, before and after."""

    article: Article
    before: list[dict[str, Any]]
    after: list[dict[str, Any]]
    relevance: tuple[float, float]


def built(cue: Mapping[str, Any] | None, instead_of: str = "") -> tagging.cues.Cues:
    """All active cues with this one in the place of the one of that name; `CueError` where a rule would be left
    without a cue that it names."""
    rows = [{"kind": row.kind, "name": row.key, **row.body} for row in Cue.objects.filter(active=True)]
    names = {instead_of, cue["name"] if cue else ""}
    kept = [row for row in rows if row["name"] not in names]
    return tagging.cues.build([*kept, cue] if cue else kept)


def tried(cue: Mapping[str, Any] | None, instead_of: str = "") -> tuple[int, list[Change]]:
    """How many articles were read, and those that would be read otherwise with this cue (as `tagging.cues.build`
    takes it; None switches it off) in the place of the one of that name. `CueError` as `built`."""
    listed = built(cue, instead_of)
    articles = list(Article.objects.defer("html", "text", "suggestion").order_by("-pk")[:TRIED])
    reports = [
        {"title": each.title, "summary": each.summary, "publisher": each.publisher} for each in articles
    ]
    now = tagger_versions.serving()
    then = tagger_versions.with_cues(listed)
    found = []
    for article, one, other in zip(articles, now.tag_many(reports), then.tag_many(reports), strict=True):
        before, after = _codes(one), _codes(other)
        if _pairs(before) != _pairs(after) or abs(one.relevance - other.relevance) >= MOVED:
            found.append(Change(article, before, after, (one.relevance, other.relevance)))
    return len(articles), found


def _codes(suggestion: tagging.Suggestion) -> list[dict[str, Any]]:
    return [
        {"rec": label.rec, "direction": label.direction, "strength": label.strength}
        for label in suggestion.labels
        if label.ticked
    ]


def _pairs(codes: list[dict[str, Any]]) -> set[tuple[str, int]]:
    return {(code["rec"], code["direction"]) for code in codes}
