"""Our feeds in real readers: feedparser (on which `reader` and many others stand), fastfeedparser and our own see
the same entries; a grammar of RFC 4287 and a schema of JSON Feed 1.1 find nothing wrong in them.

The well-known validators run on the web only; grammar and schema lie beside this file, written for these tests.
"""

import json
from io import BytesIO
from pathlib import Path

import fastfeedparser
import feedparser
import jsonschema
import pytest
from lxml import etree

from feeds import parsing
from tests.scorecard import cast
from tracker import triage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recommendations")]
ATOM = "{http://www.w3.org/2005/Atom}"
HERE = Path(__file__).parent
FEEDS = ("all", "recommendations/trust", "actors/us", "recommendations/trust/actors/us")


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
    assert slow.entries[0].title.startswith("已撤回：" if prefix else "Retracted: ")
    first = "法律（2025年6月1日）" if prefix else 'A <b>law</b> & "more" (1 June 2025)'
    assert slow.entries[-1].title == first


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
@pytest.mark.parametrize("name", FEEDS)
def test_our_own_reader_reads_the_same_from_both(client, changes, name, prefix):
    """What `feeds` keeps of a publisher's entry it finds in ours: no other service would fare worse."""
    read = [
        parsing.parse(client.get(f"{prefix}/feeds/{name}{ending}").content, base="https://s.example/", **more)
        for ending in (".atom", ".json")
        for more in ({}, {"reference_only": True})
    ]
    seen = [
        [
            (entry.identity, entry.link, entry.title, entry.html, entry.published or entry.updated)
            for entry in document.entries
        ]
        for document in read
    ]
    assert seen[0]
    assert all(each == seen[0] for each in seen)


def valid(body):
    """Held against the grammar, with the line and the reason of each fault."""
    feed = etree.fromstring(body)
    grammar = etree.RelaxNG(etree.parse(HERE / "atom.rng"))
    grammar.validate(feed)
    assert not list(grammar.error_log)
    return feed


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
@pytest.mark.parametrize("name", FEEDS)
def test_atom_holds_what_the_standard_demands(client, changes, name, prefix):
    answer = client.get(f"{prefix}/feeds/{name}.atom")
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    feed = valid(answer.content)
    entries = feed.findall(f"{ATOM}entry")
    # What the grammar cannot say: an author for all, one self, no two alternates alike, ids unlike, newest first.
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None
    (own,) = [link for link in feed.findall(f"{ATOM}link") if link.get("rel") == "self"]
    assert own.get("href") == f"http://testserver{prefix}/feeds/{name}.atom"
    for each in (feed, *entries):
        links = [
            (link.get("rel", "alternate"), link.get("type"), link.get("hreflang"))
            for link in each.findall(f"{ATOM}link")
        ]
        assert len(links) == len(set(links))
        assert ("alternate", "text/html", None) in links
    ids = [entry.findtext(f"{ATOM}id") for entry in (feed, *entries)]
    assert len(ids) == len(set(ids))
    moments = [entry.findtext(f"{ATOM}updated") for entry in entries]
    assert moments == sorted(moments, reverse=True)
    assert feed.findtext(f"{ATOM}updated") == moments[0]


def test_a_feed_of_both_holds_what_touches_both(client, changes):
    cast.put("third", rec="trust", actors=["china"])
    items = json.loads(client.get("/feeds/recommendations/trust/actors/china.json").content)["items"]
    assert [item["url"].rpartition("/events/")[2] for item in items] == ["third/"]
    for name in (
        "recommendations/trust/actors/martians",
        "actors/us/actors/us",
        "recommendations/x/actors/us",
    ):
        assert client.get(f"/feeds/{name}.atom").status_code == 404


def test_a_feed_of_nothing_is_valid_too(client):
    valid(client.get("/feeds/all.atom").content)
    held(json.loads(client.get("/feeds/all.json").content))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("<title>", "<title><b/>"), ("<updated>2", "<updated>x2"), ("<rights>", "<rights/><rights>"),
        ('rel="self"', 'rel="sel"'), ("<id>http", "<id>no address http"), ("<author>", "<author><email>e</email>"),
        ("</entry>", "<id>http://a.example/</id></entry>"), ("</entry>", "<x xmlns='urn:x'/></entry>"),
    ],
)  # fmt: skip
def test_the_grammar_finds_what_is_wrong(client, changes, right, wrong):
    body = client.get("/feeds/all.atom").content.decode()
    assert right in body
    with pytest.raises(AssertionError):
        valid(body.replace(right, wrong, 1).encode())


def held(document):
    schema = json.loads((HERE / "jsonfeed.json").read_text())
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(document)


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
@pytest.mark.parametrize("name", FEEDS)
def test_json_feed_holds_what_the_standard_demands(client, changes, name, prefix):
    answer = client.get(f"{prefix}/feeds/{name}.json")
    assert answer.headers["Content-Type"].startswith("application/feed+json")
    document = json.loads(answer.content)
    held(document)
    assert document["feed_url"] == f"http://testserver{prefix}/feeds/{name}.json"
    assert len({item["id"] for item in document["items"]}) == len(document["items"])
    for name in ("title", "version", "items"):
        with pytest.raises(jsonschema.ValidationError):
            held({key: value for key, value in document.items() if key != name})


def test_an_entry_keeps_its_id_when_more_is_written(client, changes):
    before = {item["id"] for item in json.loads(client.get("/feeds/all.json").content)["items"]}
    cast.put("third")
    after = {item["id"] for item in json.loads(client.get("/feeds/all.json").content)["items"]}
    assert before < after
    assert len(after - before) == 1
