"""Our feeds in real readers: feedparser, fastfeedparser and our own reader see the same entries; what RFC 4287
and JSON Feed 1.1 demand is there."""

import json
import re
from io import BytesIO
from xml.etree import ElementTree

import fastfeedparser
import feedparser
import pytest

from tests.scorecard import cast
from tracker import triage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recommendations")]
ATOM = "{http://www.w3.org/2005/Atom}"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
FEEDS = ("all", "recommendations/trust", "actors/us")


@pytest.fixture
def changes(analyst):
    cast.put("law", title='A <b>law</b> & "more" \x0b', title_zh="法律")
    triage.edit("law", analyst, {"title": "A law"}, "a typing error")
    triage.edit("law", analyst, {"certainty": "reported"}, "one outlet only")
    cast.put("other", rec="misuse", actors=["china"])
    triage.retract("law", analyst, "never was")


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
@pytest.mark.parametrize("name", FEEDS)
def test_readers_agree_on_what_changed(client, changes, name, prefix):
    body = client.get(f"{prefix}/feeds/{name}.atom").content
    document = json.loads(client.get(f"{prefix}/feeds/{name}.json").content)
    slow, fast = feedparser.parse(BytesIO(body)), fastfeedparser.parse(body)
    assert not slow.bozo
    ids = [entry.id for entry in slow.entries]
    assert ids == [entry.id for entry in fast.entries] == [item["id"] for item in document["items"]]
    assert len(ids) == len(set(ids)) == (4 if name == "all" else 3)
    assert all(entry.link.startswith("http://testserver/") for entry in slow.entries)
    assert slow.entries[0].title.startswith("retracted: ")
    title = "法律" if prefix else 'A <b>law</b> & "more"'
    assert slow.entries[-1].title.strip() == f"2025-06-01 {title}"


@pytest.mark.parametrize("name", FEEDS)
def test_atom_holds_what_the_standard_demands(client, changes, name):
    answer = client.get(f"/feeds/{name}.atom")
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(answer.content)
    assert feed.tag == f"{ATOM}feed"
    for each in (feed, *feed.iter(f"{ATOM}entry")):
        for name_ in ("id", "title", "updated"):
            assert len(each.findall(f"{ATOM}{name_}")) == 1
        assert MOMENT.fullmatch(each.findtext(f"{ATOM}updated"))
        assert re.match(r"(https?|tag):", each.findtext(f"{ATOM}id"))
    (own,) = [link for link in feed.findall(f"{ATOM}link") if link.get("rel") == "self"]
    assert own.get("href") == f"http://testserver/feeds/{name}.atom"
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None
    moments = [entry.findtext(f"{ATOM}updated") for entry in feed.iter(f"{ATOM}entry")]
    assert moments == sorted(moments, reverse=True)
    assert feed.findtext(f"{ATOM}updated") == moments[0]


@pytest.mark.parametrize("name", FEEDS)
def test_json_feed_holds_what_the_standard_demands(client, changes, name):
    answer = client.get(f"/feeds/{name}.json")
    assert answer.headers["Content-Type"].startswith("application/feed+json")
    document = json.loads(answer.content)
    assert document["version"] == "https://jsonfeed.org/version/1.1"
    assert document["feed_url"] == f"http://testserver/feeds/{name}.json"
    for item in document["items"]:
        assert isinstance(item["id"], str)
        assert item["content_text"]
        assert MOMENT.fullmatch(item["date_published"])


def test_an_entry_keeps_its_id_when_more_is_written(client, changes):
    before = {item["id"] for item in json.loads(client.get("/feeds/all.json").content)["items"]}
    cast.put("third")
    after = {item["id"] for item in json.loads(client.get("/feeds/all.json").content)["items"]}
    assert before < after
    assert len(after - before) == 1
