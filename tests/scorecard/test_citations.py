"""Every citation that a page offers, read by a strict reader of its format: BibTeX, RIS, and the line to copy. No
maintained parser of either is among what we install; these read what the formats' grammars allow and nothing else.
"""

import datetime
import html
import re

import pytest
import time_machine

from scorecard.pages.frame import Citation

# Every kind of page in both languages; quick runs leave it to the whole suite.
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded_once"), pytest.mark.slow]

EVENT = "2025-05-12-geneva-tariff-truce"
CITED = (
    "/", "/next/", "/asks/", "/changed/", "/changed/?period=year", "/changed/?earlier=2025-06-01&later=2025-09-01",
    "/recommendations/trust/", "/actors/us/", f"/events/{EVENT}/", "/data/",
    "/recommendations/trust/?as_of=2025-10-01",
)  # fmt: skip
TAGS = {"TY", "AU", "TI", "PY", "DA", "ET", "UR", "Y2", "ER"}


def bibtex(text):
    """(type, key, fields) of a file of one entry. Braces must close; what TeX acts on must be escaped."""
    head = re.match(r"@([a-z]+)\{([a-z0-9-]+),\n", text)
    rest, fields = text[head.end() :], {}
    while not rest.startswith("}"):
        name = re.match(r"  ([a-z]+) = \{", rest)
        place, depth = name.end(), 1
        while depth:
            depth += {"{": 1, "}": -1}.get(rest[place], 0) if rest[place - 1] != "\\" else 0
            place += 1
        value = rest[name.end() : place - 1]
        if name[1] != "url":
            assert not re.search(r"(?<!\\)[$&%#_~^]", value), value
        assert name[1] not in fields
        fields[name[1]] = value
        rest = rest[place:]
        assert rest[:2] in (",\n", "\n}"), rest[:20]
        rest = rest[2:] if rest.startswith(",") else rest[1:]
    assert rest == "}\n"
    return head[1], head[2], fields


def ris(text):
    """The fields of a file of one record: two letters, two spaces, a hyphen, a space; CR LF; TY first, ER last."""
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    lines = text.removesuffix("\r\n").split("\r\n")
    pairs = [re.fullmatch(r"([A-Z][A-Z0-9])  - (.*)", line).groups() for line in lines]
    assert [tag for tag, _value in pairs][:1] == ["TY"]
    assert pairs[-1] == ("ER", "")
    found = dict(pairs)
    assert len(found) == len(pairs)
    assert found.keys() <= TAGS
    return found


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
@pytest.mark.parametrize("path", CITED)
def test_every_page_that_is_cited_is_found_again_by_each_of_its_citations(client, path, prefix):
    with time_machine.travel("2026-12-02T09:00:00+00:00", tick=False):
        page = html.unescape(client.get(prefix + path).content.decode())
        links = dict(re.findall(r'<a href="([^"]*)">(Permanent address|永久链接|BibTeX|RIS)</a>', page))
        permanent, bib, lines = links
        line = re.search(r'<p class="small" lang="en">(.*?)</p>', page, re.S)[1]
        _kind, _key, fields = bibtex(client.get(bib).content.decode())
        record = ris(client.get(lines).content.decode())
        assert client.get(permanent).status_code == 200
        shown = html.unescape(client.get(permanent).content.decode())
    address = f"http://testserver{permanent}"
    assert re.search(r"[?&]rev=\d", address)
    assert fields["url"] == record["UR"] == address
    assert fields["urldate"] == "2026-12-02"
    assert record["Y2"] == "2026/12/02"
    assert line.endswith(f"{address} (read 2026-12-02).")
    assert ".." not in line.replace("...", "…")
    assert "。." not in line
    assert fields["year"] == record["PY"] == line.split("(")[1][:4]
    assert fields["title"].startswith("{")
    assert record["TI"]
    # The same page: its headline, of the same days.
    headline = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.S)[1]
    if "as_of" not in path:
        days = re.compile(r"\d+")
        assert days.findall(re.search(r"<h1[^>]*>(.*?)</h1>", shown, re.S)[1]) == days.findall(headline)


@pytest.mark.parametrize(
    "title", ["A law.", "法律。", 'A "law" {of} 100 % & more_', "A law\nof two lines", "A law…"]
)
def test_no_title_breaks_a_citation(title):
    day = datetime.date(2026, 12, 2)
    cited = Citation("law", title, "https://s.example/events/law/?rev=7", day, day, "1.1", day, "7")
    assert bibtex(cited.bibtex())[2]["url"] == cited.address
    assert ris(cited.ris())["TI"] == " ".join(title.split())
    assert ".." not in cited.text()
    assert "。." not in cited.text()
    assert "\n" not in cited.text()


@pytest.mark.parametrize(
    "text",
    ["@misc{x,\n  title = {A {law},\n}\n", "@misc{x,\n  title = {100 % more},\n  url = {u}\n}\n", "@misc{}"],
)
def test_the_reader_of_bibtex_is_strict(text):
    with pytest.raises((AssertionError, IndexError, AttributeError, TypeError)):
        bibtex(text)
