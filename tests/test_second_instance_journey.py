"""What readers of another instance see holds nothing of the first one: every page and every file that it gives out,
and all that leaves it by itself on the way of one item, from its feed to a reader's letter and a program's hook.
"""

import email
import email.policy
import http.client
import json
import re
import shutil
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from tests.feeds.publisher import Publisher, answering
from tests.scorecard.alerts.postbox import Postbox
from tests.scorecard.alerts.receiver import Receiver
from tests.service import Service

FOLDER = Path(__file__).resolve().parent / "instances/estuary"

pytestmark = pytest.mark.slow
FIRST = re.compile(
    r"seven|\bUS\b|United States|China|Chinese|Beijing|Washington|op-ed|Graylin|Triolo|\bzh\b|zh-|zh_",
    re.IGNORECASE,
)
# Seven of the twelve.
INNOCENT = re.compile(r"\bseven(?:\s|<[^>]*>)+(?:is|are|has|have|lean)\b")
HEADERS = ("Content-Language", "Content-Disposition", "Link", "Location", "Content-Security-Policy")
EVENT = json.loads((FOLDER / "events.jsonl").read_text("utf-8").split("\n")[0])["id"]
ADDRESSES = (
    "/",
    "/recommendations/night-rest/",
    "/recommendations/flood-gates/",
    "/actors/",
    "/actors/port-authority/",
    "/method/",
    "/method/acts.json",
    "/data/",
    "/about/",
    "/changes/",
    "/events/",
    f"/events/{EVENT}/",
    f"/events/{EVENT}/challenge/",
    "/alerts/",
    "/disputes/",
    "/r/1.svg",
    "/r/12.csv",
    "/r/all.csv",
    "/r/all.json",
    "/r/all.svg",
    "/embed/night-rest/",
    "/embed/all/",
    f"/embed/event-{EVENT}/",
    "/embed/night-rest/badge.svg",
    "/embed/night-rest/sparkline.svg",
    "/cite.bib",
    "/cite.ris?page=night-rest",
    "/feeds/all.atom",
    "/feeds/all.json",
    "/feeds/recommendations/night-rest.atom",
    "/feeds/recommendations/night-rest/actors/port-authority.json",
    "/robots.txt",
    "/sitemap.xml",
    "/llms.txt",
    "/nothing-here/",
)


@pytest.fixture(scope="module")
def estuary(tmp_path_factory):
    folder = tmp_path_factory.mktemp("estuary")
    with Service(folder, INSTANCE_FOLDER=str(FOLDER)).filled(seeds=False) as service:
        service.manage("seed", "-v0")
        service.start_web()
        yield service


def answer(service, address):
    """Status, headers and body, redirects not followed."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
    connection.request("GET", address)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, dict(response.getheaders()), body


def words(service, address):
    """A page in which what keeps words on one line is a space."""
    return answer(service, address)[2].decode().replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_of_the_first_instance_is_told(estuary, address):
    status, headers, body = answer(estuary, address)
    assert status == (404 if address == "/nothing-here/" else 200), body[-500:]
    told = body.decode() + "\n".join(headers.get(name, "") for name in HEADERS)
    assert sorted(set(FIRST.findall(INNOCENT.sub("", told)))) == []


def test_a_card_is_drawn_for_each_kind_of_page(estuary):
    for name in ("overview", "actors", "night-rest", "actor-port-authority", f"event-{EVENT}"):
        status, headers, body = answer(estuary, f"/cards/{name}.png")
        assert (status, headers["Content-Type"], body[:4]) == (200, "image/png", b"\x89PNG"), name


def test_it_tells_its_own_names_and_numbers(estuary):
    front = words(estuary, "/")
    assert "Estuary Scorecard (a sample)" in front
    assert "Of the twelve recommendations, " in front
    assert "since 2 March 2026" in front
    assert "Recommendation 12 of 12" in words(estuary, "/recommendations/flood-gates/")
    actors = answer(estuary, "/actors/")[2].decode()
    assert "By their acts: Northport advances " in actors
    assert "Southport less Northport" in actors
    assert "All five actors" in actors
    assert "asked the towns on both banks for twelve things" in answer(estuary, "/about/")[2].decode()


def test_it_has_one_language(estuary):
    assert answer(estuary, "/zh-hans/")[0] == 404
    front = words(estuary, "/")
    assert 'rel="alternate" hreflang' not in front
    assert 'lang="zh' not in front


@pytest.mark.parametrize("address", ["/r/12/", "/r/12", "/r/flood-gates/"])
def test_a_short_address_leads_to_its_recommendation(estuary, address):
    status, headers, _body = answer(estuary, address)
    assert (status, headers["Location"]) == (301, "/recommendations/flood-gates/")


@pytest.mark.parametrize("address", ["/r/13/", "/r/0/", "/r/trust/", "/r/13.csv", "/recommendations/trust/"])
def test_an_address_of_no_recommendation_is_not_found(estuary, address):
    assert answer(estuary, address)[0] == 404


PAGES = """
from django.conf import settings
from django.test import Client
settings.ALLOWED_HOSTS = ["*"]
answer = {}
for address in ("/", "/actors/", "/actors/northport/", "/recommendations/night-rest/", "/method/", "/embed/all/",
                "/cards/actors.png", "/api/v1/views/", "/api/v1/scores/?sensitivity=true"):
    page = Client().get(address)
    answer[address] = [page.status_code, b"less Northport" in page.content or b"less Southport" in page.content]
"""


def test_a_codebook_that_compares_nobody_has_all_its_pages(tmp_path):
    folder = tmp_path / "nobody"
    shutil.copytree(FOLDER, folder)
    book = json.loads((folder / "codebook.json").read_text("utf-8"))
    pair = book.pop("compared")
    book["beside"] = []
    for ask in (ask for each in book["recommendations"] for ask in each["asks"]):
        if ask["mode"] != "any":
            ask.setdefault("actors", pair)
    (folder / "codebook.json").write_text(json.dumps(book))
    with Service(tmp_path, INSTANCE_FOLDER=str(folder)).filled(seeds=False) as service:
        service.manage("seed", "-v0")
        assert set(map(tuple, service.ask(PAGES).values())) == {(200, False)}


# One item's way: a worker polls its feed, an analyst's program accepts what was proposed, everybody hears of it.

ADA = """
from django.contrib.auth import get_user_model
get_user_model().objects.create_superuser("ada", password="correct horse battery")
answer = 0
"""
PROPOSED = """
from tracker.models import Event
found = Event.objects.open().filter(articles__title__startswith="Northport builds shore power").first()
answer = found and [found.id, [label["rec"] for label in found.suggestion["labels"] if label["ticked"]], found.actors]
"""


@pytest.mark.servers
def test_one_item_from_its_feed_to_page_api_letter_and_hook(tmp_path, redis_url):
    with Publisher() as publisher, Postbox() as post, Receiver() as receiver:
        environment = {"INSTANCE_FOLDER": str(FOLDER), "EMAIL_URL": f"smtp://127.0.0.1:{post.port}"}
        with Service(tmp_path, redis_url=redis_url, **environment).filled(seeds=False) as service:
            service.manage("seed", "-v0")
            service.ask(ADA)
            service.start_worker()
            service.start_web()
            key = service.manage(
                "keys", "issue", "a program", "--account", "ada", *_scopes("decide", "webhooks")
            ).strip()
            hook = _sent(service, "webhooks/", {"url": receiver.url}, key)
            _subscribe(service, post)
            before = service.json("/api/v1/scores/")["recommendations"]
            event, recommendations, actors = _proposed(service, publisher)
            assert recommendations == ["shore-power"]
            assert actors == ["northport"]
            accepted = {
                "certainty": "reported",
                "assessments": [
                    {"rec": "shore-power", "direction": 1, "strength": 4, "rationale": "Money is granted."}
                ],
            }
            _sent(
                service,
                f"events/{event}/decisions/",
                {"deed": "accept", "changes": accepted, "why": "read"},
                key,
            )
            after = service.json("/api/v1/scores/")["recommendations"]
            moved = {
                slug for slug in after if after[slug]["balance"]["score"] != before[slug]["balance"]["score"]
            }
            assert moved == {"shore-power"}
            _nothing_of_the_first(service.get(f"/events/{event}/"), service.get("/feeds/all.atom"))
            service.send("scorecard.tasks.send_webhooks")
            service.send("scorecard.tasks.send_mails")
            service.wait(lambda: receiver.calls and len(post.letters) == 2, "letter and hook have left")
            ((headers, body),) = receiver.calls
            assert Verifier(hook["secret"]).verify(body, headers)["data"]["record"]["id"] == event
            letter = _text(post.letters[1])
            assert "Northport builds shore power at the grain quay" in letter
            _nothing_of_the_first(body.decode(), letter, _text(post.letters[0]))


def _scopes(*names):
    return [word for name in names for word in ("--scope", name)]


def _sent(service, path, body, key=""):
    """What the API answers to a program."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(f"{service.address}/api/v1/{path}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def _subscribe(service, post):
    """A reader asks for letters at once, and says yes by the link of the first one."""
    _sent(service, "subscriptions/", {"email": "reader@estuary.example", "rhythm": "instant"})
    service.send("scorecard.tasks.send_mails")
    service.wait(lambda: post.letters, "the question to the address has left")
    link = re.search(r"http://\S+/alerts/confirm/\S+", _text(post.letters[0]))[0]
    urllib.request.urlopen(urllib.request.Request(link, b"", method="POST"), timeout=30).close()


def _proposed(service, publisher):
    """Its feed followed by the list of feeds; the proposal made of the first item, with its codes and actors."""
    publisher.pages["/feed.xml"] = answering(
        200, (FOLDER / "feed.xml").read_bytes(), {"Content-Type": "application/rss+xml"}
    )
    address = urllib.parse.urlsplit(publisher.url("/")).netloc
    feeds = (FOLDER / "feeds.opml").read_text("utf-8").replace("ADDRESS", address)
    service.ask("from feeds.models import Feed\nFeed.objects.all().delete()\nanswer = 0")
    service.manage("feeds", "import", "-", text=feeds)

    def proposed():
        service.send("feeds.tasks.dispatch")
        return service.ask(PROPOSED)

    return service.wait(proposed, "the item is proposed")


def _text(letter):
    """Subject and text of a letter as it was sent."""
    read = email.message_from_bytes(letter, policy=email.policy.default)
    return f"{read['Subject']}\n{read.get_body(('plain',)).get_content()}"


def _nothing_of_the_first(*told):
    for text in told:
        assert sorted(set(FIRST.findall(INNOCENT.sub("", text)))) == []
