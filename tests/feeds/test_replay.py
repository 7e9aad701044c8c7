"""Recorded histories of successive polls, in order: exactly the new and the changed, and nothing twice."""

import hashlib
import re
from datetime import UTC, datetime
from itertools import groupby

import pytest

from feeds import parsing, storing
from feeds.models import Delivery, Feed
from feeds.parsing import cleaning
from tracker.models import Article, ArticleVersion

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def histories(feed_corpus):
    """Documents by feed, oldest first."""
    paths = sorted((feed_corpus / "real" / "history").iterdir())
    return {
        name: [path.read_bytes() for path in group]
        for name, group in groupby(paths, key=lambda path: re.sub(r"\.\d+\..*", "", path.name))
    }


def words(entry):
    """What a reader sees of an entry, worked out apart from the code under test."""
    text = f"{entry.title}|{cleaning.body(entry.html) or cleaning.summary(entry.html)}"
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()


def expected(documents):
    """(new, edited) of each document, from sets alone: an id never seen, words never seen under a seen id."""
    seen, counts = {}, []
    for document in documents:
        new = edited = 0
        for entry in {entry.identity: entry for entry in reversed(document.entries)}.values():
            if entry.identity not in seen:
                new += 1
                seen[entry.identity] = {words(entry)}
            elif words(entry) not in seen[entry.identity]:
                edited += 1
                seen[entry.identity].add(words(entry))
        counts.append((new, edited))
    return counts


def replayed(feed, documents):
    return [
        (kept.new, kept.edited)
        for kept in (storing.keep(feed, document.entries, now=NOW) for document in documents)
    ]


def rows():
    return [list(model.objects.order_by("pk").values_list()) for model in (Article, ArticleVersion, Delivery)]


def test_histories_replay_with_exactly_the_new_and_changed_and_a_second_time_write_nothing(histories):
    assert sum(map(len, histories.values())) >= 35
    parsed = {
        name: [parsing.parse(body, base=f"https://{name}.example/feed") for body in bodies]
        for name, bodies in histories.items()
    }
    feeds = {name: Feed.objects.create(url=f"https://{name}.example/feed", title=name) for name in parsed}
    for name, documents in parsed.items():
        assert replayed(feeds[name], documents) == expected(documents), name
    before = rows()
    for name, documents in parsed.items():
        assert replayed(feeds[name], documents) == [(0, 0)] * len(documents), name
    assert rows() == before
