"""The pages that tell what changed, what comes next and how far each ask got: every sentence is the record's."""

import datetime
import html
import json
import re

import pytest
import time_machine
from django.utils import translation

from scorecard import querystring, standings
from scorecard.pages import reading
from scorecard.pages.frame import Citation
from scorecard.pages.views import timeline
from tracker import triage
from tracker.codebook import current

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded_once")]

CODED = datetime.date(2026, 7, 7)
FIGURE = re.compile(r"[+−]?\d+\.\d")
# Forty days over the whole record, each with one of the three periods.
DAYS = [CODED - datetime.timedelta(days=13 * place) for place in range(40)]


def read_on(day):
    return reading.Reading(
        querystring.Clock(day, None, datetime.date(2026, 11, 29), day != datetime.date(2026, 11, 29))
    )


def told(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, path
    return html.unescape(answer.content.decode())


def number(text):
    return float(text.replace("−", "-").replace("+", ""))


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_sentence_of_change_is_what_two_reports_and_their_acts_say(language, seeded):
    """By another path than the page: the balances of two days, and which acts stand on each of them."""
    for place, day in enumerate(DAYS):
        earlier = timeline.start_of(day, list(timeline.MONTHS)[place % 3])
        read = read_on(day)
        with translation.override(language):
            found = timeline.moves_between(read, earlier, day)
            sentences = {move.slug: move.sentence() for move in found.found}
        reports = [standings.report(each)["recommendations"] for each in (earlier, day)]
        for move in found.found:
            first, last = (report[move.slug]["balance"] for report in reports)
            figures = [number(text) for text in FIGURE.findall(sentences[move.slug])]
            parts = (move.new, move.ended, move.faded)
            assert sum(parts) == pytest.approx(last["score"] - first["score"], abs=1e-9), (day, move.slug)
            assert figures[-1] == round(move.faded, 1)
            for level in (first["score"], last["score"]):
                near = min(abs(level - figure) for figure in figures)
                assert near <= 0.05 + 1e-9, (day, sentences[move.slug])
            standing = [{act["id"] for act in report[move.slug]["balance"]["acts"]} for report in reports]
            assert {mover.act.id for mover in move.new_acts} <= standing[1]
            assert not {mover.act.id for mover in move.new_acts} & standing[0]
            assert not {mover.act.id for mover in move.ended_acts} & standing[1]


def test_a_finding_names_what_moved_by_enough_and_nothing_else(client, seeded):
    text = told(client, "/changed/?as_of=2026-07-07&period=year")
    title = re.search(r"<h1[^>]*>(.*?)</h1>", text)[1]
    before, after = (standings.report(CODED.replace(year=year))["recommendations"] for year in (2025, 2026))
    for slug in current().slugs:
        points = after[slug]["balance"]["score"] - before[slug]["balance"]["score"]
        assert (str(current()[slug].short) in title) == (abs(points) >= 5), slug
    assert "must not come after" in html.unescape(
        client.get("/changed/?earlier=2026-05-01&later=2026-04-01").content.decode()
    )
    assert client.get("/changed/?earlier=yesterday").status_code == 400
    assert told(client, "/changed/?period=nonsense")
    assert told(client, "/zh-hans/changed/?earlier=2025-01-21&later=2025-01-21")


def terms_on_record(read):
    """(day, id) of every act with a term of its own that counts on the day of the reading, off the raw records."""
    ended = {each for record in read.records for each in record["supersedes"]}
    return sorted(
        (record["until"], record["id"])
        for record in read.counted
        if (record.get("until") or "") > str(read.read_on) and record["id"] not in ended
    )


def test_what_comes_next_is_what_acts_on_record_say(client, seeded):
    read = read_on(datetime.date(2026, 11, 29))
    with translation.override("en"):
        found = read.upcoming
    assert [(str(term.day), term.act.id) for term in found.terms] == terms_on_record(read)
    for item in found.pending:
        assert item.age == (CODED - read.start(read.record(item.act.id))).days
    text = told(client, "/next/")
    for term in found.terms:
        assert term.act.title in text
    said = client.get("/api/v1/next/?as_of=2026-11-29").json()
    assert said["read_on"] == CODED.isoformat()
    assert [(each["day"], each["event"]) for each in said["terms"]] == terms_on_record(read)
    assert [each["passed"] for each in said["terms"]] == [term in found.passed() for term in found.terms]
    assert [(each["due"], each["what"]) for each in said["dues"]] == [
        (due.named, due.what) for due in found.dues
    ]
    assert [(each["event"], each["days"]) for each in said["pending"]] == [
        (item.act.id, item.age) for item in found.pending
    ]
    assert client.get(f"/api/v1/next/?as_of=2026-11-29&rev={said['rev']}").json() == said


def test_an_entry_leaves_the_calendar_when_an_act_answers_it(client, seeded):
    truce = {
        "id": "a-truce", "date": "2026-03-02", "title": "A truce, for a year; and more", "until": "2027-03-02",
        "due": "2026-12", "due_what": "talks resume", "due_what_zh": "恢复会谈", "certainty": "confirmed",
        "assessments": [{"rec": "trust", "direction": 1, "strength": 3, "rationale": "A truce."}],
    }  # fmt: skip
    triage.enter(truce, "Ada")
    with time_machine.travel("2026-11-29T09:00:00+00:00", tick=False):
        answer = client.get("/next/calendar.ics")
        assert answer["Content-Type"].startswith("text/calendar")
        lines = answer.content.decode().split("\r\n")
        assert all(len(line.encode()) <= 75 for line in lines)
        whole = answer.content.decode().replace("\r\n ", "").split("\r\n")
        assert (whole[0], whole[-2:]) == ("BEGIN:VCALENDAR", ["END:VCALENDAR", ""])
        uids = [line for line in whole if line.startswith("UID:")]
        assert len(uids) == len(set(uids)) == whole.count("BEGIN:VEVENT")
        assert "SUMMARY:Term ends: A truce\\, for a year\\; and more" in whole
        assert "DTSTART;VALUE=DATE:20270302" in whole
        assert "SUMMARY:Due: talks resume (some time in December 2026)" in whole
        assert "恢复会谈" in told(client, "/zh-hans/next/calendar.ics").replace("\r\n ", "")
        triage.enter(
            truce
            | {"id": "renewed", "date": "2026-06-01", "title": "It is renewed", "supersedes": ["a-truce"]},
            "Ada",
        )
        later = told(client, "/next/calendar.ics").replace("\r\n ", "")
        assert "a-truce" not in later
        assert "term-renewed@" in later


def test_the_map_of_asks_says_what_delivery_says(client, seeded):
    report = standings.report(CODED)["recommendations"]
    asks = [ask for slug in current().slugs for ask in report[slug]["delivery"]["asks"]]
    text = told(client, "/asks/?as_of=2026-07-07")
    shown = re.findall(r'<td class="n"[^>]*><strong>([^<]*)</strong></td>', text)
    assert shown == [f"{round(ask['value'])}" if ask["rated"] else "–" for ask in asks]
    assert f"of the {len(asks)} asks" in re.search(r"<h1[^>]*>(.*?)</h1>", text)[1].lower()


def test_the_first_page_says_whose_recommendations_these_are(client, seeded):
    source = current().source
    text = told(client, "/")
    for said in (source.title, source.publisher, source.url, *source.authors):
        assert said in text
    assert source.url in told(client, "/zh-hans/")


def test_a_brief_holds_the_figures_of_its_pages(client, seeded):
    for language in ("", "/zh-hans"):
        whole, trust = (
            told(client, f"{language}/brief/"),
            told(client, f"{language}/recommendations/trust/brief/"),
        )
        scores = re.findall(r'<span class="score">([^<]*)</span>', told(client, f"{language}/"))
        number_ = current()["trust"].number - 1
        assert re.findall(r'<span class="score">([^<]*)</span>', whole) == scores[: len(current())]
        assert re.findall(r'<span class="score">([^<]*)</span>', trust) == [scores[number_]]
    assert client.get("/recommendations/nothing/brief/").status_code == 404


@pytest.mark.parametrize(
    ("asked", "leads_to"),
    [
        ("/zh/", "/zh-hans/"), ("/zh", "/zh-hans/"), ("/zh-Hans/", "/zh-hans/"), ("/en/about/", "/about/"),
        ("/zh-cn/events/?actor=us&q=a%20b", "/zh-hans/events/?actor=us&q=a%20b"), ("/en-GB/", "/"),
        ("/en//evil.example/", "/evil.example/"),
    ],
)  # fmt: skip
def test_a_language_however_it_is_spelled_leads_to_ours(client, asked, leads_to):
    answer = client.get(asked)
    assert (answer.status_code, answer["Location"]) == (301, leads_to)


def test_the_other_language_keeps_what_was_asked_for(client, seeded):
    text = client.get("/events/?actor=china&q=chips&as_of=2026-01-31").content.decode()
    assert 'href="/zh-hans/events/?actor=china&amp;q=chips&amp;as_of=2026-01-31"' in text


def test_a_citation_has_one_full_stop_after_its_title():
    day = datetime.date(2026, 7, 7)
    for title in ("A finding", "A finding.", "一项发现。"):
        assert ".." not in (text := Citation("k", title, "https://a.example/", day, day, "1.1").text())
        assert "。." not in text


def test_about_says_who_runs_it_and_what_is_kept(client, seeded, settings):
    assert "Nobody is named" in told(client, "/about/")
    settings.OPERATOR, settings.CONTACT = "The editors", "editors@example.org"
    text = told(client, "/about/?as_of=2026-07-07")
    assert "run by The editors" in text
    assert 'href="mailto:editors@example.org"' in text
    assert "no address of a reader" in text


def test_a_card_may_tell_its_height_and_nothing_else_runs_in_it(client, seeded):
    answer = client.get("/embed/trust/")
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert re.findall(r"<script[^>]*>", answer.content.decode()) == ['<script src="/static/pages/embed.js">']
    assert "scorecard:height" in told(client, "/data/")


def test_structured_data_and_glossary_stand_in_both_languages(client, seeded):
    for path in ("/", "/zh-hans/"):
        data = re.search(
            r'<script type="application/ld\+json">(.*?)</script>', client.get(path).content.decode()
        )[1]
        assert json.loads(data)["@type"] == "Dataset"
    for language in ("", "/zh-hans"):
        words = told(client, f"{language}/glossary/")
        for anchor in re.findall(r'href="#(w-[a-z-]+)"', told(client, f"{language}/")):
            assert f'id="{anchor}"' in words, anchor


def ids_of(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, path
    return [item["url"].rstrip("/").rsplit("/", 1)[1] for item in json.loads(answer.content)["items"]]


def test_an_act_and_its_successors_a_search_and_the_calendar_can_be_followed(client, seeded):
    geneva = "2025-05-12-geneva-tariff-truce"
    records = read_on(CODED).known.latest.values()
    after, grown = {geneva}, True
    while grown:
        new = {
            each["id"] for each in records if after & {*each["supersedes"], *each.get("suspends", ())}
        } - after
        after, grown = after | new, new
    assert len(after) > 1
    assert set(ids_of(client, f"/feeds/events/{geneva}.json")) == after
    assert client.get("/feeds/events/no-such-act.json").status_code == 404
    assert f"/feeds/events/{geneva}.atom" in told(client, f"/events/{geneva}/")
    found = ids_of(client, "/feeds/search.json?q=chips&actor=us")
    listed = re.findall(
        r'class="what"[^>]*href="/events/([a-z0-9-]+)/"', told(client, "/events/?q=chips&actor=us")
    )
    assert found
    assert set(listed) <= set(found)
    assert "/feeds/search.atom?actor=us&q=chips" in told(client, "/events/?q=chips&actor=us")
    assert client.get("/feeds/search.json?actor=nobody").status_code == 400
    assert client.get("/feeds/search.json?colour=red").status_code == 400
    atom = client.get("/zh-hans/feeds/search.atom?q=chips").content.decode()
    assert 'xml:lang="zh-Hans"' in atom
    assert "检索：chips" in atom


def test_the_feed_of_what_comes_next_holds_what_its_page_holds(client, seeded):
    with time_machine.travel("2026-11-29T09:00:00+00:00", tick=False):
        triage.enter(
            {
                "id": "a-bill", "date": "2026-06-02", "title": "A bill", "stage": "bill", "certainty": "confirmed",
                "assessments": [{"rec": "trust", "direction": 1, "strength": 2, "rationale": "A bill."}],
            },
            "Ada",
        )  # fmt: skip
        assert ids_of(client, "/feeds/next.json") == ["a-bill"]
        assert "Pending: A bill" in told(client, "/feeds/next.atom")
        assert "待定：A bill" in told(client, "/zh-hans/feeds/next.atom")
        assert "/feeds/next.atom" in told(client, "/next/")
