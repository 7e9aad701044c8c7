"""When the record moves the pages follow: corrections, retractions, merges, disputes, coverage, methods."""

import datetime
import re

import pytest
from django.utils import timezone

from scorecard import footing, method
from scorecard.method import Method, Parameters, parameters
from scorecard.models import Dispute
from scorecard.pages import figures
from tests.scorecard import told, worked
from tracker import log, triage
from tracker.models import CoverageDay, Event

# Pages made again and again as the record moves; quick runs leave it to the whole suite.
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded_once"), pytest.mark.slow]

EXAMPLE = worked.example("change over 90 days")
BAN = "ban"


@pytest.fixture
def acts(seeded):
    """The five acts of a worked example beside the seeds, entered today."""
    for item in worked.records(EXAMPLE["events"]):
        triage.enter(
            item | {"id": f"test-{item['id']}", "title": f"Act {item['id']}", "supersedes": []}, "Ada"
        )


def page(client, address, status=200):
    answer = client.get(address)
    assert answer.status_code == status, address
    return told.plain(answer)


def recoded(event_id, **changes):
    known = footing.log()
    latest = [body for body, *_rest in footing.bodies() if body["id"] == event_id][-1]
    triage.enter({**latest, **changes, "recorded_at": None}, "Grace", why="A second look")
    assert len(footing.log()) == len(known) + 1


def test_a_correction_shows_what_exactly_changed_and_who_said_why(client, acts):
    code = {"rec": "trust", "direction": -1, "strength": 2, "ask": None, "rationale": "A proposal only."}
    recoded("test-ban", assessments=[code], certainty="reported")
    html = page(client, "/events/test-ban/")
    assert "Trust: undermines, enacted → undermines, proposal" in html
    assert "certainty: confirmed → reported" in html
    assert "A second look" in html
    assert "Grace" in html
    chinese = page(client, "/zh-hans/changes/")
    assert "互信" in chinese
    assert "重新编码" in chinese


def test_a_correction_moves_the_page_and_its_tag_at_once(client, acts):
    before = client.get("/recommendations/trust/")
    recoded("test-ban", assessments=[])
    after = client.get("/recommendations/trust/", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert after.headers["ETag"] != before.headers["ETag"]
    assert after.content != before.content


def test_a_retracted_event_says_so_and_leaves_the_lists(client, acts):
    recoded("test-say", retracted=True)
    html = page(client, "/events/test-say/")
    assert "This event was retracted" in html
    assert "/challenge/" not in html
    assert "/events/test-say/" not in page(client, "/events/?q=Act+say")
    assert "retracted" in page(client, "/changes/")


def test_a_merged_event_leads_to_what_it_became_for_ever(client, acts, analyst):
    triage.merge(["test-say"], "test-deal", analyst, "The same act")
    triage.merge(["test-deal"], "test-lift", analyst, "The same act again")
    for address in ("/events/test-say/", "/events/test-deal/"):
        answer = client.get(address)
        assert answer.status_code == 301
        assert answer.headers["Location"] == "/events/test-lift/"
    kept = client.get("/zh-hans/events/test-say/?as_of=2026-01-01")
    assert kept.headers["Location"] == "/zh-hans/events/test-lift/?as_of=2026-01-01"


def test_a_proposal_is_no_page_and_a_ring_of_merges_ends(client, acts):
    Event.objects.create(id="test-open", status="proposed", date="2026-01-01", title="Not yet")
    page(client, "/events/test-open/", 404)
    Event.objects.filter(id="test-open").update(status="merged", merged_into="test-ban")
    assert client.get("/events/test-open/").headers["Location"] == "/events/test-ban/"
    Event.objects.filter(id="test-ban").update(status="merged", merged_into="test-open")
    assert client.get("/events/test-open/").status_code == 301


def test_an_event_page_says_how_to_dispute_it_and_what_became_of_disputes(client, acts):
    assert 'href="/events/test-ban/challenge/"' in page(client, "/events/test-ban/")
    event = Event.objects.get(id="test-ban")
    Dispute.objects.create(reference="D-2K4M-7XQ9", event=event, claim="No", source="https://a.example/")
    Dispute.objects.create(
        reference="D-SPAM-SPAM", event=event, claim="Buy", source="https://b.example/", state="spam"
    )
    log.turn()
    html = page(client, "/events/test-ban/")
    assert "D-2K4M-7XQ9" in html
    assert "D-SPAM-SPAM" not in html


def test_a_hostile_title_injects_nothing_into_pages_charts_pictures_and_feeds(client, seeded):
    title = "</title></svg><script>alert(1)</script>\" onload='x' & \u202e\u0000".replace("\u0000", "")
    triage.enter(
        {
            "id": "hostile",
            "date": "2026-07-01",
            "title": title,
            "summary": title,
            "actors": ["us"],
            "assessments": [
                {"rec": "trust", "direction": -1, "strength": 5, "rationale": title, "ask": None}
            ],
            "sources": [{"title": title, "url": "https://a.example/<script>", "publisher": title}],
        },
        "Ada",
        why=title,
    )
    for address in (
        "/",
        "/recommendations/trust/",
        "/events/?q=alert",
        "/events/hostile/",
        "/changes/",
        "/r/trust.svg",
        "/feeds/all.atom",
    ):
        html = page(client, address)
        assert "<script>alert" not in html, address
    assert "nosniff" in client.get("/cite.bib?page=event-hostile").headers["X-Content-Type-Options"]
    assert client.get("/cards/event-hostile.png").headers["Content-Type"] == "image/png"


def test_later_acts_turn_silence_into_coding_in_part(client, seeded):
    assert "later act" not in page(client, "/")
    triage.enter(
        {"id": "late", "date": (today() - datetime.timedelta(2)).isoformat(), "title": "Late"}, "Ada"
    )
    assert "1 later act is on record; it counts once its days are coded." in page(client, "/")
    assert "after the last coded day, not counted yet" in page(client, "/events/")
    assert "no figure counts it before its days are coded" in page(client, "/events/late/")
    assert "Of later acts some are on record" in page(client, "/?method=1.0")
    assert "coded in part" in page(client, "/recommendations/trust/?method=1.0")


def today():
    return timezone.now().date()


def test_days_on_which_few_feeds_answered_are_hatched(client, seeded):
    plain = page(client, "/r/trust.svg")
    for day, alive in ((3, 10), (4, 12), (9, 59)):
        CoverageDay.objects.create(day=datetime.date(2026, 3, day), feeds_alive=alive, feeds_total=60)
    log.turn()
    assert page(client, "/r/trust.svg").count("hatch)") == plain.count("hatch)") + 1


def test_days_in_a_row_make_one_stretch():
    days = [datetime.date(2026, 3, day) for day in (1, 2, 3, 7, 9, 10)]
    found = [(first.day, last.day) for first, last in figures.stretches(days)]
    assert found == [(1, 3), (7, 7), (9, 10)]
    assert list(figures.stretches([])) == []


def test_the_front_page_says_what_was_looked_at(client, seeded):
    assert "none polled by this copy" in page(client, "/")
    CoverageDay.objects.create(
        day=today(), feeds_alive=57, feeds_total=60, waiting=2, oldest_unreviewed=datetime.date(2026, 7, 9)
    )
    log.turn()
    html = page(client, "/")
    assert "57 of 60" in html
    assert "2 proposals, the oldest since 9 July 2026" in html
    assert (
        "57"
        not in re.sub(r"<svg.*?</svg>", "", page(client, "/?as_of=2025-10-01"), flags=re.S)
        .split("What we see")[1]
        .split("Cite")[0]
    )


def test_a_second_method_stands_beside_the_first_with_what_it_did_to_each_score(client, seeded, monkeypatch):
    day = datetime.date(2026, 1, 1)
    older = Method("0.9", Parameters(netting=0.0), day, "The method as first published.")
    monkeypatch.setitem(parameters.METHODS, "0.9", older)
    html = page(client, "/method/?as_of=2026-07-07")
    assert "netting = 0.0" in html
    by_old = method.report(footing.log(), datetime.date(2026, 7, 7), version="0.9")
    by_new = method.report(footing.log(), datetime.date(2026, 7, 7))
    scores = [round(found["recommendations"]["trust"]["balance"]["score"]) for found in (by_old, by_new)]
    assert scores[0] != scores[1]
    row = re.search(r'<th scope="row">Trust</th>((?:<td class="n"[^>]*>[^<]*</td>){3})</tr>', html).group(1)
    cells = re.findall(r">([^<]+)<", row)
    assert [int(cell.replace("−", "-").replace("+", "")) for cell in cells[:2]] == scores
    assert "by method 0.9" in page(client, "/recommendations/trust/?as_of=2026-07-07")


def test_a_past_page_as_known_then_reads_nothing_recorded_later(client, acts):
    yesterday = (today() - datetime.timedelta(1)).isoformat()
    before = page(client, f"/r/trust.json?as_of=2026-07-07&known_at={yesterday}")
    recoded("test-ban", retracted=True)
    assert page(client, f"/r/trust.json?as_of=2026-07-07&known_at={yesterday}") == before


def test_one_request_reads_one_state_of_the_log(seeded):
    with footing.held():
        head, count = footing.head(), len(footing.log())
        triage.enter({"id": "meanwhile", "date": "2026-07-01"}, "Ada")
        assert (footing.head(), len(footing.log())) == (head, count)
    assert footing.head() != head
    assert len(footing.log()) == count + 1
