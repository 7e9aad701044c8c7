"""A worker that has its imports behind it, polling in a process of its own: orders in, CPU seconds out.

Reads {"fresh": […], "plain": […], "filing": bool} from standard input; needs a migrated DATABASE_URL.
"""

import json
import sys

import django

from tests.bench.cpu import measured


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
    from tracker import languages

    languages.language_of("Bonjour les amis")
    languages.language_of("中美对话")
    parsing.parse(b"<rss><channel><item><title>Act</title></item></channel></rss>", reference_only=True)
    Feed.objects.create(url=url)
    poll_all()
    Feed.objects.all().delete()


def polls_of(urls: list[str]) -> dict:
    """The first poll, then one more of the same documents."""
    from feeds import opml
    from feeds.models import Delivery, Feed, Poll
    from tracker.models import Article

    Feed.objects.pause()
    opml.add([opml.Line(url) for url in urls])
    first, outcomes = measured(poll_all)
    rows = [model.objects.count() for model in (Article, Delivery, Poll)]
    Feed.objects.poll_soon()
    again, unchanged = measured(poll_all)
    return {
        "first": first,
        "again": again,
        "entries": sum(outcome.entries for outcome in outcomes),
        "failed": sum(outcome.failed for outcome in outcomes),
        "unchanged": sum(outcome.kind == "unchanged" for outcome in unchanged),
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
