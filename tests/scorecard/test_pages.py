"""The public pages: the same figures as everywhere, safe with hostile input, cached until the log moves."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree
import zipfile

import pytest
from django.core.management import call_command
from django.utils import timezone, translation

from scorecard import footing, sentences, vocabulary
from scorecard.pages.frame import structured
from tests.scorecard import told
from tracker import record
from tracker.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded_once")]

EVENT = "2025-05-12-geneva-tariff-truce"
DAYS = ("", "?as_of=2025-10-01", "?as_of=2025-06-01&known_at=2026-07-07")
PATHS = (
    "/",
    "/recommendations/trust/",
    "/events/",
    f"/events/{EVENT}/",
    "/actors/",
    "/actors/china/",
    "/method/",
    "/data/",
    "/about/",
    "/changes/",
    "/embed/all/",
    "/embed/trust/",
)


def scored(*arguments):
    """What `manage.py score` prints."""
    out = io.StringIO()
    call_command("score", *arguments, stdout=out)
    return json.loads(out.getvalue())


def figures(html):
    """Every score with its band on a page, as the reader sees them, in order."""
    found = re.findall(r'<span class="score">([^<]*)</span>\s*<span class="range">([^<]*)</span>', html)
    return [(score.strip(), band.strip()) for score, band in found]


def shown(balance):
    return sentences.signed(balance["score"]), sentences.band(balance["low"], balance["high"])


def page(client, address, status=200):
    answer = client.get(address)
    assert answer.status_code == status, address
    return told.plain(answer)


@pytest.mark.slow
@pytest.mark.parametrize("query", DAYS)
def test_every_figure_on_a_page_equals_the_score_command(client, seeded, query):
    named = dict(pair.split("=") for pair in query.lstrip("?").split("&") if pair)
    asked = [f"--as-of={named['as_of']}"] if "as_of" in named else [f"--as-of={today()}"]
    if "known_at" in named:
        asked.append(f"--known-at={named['known_at']}")
    report = scored(*asked)
    expected = [shown(report["recommendations"][slug]["balance"]) for slug in record.RECOMMENDATIONS]
    served = client.get(f"/api/v1/scores/{query}").json()["recommendations"]
    for slug, entry in report["recommendations"].items():
        del entry["balance"]["acts"]
        assert served[slug] == entry
    overview = figures(page(client, f"/{query}"))
    assert overview[:7] == expected
    assert overview[7] == shown(report["overall"])
    assert figures(page(client, f"/embed/all/{query}")) == expected
    by_actor = {
        actor: scored(*asked, f"--actor={actor}")["recommendations"]
        for actor in ("us", "china", "multilateral")
    }
    for number, slug in enumerate(record.RECOMMENDATIONS):
        found = figures(page(client, f"/recommendations/{slug}/{query}"))
        assert found[0] == expected[number]
        assert [shown(by_actor[actor][slug]["balance"]) for actor in by_actor] == found[-3:]
    compared = figures(page(client, f"/actors/{query}"))
    wanted = [
        shown(by_actor[actor][slug]["balance"])
        for slug in record.RECOMMENDATIONS
        for actor in ("us", "china")
    ]
    assert compared == wanted
    assert figures(page(client, f"/actors/china/{query}")) == [
        shown(by_actor["china"][slug]["balance"]) for slug in record.RECOMMENDATIONS
    ]


def today():
    return timezone.now().date().isoformat()


def test_files_hold_the_exact_figures(client, seeded):
    report = scored("--as-of=2026-07-07")["recommendations"]
    document = json.loads(page(client, "/r/all.json?as_of=2026-07-07"))
    rows = list(csv.DictReader(io.StringIO(page(client, "/r/all.csv?as_of=2026-07-07"))))
    for slug in record.RECOMMENDATIONS:
        balance = report[slug]["balance"]
        assert document["recommendations"][slug]["balance"]["score"] == balance["score"]
        last = [row for row in rows if row["recommendation"] == slug][-1]
        assert last["date"] == "2026-07-07"
        assert float(last["score"]) == pytest.approx(balance["score"], abs=1e-9)
        assert float(last["low"]) == pytest.approx(balance["low"], abs=1e-6)
        assert len(document["recommendations"][slug]["series"]["score"]) == 533


def test_the_zip_explains_itself_and_is_the_same_bytes_every_time(client, seeded):
    first, second = (client.get("/r/3.zip?as_of=2026-07-07&known_at=2026-07-07").content for _ in range(2))
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.namelist() == ["series.csv", "metadata.json", "readme.md"]
        columns = json.loads(archive.read("metadata.json"))["columns"]
        assert archive.read("series.csv").decode().splitlines()[0] == ",".join(columns)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("language", ["", "/zh-hans"])
def test_each_page_stands_in_both_languages(client, seeded, path, language):
    html = page(client, language + path)
    assert f'<html lang="{"zh-Hans" if language else "en"}">' in html
    if not path.startswith("/embed"):
        assert html.count("<h1") == 1
        for tag in ("en", "zh-Hans", "x-default"):
            assert f'hreflang="{tag}"' in html


@pytest.mark.parametrize("path", PATHS[:10])
def test_a_page_is_answered_from_cache_until_the_record_moves(
    client, seeded, path, django_assert_max_num_queries
):
    first = client.get(path)
    tag = first.headers["ETag"]
    with django_assert_max_num_queries(2):
        warm = client.get(path)
    assert warm.content == first.content
    with django_assert_max_num_queries(2):
        unchanged = client.get(path, headers={"If-None-Match": tag})
    assert unchanged.status_code == 304
    assert not unchanged.content
    assert client.get(path, headers={"If-None-Match": f'W/{tag}, "other"'}).status_code == 304
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", PATHS[:10])
def test_cold_pages_need_few_queries(client, seeded, path, django_assert_max_num_queries):
    footing.log()  # a process reads the log once, then only its new lines
    with django_assert_max_num_queries(15):
        page(client, path + "?as_of=2026-05-05")


def test_pages_set_no_cookie_and_may_be_kept_by_proxies(client, seeded):
    for path in PATHS:
        answer = client.get(path)
        assert not answer.cookies
        assert "public" in answer.headers["Cache-Control"]
        assert "Cookie" not in answer.headers.get("Vary", "")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_pages_take_no_writing(client, db, method):
    assert getattr(client, method)("/").status_code == 405


@pytest.mark.parametrize(
    "query",
    [
        "as_of=yesterday",
        "as_of=2099-01-01",
        "as_of=2024-12-31",
        "known_at=2025-02-30",
        "as_of=%00",
        "as_of=%3Cscript%3E",
    ],
)
def test_a_day_that_cannot_be_shown_is_refused_in_words(client, db, query):
    for path in (
        "/",
        "/recommendations/trust/",
        "/events/",
        "/r/trust.csv",
        "/cards/overview.png",
        "/zh-hans/",
    ):
        html = page(client, f"{path}?{query}", status=400)
        assert "<script>" not in html
        assert "2025-01-21" in html


def test_a_filter_that_means_nothing_is_said_beside_the_form(client, seeded):
    html = page(client, "/events/?actor=martians", status=400)
    assert "us, china, multilateral" in html


@pytest.mark.parametrize(
    "path",
    [
        "/recommendations/nothing/",
        "/events/nothing/",
        "/actors/martians/",
        "/r/8",
        "/r/nothing.csv",
        "/embed/nothing/",
        "/embed/all/badge.svg",
        "/cards/nothing.png",
        "/cards/event-nothing.png",
        "/cite.bib?page=nothing",
        "/feeds/recommendations/nothing.atom",
        "/feeds/actors/martians.json",
    ],
)
def test_what_does_not_exist_is_not_found(client, db, path):
    assert client.get(path).status_code == 404


def test_a_short_address_leads_to_the_recommendation_and_keeps_the_day(client, db):
    answer = client.get("/r/3?as_of=2025-10-01")
    assert answer.status_code == 301
    assert answer.headers["Location"] == "/recommendations/misuse/?as_of=2025-10-01"


def test_a_past_page_says_so_and_keeps_its_day_in_every_link(client, seeded):
    html = page(client, "/recommendations/trust/?as_of=2025-10-01")
    assert "You are reading the scorecard as of 1 October 2025" in html
    links = re.findall(r'href="(/(?:recommendations|events|actors|method)/[^"]*)"', html)
    assert links
    assert all("as_of=2025-10-01" in link for link in links if not link.endswith("/recommendations/trust/"))
    assert '<meta name="robots" content="noindex">' in html


def test_only_what_had_happened_by_the_day_is_on_its_page(client, seeded):
    html = page(client, "/events/?as_of=2025-03-01")
    dates = re.findall(r'class="when">[^<]*?(\d{1,2} \w+ \d{4})', html)
    assert dates
    assert all(re.search(r"(January|February|March) 2025", date) for date in dates)


def test_search_finds_a_chinese_word_inside_a_sentence(client, seeded):
    found = page(client, "/events/?q=稀土")
    assert re.search(r"<p class=\"small soft\">([1-9]\d*) events?</p>", found)
    nothing = page(client, "/events/?q=没有这样的事件")
    assert "0 events" in nothing


@pytest.mark.slow
def test_every_page_of_the_sitemap_exists(client, seeded):
    root = ElementTree.fromstring(page(client, "/sitemap.xml"))
    addresses = [item.text for item in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert len(addresses) == len(set(addresses))
    assert len(addresses) == 2 * (14 + 7 + 7 + Event.objects.accepted().count())
    for address in addresses[:44]:
        path = "/" + address.split("/", 3)[3]
        assert client.get(path).status_code == 200, path


def test_machines_are_told_what_this_is(client, seeded):
    assert "Sitemap:" in page(client, "/robots.txt")
    text = page(client, "/llms.txt")
    report = scored(f"--as-of={today()}")["recommendations"]
    for slug in record.RECOMMENDATIONS:
        balance = report[slug]["balance"]
        word, score = balance["label"], round(balance["score"])
        assert f"{word}, {score} (" in text or f"{word} (not firm), {score} (" in text


@pytest.mark.parametrize("name", ["all", "recommendations/trust", "actors/us"])
def test_feeds_are_valid_and_say_the_same_in_both_formats(client, seeded, name):
    atom = ElementTree.fromstring(page(client, f"/feeds/{name}.atom"))
    items = json.loads(page(client, f"/feeds/{name}.json"))["items"]
    space = "{http://www.w3.org/2005/Atom}"
    assert [entry.findtext(f"{space}id") for entry in atom.findall(f"{space}entry")] == [
        item["id"] for item in items
    ]
    assert items


def test_an_embedded_card_may_be_framed_and_a_page_may_not(client, seeded):
    card = client.get("/embed/trust/")
    again = client.get("/embed/trust/")
    for answer in (card, again):
        assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in answer.headers
    assert "frame-ancestors 'none'" in client.get("/").headers["Content-Security-Policy"]
    # A 304 must not take the general policy to the browser, in place of the card's own that it holds.
    unchanged = client.get("/embed/trust/", headers={"if-none-match": card.headers["ETag"]})
    assert unchanged.status_code == 304
    assert not {"Content-Security-Policy", "X-Frame-Options"} & set(unchanged.headers)


def test_pictures_are_pictures(client, seeded):
    for path in (
        "/r/all.png",
        "/r/trust.png",
        "/cards/overview.png",
        f"/cards/event-{EVENT}.png",
        "/zh-hans/cards/trust.png",
    ):
        answer = client.get(path)
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.content.startswith(b"\x89PNG")
        assert len(answer.content) < 300_000
    for path in ("/r/all.svg", "/r/trust.svg", "/embed/trust/badge.svg", "/embed/trust/sparkline.svg"):
        ElementTree.fromstring(page(client, path))


def test_citations_pin_both_dates(client, seeded):
    text = page(client, f"/cite.bib?page=event-{EVENT}&as_of=2026-01-31&known_at=2026-02-01")
    assert "as_of=2026-01-31&known_at=2026-02-01" in text
    assert text.startswith("@misc{")
    assert page(client, "/cite.ris?page=trust").startswith("TY  - DATA")


def test_the_scorecard_says_what_it_does_not_know(client, seeded):
    assert "the last coded day" in page(client, "/")
    assert "No coding since" in page(client, "/?method=1.0")
    assert "Not yet measured" in page(client, "/method/")
    assert "nobody has reviewed" in page(client, f"/events/{EVENT}/")


def test_answers_are_compressed_for_those_who_ask(client, seeded):
    packed = client.get("/", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.content) < len(plain.content) / 3
    assert len(packed.content) < 100_000
    assert "Accept-Encoding" in packed.headers["Vary"]


def test_structured_data_cannot_end_its_element_early(client, seeded):
    text = structured({"name": "</script><script>alert(1)</script>&\u2028"})
    assert "<" not in text
    assert json.loads(text)["name"].startswith("</script>")


def test_headlines_follow_the_language(seeded, client):
    with translation.override("zh-hans"):
        assert vocabulary.short_name("trust") in page(client, "/zh-hans/recommendations/trust/")
    assert footing.head() is not None
