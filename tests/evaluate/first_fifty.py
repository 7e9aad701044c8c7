"""What a newcomer's queue shows first: `python -m tests.evaluate.first_fifty`, with FEED_CORPUS set.

`manage.py run` starts as it would on a new machine, in a folder of its own, and follows recorded feeds that are
served on the loopback: the 45 largest of one fold, read by the model that learnt nothing from any of them. Once all is
filed, the first proposals are printed as the queue orders them: the day, the publisher, what is ticked and why, and,
for whoever judges, what the labels of `seeds/stream.jsonl` call the item.

    --fold N     which fold of feeds (0 to 4; Anthropic's are in 0)
    --first N    how many proposals
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.sax.saxutils import quoteattr

from tests.evaluate import queue, recorded  # sets Django up
from tests.service import Service
from tracker import tagger_examples, tagger_versions, tagging

FEEDS = 45
PATIENCE = 1500  # seconds for polling and filing
LEFT = """
from feeds.models import Feed, Poll
from tracker.models import Article
polled = Poll.objects.values("feed").distinct().count()
answer = [Feed.objects.count() - polled, Article.objects.to_file().count(), Article.objects.count()]
"""
FIRST = """
from tracker.models import Event
def told(event):
    reports = [report.article for report in event.reports.select_related("article").order_by("id")]
    labels = (event.suggestion or {{}}).get("labels") or []
    ticked = [
        (one["rec"], one["direction"], [each["text"] for each in one["because"]]) for one in labels if one["ticked"]
    ]
    return [str(event), str(event.date), [(one.publisher, one.title) for one in reports], ticked]
answer = [told(event) for event in Event.objects.waiting().order_by("-priority", "pk")[:{number}]]
answer.append(Event.objects.waiting().count())
"""


@contextmanager
def served(documents: Sequence[bytes]) -> Iterator[list[str]]:
    """The documents at addresses of the loopback, each on a host of its own, so that none waits for another."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place = self.path.strip("/")
            body = documents[int(place)] if place.isdigit() and int(place) < len(documents) else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("0.0.0.0", 0), Handler)  # nosec B104 - many hosts of the loopback
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        port = server.server_port
        yield [f"http://127.0.1.{number + 1}:{port}/{number}" for number in range(len(documents))]
    finally:
        server.shutdown()
        server.server_close()


def feeds_of(fold: int) -> list[str]:
    """The largest feeds of a fold."""
    rows = recorded.labels()
    folds, sizes = tagger_examples.folds_of_feeds(rows), {}
    for row in rows:
        if folds[row["feed"]] == fold:
            sizes[row["feed"]] = sizes.get(row["feed"], 0) + 1
    return sorted(sizes, key=lambda feed: (-sizes[feed], feed))[:FEEDS]


def instance(folder: Path, fold: int, addresses: Sequence[str]) -> Path:
    """The seeds with these feeds as the starter list and the model that never saw their fold."""
    made = folder / "seeds"
    shutil.copytree(tagger_examples.FOLDER, made)
    lines = "".join(f'<outline type="rss" xmlUrl={quoteattr(url)}/>' for url in addresses)
    (made / "feeds.opml").write_text(f'<opml version="2.0"><body>{lines}</body></opml>', "utf-8")
    corpus = recorded.folder()
    assert corpus is not None
    _, folds = queue.models(corpus, with_meaning=True)
    model = folds[fold]
    assert model is not None
    (made / tagger_versions.SHIPPED).write_bytes(tagging.model.to_bytes(model))
    return made


def wait(service: Service) -> int:
    """Until every feed was read and everything is filed; how many articles there are."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        unread, unfiled, articles = service.ask(LEFT)
        if not unread and not unfiled and articles:
            return articles
        time.sleep(5)
    sys.exit(f"After {PATIENCE} seconds {unread} feeds are unread and {unfiled} articles wait.")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fold", type=int, default=2, choices=range(5))
    parser.add_argument("--first", type=int, default=50)
    options = parser.parse_args()
    corpus = recorded.folder()
    if corpus is None:
        print("FEED_CORPUS names no folder of recorded feeds: nothing can be followed.")
        return
    kinds = {row["title"][:500]: row["kind"] for row in recorded.labels()}
    documents = [(corpus / name).read_bytes() for name in feeds_of(options.fold)]
    with tempfile.TemporaryDirectory() as name, served(documents) as addresses:
        made = instance(Path(name), options.fold, addresses)
        with Service(name, INSTANCE_FOLDER=str(made), LOCAL_FOLDER=f"{name}/local") as service:
            process = service.start("manage.py", "run", log="run")
            service.wait(lambda: service.get("/robots.txt"), "the service answers", process)
            started = time.monotonic()
            articles = wait(service)
            print(
                f"{articles} articles read and filed {time.monotonic() - started:.0f} seconds after the start."
            )
            *proposals, waiting = service.ask(FIRST.format(number=options.first))
    print(f"{waiting} proposals wait; the first {len(proposals)}:\n")
    for place, (title, day, reports, ticked) in enumerate(proposals, start=1):
        labelled = "/".join(sorted({kinds.get(each, "unlabelled") for _, each in reports}))
        codes = ", ".join(f"{rec} {direction:+d}" for rec, direction, _ in ticked) or "nothing ticked"
        reasons = "; ".join(dict.fromkeys(reason for _, _, because in ticked for reason in because))
        print(
            f"{place:3} {title}\n    {day} · {reports[0][0] if reports else '–'} · {len(reports)} reports · {labelled}"
        )
        print(f"    {codes}{': ' + reasons if reasons else ''}")


if __name__ == "__main__":
    main()
