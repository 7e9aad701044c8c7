"""What readers of another instance see holds nothing of the first one: every page and every file that it gives out."""

import http.client
import json
import re
from pathlib import Path

import pytest

from tests.service import Service

FOLDER = Path(__file__).resolve().parent / "instances/estuary"

pytestmark = pytest.mark.slow
FIRST = re.compile(
    r"seven|\bUS\b|United States|China|Chinese|Beijing|Washington|op-ed|Graylin|Triolo|\bzh\b|zh-|zh_",
    re.IGNORECASE,
)
# Seven of the twelve.
INNOCENT = re.compile(r"\bseven (?:is|are|has|have)\b")
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
    front = answer(estuary, "/")[2].decode()
    assert "Estuary Scorecard (a sample)" in front
    assert "Of the twelve recommendations, " in front
    assert "since 2 March 2026" in front
    assert "Recommendation 12 of 12" in answer(estuary, "/recommendations/flood-gates/")[2].decode()
    actors = answer(estuary, "/actors/")[2].decode()
    assert "By their acts: Northport advances " in actors
    assert "Southport less Northport" in actors
    assert "All five actors" in actors
    assert "asked the towns on both banks for twelve things" in answer(estuary, "/about/")[2].decode()


def test_it_has_one_language(estuary):
    assert answer(estuary, "/zh-hans/")[0] == 404
    front = answer(estuary, "/")[2].decode()
    assert 'rel="alternate" hreflang' not in front
    assert 'lang="zh' not in front


@pytest.mark.parametrize("address", ["/r/12/", "/r/12", "/r/flood-gates/"])
def test_a_short_address_leads_to_its_recommendation(estuary, address):
    status, headers, _body = answer(estuary, address)
    assert (status, headers["Location"]) == (301, "/recommendations/flood-gates/")


@pytest.mark.parametrize("address", ["/r/13/", "/r/0/", "/r/trust/", "/r/13.csv", "/recommendations/trust/"])
def test_an_address_of_no_recommendation_is_not_found(estuary, address):
    assert answer(estuary, address)[0] == 404
