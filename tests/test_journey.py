"""The main job, end to end.

A real feed is polled by a worker through the broker, an article is kept, an event is proposed with a reason,
an analyst accepts it, the balance moves exactly as the method says, page and API show it.
"""

import csv
import datetime
import json
import re
import urllib.error

import pytest

from scorecard import sentences
from scorecard.method import method_of
from tests.feeds.publisher import Publisher, answering
from tests.scorecard import plain_method
from tests.service import ROOT, Service
from tracker.record import RECOMMENDATIONS

pytestmark = [pytest.mark.slow, pytest.mark.servers]

SAMPLES = sorted(path for path in (ROOT / "tests" / "samples").iterdir() if path.suffix in (".xml", ".json"))
TYPES = {".xml": "application/xml", ".json": "application/feed+json"}
TODAY = datetime.datetime.now(datetime.UTC).date()
COUNTS = """
from tracker.models import Article, Event
from feeds.models import Feed
answer = {
    "polled": Feed.objects.exclude(last_polled_at=None).count(),
    "articles": Article.objects.filter(id__gt=FIRST).count(),
    "waiting": Article.objects.to_file().count(),
    "proposals": Event.objects.open().count(),
}
"""


def opml_of(addresses):
    lines = "".join(f'<outline type="rss" text="{name}" xmlUrl="{url}"/>' for name, url in addresses)
    return f'<?xml version="1.0"?><opml version="2.0"><head/><body>{lines}</body></opml>'


@pytest.fixture(scope="module")
def publisher():
    with Publisher() as publisher:
        yield publisher


@pytest.fixture(scope="module")
def service(tmp_path_factory, redis_url):
    """A seeded service that follows no feed yet, with web and worker running."""
    folder = tmp_path_factory.mktemp("journey")
    with Service(folder, redis_url=redis_url).with_tagger().filled() as service:
        service.first = service.ask(
            "from feeds.models import Feed\nfrom tracker.models import Article\nFeed.objects.all().delete()\n"
            "answer = Article.objects.order_by('-id').values_list('id', flat=True).first()"
        )
        service.start_worker()
        service.start_web()
        yield service


def follow(service, documents, publisher):
    """Serve the documents as feeds, follow them, and wait until all is polled and filed; the counts."""
    addresses = []
    for name, body, kind in documents:
        path = f"/{len(publisher.pages)}-{name}"
        publisher.pages[path] = answering(200, body, {"Content-Type": kind})
        addresses.append((name, publisher.url(path)))
    before = counts(service)
    service.manage("feeds", "import", "-", text=opml_of(addresses))

    def settled():
        service.send("feeds.tasks.dispatch")
        now = counts(service)
        return now if now["polled"] == before["polled"] + len(addresses) and not now["waiting"] else None

    return before, service.wait(settled, "every feed is polled and every article filed")


def counts(service):
    return service.ask(COUNTS.replace("FIRST", str(service.first)))


@pytest.fixture(scope="module")
def followed(service, publisher):
    """Our own samples, in the shapes of real publishers, polled and filed."""
    documents = [(path.name, path.read_bytes(), TYPES[path.suffix]) for path in SAMPLES]
    return follow(service, documents, publisher)


def proposal(service, words):
    """The open proposal that has an article whose title holds `words`."""
    return service.ask(
        "from tracker.models import Event\n"
        f"event = Event.objects.open().get(articles__title__icontains={words!r})\n"
        "answer = {'id': event.id, 'suggestion': event.suggestion, 'reports': event.reports_count}"
    )


def balances(service):
    """What the API says of today's seven balances."""
    found = service.json("/api/v1/scores/")["recommendations"]
    return {slug: found[slug]["balance"]["score"] for slug in RECOMMENDATIONS}


def by_the_book(service, without=""):
    """The seven balances of the last coded day from the exported record, by the second implementation of METHOD.md."""
    records = [json.loads(line) for line in service.manage("export", "events").splitlines()]
    records = [record for record in records if record["id"] != without]
    record = plain_method.Record(records, TODAY, method=method_of(None).version)
    day = datetime.date.fromisoformat(service.json("/api/v1/scores/")["read_on"])
    return {slug: plain_method.reading(record, day, slug)["score"] for slug in RECOMMENDATIONS}


def decide(service, code):
    """Let an analyst decide, as the desk does."""
    return service.ask(
        "from django.contrib.auth import get_user_model\nfrom tracker import triage\n"
        "from tracker.models import Event\n"
        "users = get_user_model().objects\n"
        "analyst, _ = users.get_or_create(username='ada', is_staff=True, is_superuser=True)\n" + code
    )


def test_every_item_of_every_sample_is_an_article_once(service, followed):
    before, after = followed
    assert len(SAMPLES) >= 12
    assert before["articles"] == 0
    assert after["articles"] == 28
    service.ask("from feeds.models import Feed\nFeed.objects.update(next_poll_at=None)\nanswer = 0")
    service.send("feeds.tasks.dispatch")
    assert counts(service)["articles"] == 28


def test_proposals_carry_reasons_in_words(service, followed):
    found = proposal(service, "Additions of Entities to the Entity List")
    labels = found["suggestion"]["labels"]
    assert {"civilian-first"} <= {label["rec"] for label in labels if label["direction"] == -1}
    words = {reason["text"].lower() for label in labels for reason in label["because"]}
    assert any("entity list" in text or "additions" in text for text in words)


def test_a_chinese_item_is_proposed_with_chinese_reasons(service, followed):
    found = proposal(service, "商务部公布对美人工智能芯片反制措施")
    reasons = "".join(
        reason["text"] for label in found["suggestion"]["labels"] for reason in label["because"]
    )
    assert re.search("[一-鿿]", reasons)


def test_what_has_no_bearing_is_kept_but_not_proposed(service, followed):
    states = service.ask(
        "from tracker.models import Article\n"
        "found = Article.objects.filter(title__startswith='Ten keyboards')\n"
        "answer = list(found.values_list('state', flat=True))"
    )
    assert states == ["background"]


def test_nothing_counts_before_a_person_accepted_it(service, followed):
    assert balances(service) == pytest.approx(by_the_book(service), abs=1e-9)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        service.get(f"/events/{proposal(service, 'Additions of Entities')['id']}/")


def test_accepting_moves_exactly_what_the_method_says_on_page_and_api(service, followed):
    before = balances(service)
    event_id = proposal(service, "tightens export controls on advanced AI chips")["id"]
    codes = [
        {"rec": "civilian-first", "direction": -1, "strength": 4, "rationale": "New control."},
        {"rec": "trust", "direction": -1, "strength": 4, "rationale": "A new barrier."},
    ]
    decide(
        service,
        f"triage.accept(Event.objects.get(id={event_id!r}), analyst, assessments={codes!r},\n"
        "  actors=['us'], certainty='confirmed')\nanswer = 0",
    )
    assert balances(service) == before, "the day of the act is not declared complete"
    decide(
        service,
        "from tracker import log\nfrom tracker.models import Completeness\n"
        f"Completeness.objects.create(day='{TODAY}', recorded_at='{TODAY}', note='all feeds read', by=analyst)\n"
        "log.turn()\nanswer = 0",
    )
    after, expected = balances(service), by_the_book(service)
    assert after == pytest.approx(expected, abs=1e-9)
    before = by_the_book(service, without=event_id)
    moved = {slug for slug in RECOMMENDATIONS if abs(after[slug] - before[slug]) > 1e-6}
    assert moved == {"civilian-first", "trust"}
    assert after["trust"] < before["trust"]
    page = service.get("/recommendations/trust/")
    shown = re.search(r'<span class="score">([^<]*)</span>', page).group(1).strip()
    assert shown == sentences.signed(after["trust"])
    assert "New control." in service.get(f"/events/{event_id}/")
    assert service.json(f"/api/v1/events/{event_id}/")["id"] == event_id


def test_dismissing_moves_nothing(service, followed):
    before = balances(service)
    event_id = proposal(service, "Treasury blocks outbound investment")["id"]
    decide(service, f"triage.dismiss(Event.objects.get(id={event_id!r}), analyst, 'no_act')\nanswer = 0")
    assert balances(service) == before
    with pytest.raises(urllib.error.HTTPError, match="404"):
        service.get(f"/events/{event_id}/")


def test_the_log_holds_together(service, followed):
    versions = len(service.manage("export", "events").splitlines())
    assert service.ask("from tracker import log\nanswer = log.verify()") == versions


def recorded(feed_corpus):
    """At least sixty recorded real feeds, among them those with AI-policy items and Chinese ones."""
    with (feed_corpus / "manifest.csv").open(encoding="utf-8") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if row["file"].startswith("real/") and "/history/" not in row["file"]
        ]
    rows = [row for row in rows if 0 < int(row["entries"] or 0) <= 60 and int(row["bytes"]) < 400_000]
    by_policy = sorted(rows, key=lambda row: -int(row["ai_policy_titles"] or 0))[:35]
    by_chinese = sorted(rows, key=lambda row: -int(row["zh_titles"] or 0))[:30]
    chosen = {row["file"]: row for row in by_policy + by_chinese}
    for row in rows:
        if len(chosen) >= 65:
            break
        chosen.setdefault(row["file"], row)
    return list(chosen.values())


def test_recorded_real_feeds_walk_the_same_path(service, followed, feed_corpus):
    with Publisher() as publisher:
        rows = recorded(feed_corpus)
        documents = [
            (
                re.sub(r"[^a-z0-9.]+", "-", row["file"].lower()),
                (feed_corpus / row["file"]).read_bytes(),
                "application/feed+json" if row["file"].endswith(".json") else "application/xml",
            )
            for row in rows
        ]
        before, after = follow(service, documents, publisher)
    assert len(documents) >= 60
    assert after["articles"] - before["articles"] >= 500
    assert after["proposals"] > before["proposals"]
    found = service.ask(
        "from tracker.models import Event\n"
        "answer = [[e.title or e.title_zh, e.suggestion] for e in Event.objects.open().order_by('-priority')]"
    )
    ticked = [
        suggestion for _title, suggestion in found if any(label["ticked"] for label in suggestion["labels"])
    ]
    assert ticked
    assert all(label["because"] for suggestion in ticked for label in suggestion["labels"] if label["ticked"])
    assert any(re.search("[一-鿿]", title) for title, _suggestion in found)
