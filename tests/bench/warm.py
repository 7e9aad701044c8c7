"""A worker that has its imports behind it, polling in a process of its own: orders in, CPU seconds out.

Reads {"fresh": […], "plain": […], "filing": bool} from standard input; needs a migrated DATABASE_URL.
"""

import contextlib
import json
import sys
import time
from unittest import mock

import django

from tests.bench.cpu import measured


def beyond_reader() -> list:
    """What a poll of ours does and `reader` does not: the language of an item, one page as one article whoever
    lists it, a copy of the document, a line in the journal."""
    from feeds import answers, polling, storing
    from tracker import text

    doors = [(text, "language_of"), (storing, "met"), (storing, "remember"), (answers, "keep")]
    return [*doors, (polling, "_note")]


def beyond_newsboat() -> list:
    """What newsboat leaves to whoever opens an item: markup made harmless, a summary."""
    from feeds.parsing import cleaning

    return [(cleaning, "body"), (cleaning, "summary_of_clean")]


@contextlib.contextmanager
def noted(doors: list):
    """CPU seconds of this thread inside these functions, in a list of one number."""
    spent = [0.0]

    def through(function):
        def counted(*given, **named):
            started = time.thread_time()
            try:
                return function(*given, **named)
            finally:
                spent[0] += time.thread_time() - started

        return counted

    with contextlib.ExitStack() as stack:
        for module, name in doors:
            stack.enter_context(mock.patch.object(module, name, through(getattr(module, name))))
        yield spent


def poll_all() -> list:
    """Everything due, by the worker's own door; the outcomes."""
    from feeds import polling, scheduling

    outcomes = []
    while batches := scheduling.claim():
        for batch in batches:
            outcomes += polling.poll_batch(batch)
    return outcomes


def warmed(url: str) -> None:
    """One poll of another feed: models of languages, the parser's child, connections."""
    from feeds import parsing
    from feeds.models import Feed
    from tracker import text

    text.language_of("Bonjour les amis")
    text.language_of("中美对话")
    parsing.parse(b"<rss><channel><item><title>Act</title></item></channel></rss>", reference_only=True)
    Feed.objects.create(url=url)
    poll_all()
    Feed.objects.all().delete()


def polls_of(urls: list[str]) -> dict:
    """The first poll, then one more of the same documents."""
    from django.db.models import Max
    from django.db.models.functions import Now

    from feeds import opml
    from feeds.models import Delivery, Feed, Poll
    from tracker.models import Article

    Feed.objects.pause()
    opml.add([opml.Line(url) for url in urls])
    with noted(beyond_reader()) as more, noted(beyond_newsboat()) as cleaned:
        first, outcomes = measured(poll_all)
    rows = [model.objects.count() for model in (Article, Delivery, Poll)]
    # Due again by the clock: "poll now" would ask for the whole document.
    Feed.objects.filter(paused=False).update(next_poll_at=Now())
    last = Feed.objects.aggregate(last=Max("whole_at"))["last"]
    again, unchanged = measured(poll_all)
    return {
        "first": first,
        "more": more[0],
        "cleaned": cleaned[0],
        "again": again,
        "entries": sum(outcome.entries for outcome in outcomes),
        "failed": sum(outcome.failed for outcome in outcomes),
        "unchanged": sum(outcome.kind == "unchanged" for outcome in unchanged),
        "whole": Feed.objects.filter(whole_at__gt=last).count(),
        "written": sum(model.objects.count() for model in (Article, Delivery, Poll)) - sum(rows),
    }


def obey() -> None:
    order = json.load(sys.stdin)
    django.setup()
    warmed(order["plain"][0])
    told = {"fresh": polls_of(order["fresh"])}
    if order.get("filing"):
        from tracker import filing, tagger_versions

        tagger_versions.serving()  # loaded once in a worker's life
        told["filing"], told["filed"] = measured(lambda: filing.file_waiting(seconds=600))
    told["plain"] = polls_of(order["plain"])
    print(json.dumps(told))


if __name__ == "__main__":
    obey()
