"""An act reads the same at every door: list, page, card, embed, chart, feeds, mail, structured data, dispute."""

import html
import json
import re

import pytest
from django.utils import translation

from scorecard import acts, sentences, standings, vocabulary
from scorecard.alerts import mailing
from scorecard.charts import pictures
from scorecard.models import Subscription
from scorecard.pages import reading
from tests.scorecard import cast, told
from tracker import log, record, triage
from tracker.models import Event, Head

pytestmark = pytest.mark.django_db


def code(rec, direction, strength, ask=None):
    return {"rec": rec, "direction": direction, "strength": strength, "ask": ask, "rationale": "Because."}


SOURCES = [
    {
        "title": "Report",
        "publisher": "Gazette",
        "url": "https://gazette.example/1",
        "date": None,
        "lang": "en",
    }
]
CAST = {
    "law": {"date": "2025-05-12", "assessments": [code("trust", -1, 4), code("governance", 1, 1)]},
    "month": {
        "date": "2025-06-01",
        "date_precision": "month",
        "assessments": [code("trust", 1, 3, "data-sharing")],
    },
    "quarter": {
        "date": "2025-08-09",
        "date_precision": "quarter",
        "certainty": "reported",
        "actors": ["us", "china"],
    },
    "year": {"date": "2025-11-05", "date_precision": "year", "assessments": [code("trust", 0, 2)]},
}
TITLES = {"en": "Act {}", "zh-hans": "行动 {}"}
WHENS = {
    "en": {"law": "12 May 2025", "month": "June 2025", "quarter": "quarter 3 of 2025", "year": "2025"},
    "zh-hans": {"law": "2025年5月12日", "month": "2025年6月", "quarter": "2025年第3季度", "year": "2025年"},
}
CODES = {
    "en": {
        "law": ["Governance: ▲ advances, words", "Trust: ▼ undermines, enacted"],
        "month": ["Trust, Data-sharing agreements: ▲ advances, commitment"],
        "quarter": ["Trust: ▲ advances, enacted"],
        "year": ["Trust: ◆ mixed, proposal"],
    },
    "zh-hans": {
        "law": ["国际治理：▲ 推进，言辞", "互信：▼ 削弱，已生效"],
        "month": ["互信，数据共享协议：▲ 推进，承诺"],
        "quarter": ["互信：▲ 推进，已生效"],
        "year": ["互信：◆ 两者兼有，提议"],
    },
}
FACTS = {
    "en": {
        "law": "United States · confirmed · 1 source",
        "quarter": "United States, China · reported · 1 source",
    },
    "zh-hans": {"law": "美国 · 已证实 · 1个来源", "quarter": "美国、中国 · 据报道 · 1个来源"},
}
# What would be finer than it is known.
FINER = {
    "month": ("2025-06-01", "1 June", "30 June", "6月1日", "6月30日", "1 Jun "),
    "quarter": ("2025-08", "August", "Aug ", "September 2025", "8月", "30 Sep"),
    "year": ("2025-11", "November 2025", "31 December", "11月5日", "12月31日", "31 Dec"),
}


@pytest.fixture(autouse=True)
def the_cast(recommendations):
    for key, more in CAST.items():
        cast.put(key, **{"sources": SOURCES, "summary_zh": "发生了什么。"} | more)


def text(markup):
    """Words alone, as a reader sees them."""
    markup = re.sub(r"<(style|script)\b.*?</\1>", " ", markup, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def page(client, language, path):
    prefix = "" if language == "en" else f"/{language}"
    answer = client.get(prefix + path)
    assert answer.status_code == 200, path
    return told.plain(answer)


def in_list(client, language, key):
    shown = page(client, language, f"/events/?q={key}")
    return text(re.search(r'<ol class="acts">(.*?)</ol>', shown, re.S).group(1))


def on_a_recommendation(client, language, key):
    shown = page(client, language, f"/recommendations/trust/?q={key}")
    return text(re.findall(r'<ol class="acts">(.*?)</ol>', shown, re.S)[-1])


def on_its_page(client, language, key):
    """Without the line of its effect, which begins on the day from which the method counts it."""
    shown = page(client, language, f"/events/{key}/").partition('id="history"')[0]
    return text(re.sub(r"<svg.*?</svg>", "", shown, flags=re.S))


def on_the_chart(client, language, key):
    (tip,) = {
        tip
        for tip in re.findall(r"<title>([^<]*)</title>", page(client, language, "/recommendations/trust/"))
        if TITLES[language].format(key) in tip
    }
    return html.unescape(tip)


def in_structured_data(client, language, key):
    found = re.search(r'ld\+json">(.*?)</script>', page(client, language, f"/events/{key}/"), re.S).group(1)
    return json.loads(found)


def on_its_card(client, language, key):
    return text(page(client, language, f"/cards/event-{key}.png"))


def embedded(client, language, key):
    return text(page(client, language, f"/embed/event-{key}/"))


def in_a_feed(client, language, key, ending="json"):
    items = json.loads(page(client, language, "/feeds/all.json"))["items"]
    (found,) = [item for item in items if f"/events/{key}/" in item["url"]]
    return f"{found['title']}\n{found['content_text']}"


def in_atom(client, language, key):
    entries = page(client, language, "/feeds/all.atom").split("<entry>")
    (found,) = [entry for entry in entries if f"/events/{key}/" in entry]
    return html.unescape(re.sub(r"<updated>.*?</updated>|<[^>]+>", "\n", found))


def in_a_mail(client, language, key):
    found = acts.net_changes(0, Head.objects.get(id=1).sequence)
    _subject, body = mailing.digest_text(Subscription(language=language), found, "https://off.example/")
    (found,) = [part for part in body.split("\n\n") if f"/events/{key}/" in part]
    return found


def when_disputed(client, language, key):
    return text(page(client, language, f"/events/{key}/challenge/"))


@pytest.fixture(autouse=True)
def no_pixels(monkeypatch):
    """A card as the drawing that it is made of."""
    monkeypatch.setattr(pictures, "render", lambda svg: svg.encode())


WHOLE = (in_list, on_its_page, on_its_card, embedded, in_a_feed, in_atom, in_a_mail, when_disputed)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("key", CAST)
@pytest.mark.parametrize("door", WHOLE)
def test_it_reads_the_same_at_every_door(client, door, key, language):
    shown = door(client, language, key)
    assert TITLES[language].format(key) in shown
    assert WHENS[language][key] in shown
    for words in CODES[language][key]:
        assert words in shown
    assert not [finer for finer in FINER.get(key, ()) if finer in shown]
    if door is not on_its_page:
        assert FACTS[language].get(key, "") in shown


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("key", CAST)
def test_where_one_recommendation_is_shown_its_code_stands_with_its_name(client, key, language):
    for shown in (on_a_recommendation(client, language, key), on_the_chart(client, language, key)):
        assert TITLES[language].format(key) in shown
        assert WHENS[language][key] in shown
        assert CODES[language][key][-1] in shown
        assert not [finer for finer in FINER.get(key, ()) if finer in shown]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(
    ("key", "date"), [("law", "2025-05-12"), ("month", "2025-06"), ("quarter", "2025"), ("year", "2025")]
)
def test_machines_are_told_the_same(client, key, date, language):
    data = in_structured_data(client, language, key)
    assert (data["name"], data["startDate"]) == (TITLES[language].format(key), date)
    assert data["keywords"][: len(CODES[language][key])] == CODES[language][key]
    assert data["url"] == f"http://testserver{'' if language == 'en' else '/zh-hans'}/events/{key}/"
    assert data["inLanguage"] == ("en" if language == "en" else "zh-Hans")
    assert data["subjectOf"][0]["publisher"] == "Gazette"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("door", [in_list, on_a_recommendation, on_its_card, embedded])
def test_points_stand_with_the_name_of_their_balance(client, door, language):
    effects = {
        slug: {act["id"]: act["effect"] for act in report["balance"]["acts"]}
        for slug, report in standings.report(reading.timezone.now().date())["recommendations"].items()
    }
    shown = door(client, language, "law")
    with translation.override(language):
        for slug in ("governance", "trust"):
            points, name = sentences.tenths(effects[slug]["law"]), vocabulary.short_name(slug)
            together = re.search(
                rf"{re.escape(points)} (?:on the balance of [“\"])?{name}|“{name}”[^▲▼]*{re.escape(points)}",
                shown,
            )
            assert together or (slug == "governance" and door is on_a_recommendation)
    # The balance itself is nowhere beside an act: it is not the act's.
    assert (
        sentences.signed(
            standings.report(reading.timezone.now().date())["recommendations"]["trust"]["balance"]["score"]
        )
        not in shown
    )


def test_what_became_of_it_is_said_wherever_facts_are(client, analyst):
    cast.put("lifting", date="2025-09-01", supersedes=["law"], sources=SOURCES)
    Event.objects.filter(pk="month").update(status=Event.Status.DISPUTED)
    log.turn()
    for door in (in_list, on_its_card, embedded):
        assert "no longer counts" in door(client, "en", "law")
        assert "disputed" in door(client, "en", "month")
        assert "disputed" not in door(client, "en", "law")
    assert "有异议" in in_list(client, "zh-hans", "month")
    assert "being looked into" in on_its_page(client, "en", "month")
    triage.retract("quarter", analyst, "never was")
    assert "retracted" in embedded(client, "en", "quarter")
    assert in_a_mail(client, "zh-hans", "law").startswith("新增：行动 law（2025年5月12日）")


def test_on_a_day_that_is_over_nothing_is_said_of_todays_disputes(client):
    Event.objects.filter(pk="month").update(status=Event.Status.DISPUTED)
    assert "disputed" not in text(page(client, "en", "/events/?as_of=2026-01-01&known_at=2026-01-01"))


def test_ids_and_addresses_of_entries_are_the_same_in_both_languages(client):
    english, chinese = (
        json.loads(page(client, each, "/feeds/all.json"))["items"] for each in ("en", "zh-hans")
    )
    assert [item["id"] for item in english] == [item["id"] for item in chinese]
    assert [item["url"].replace("/events/", "/zh-hans/events/") for item in english] == [
        i["url"] for i in chinese
    ]


def test_words_in_one_language_only_are_told_with_their_language():
    line = record.check(cast.event("law", title="", summary="", title_zh="法律", actors=[]))
    act = acts.described(line, acts.Beside())
    assert (act.title, act.title_language) == ("法律", "zh-Hans")
    with translation.override("zh-hans"):
        line = record.check(cast.event("law", title_zh=""))
        act = acts.described(line, acts.Beside())
        assert (act.title, act.title_language, act.summary_language) == ("Act law", "en", "en")
        # A reason may come in Chinese; until it does the coder's own stands there.
        assert (act.codes[0].rationale, act.codes[0].rationale_language) == ("Because.", "en")
        line["assessments"][0]["rationale_zh"] = "因为。"
        told = acts.described(line, acts.Beside()).codes[0]
        assert (told.rationale, told.rationale_language) == ("因为。", "zh-Hans")
    assert acts.described(line, acts.Beside()).codes[0].rationale == "Because."
    nameless = record.check(cast.event("law", title="", title_zh="", sources=[]))
    assert acts.described(nameless, acts.Beside()).title == "law"


def test_no_words_of_a_record_start_a_line_of_their_own():
    sources = [{"title": "A\nB", "publisher": "C\r\nBcc: d", "url": "https://a.example/"}]
    line = record.check(cast.event("law", title="Law\r\nBcc: e\u2028f", sources=sources))
    act = acts.described(line, acts.Beside())
    assert act.headline == "Law Bcc: e f (1 June 2025)"
    assert act.lines()[-1] == "C Bcc: d: https://a.example/"
