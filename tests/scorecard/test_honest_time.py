"""On any later day every surface says what was known on the last coded day, and claims nothing of the days after it."""

import datetime
import html
import re

import pytest
import time_machine
from django.utils import translation

from scorecard import acts, sentences
from scorecard.alerts import mailing
from scorecard.charts import pictures
from scorecard.models import MethodInService, Subscription
from tests.scorecard import told
from tracker import log, triage
from tracker.models import Revision

CODED = datetime.date(2026, 7, 7)
ACT = "2025-11-07-china-suspends-october-rare-earth-controls"
WITH_NOTICE = (
    "/recommendations/trust/", "/recommendations/governance/", "/actors/", "/actors/us/", "/events/",
    f"/events/{ACT}/", "/method/", "/data/", "/changes/", "/embed/trust/", "/embed/all/",
    f"/embed/event-{ACT}/", "/changed/", "/next/", "/asks/", "/brief/", "/editions/",
)  # fmt: skip
WITH_DAY = (
    "/r/trust.svg", "/r/all.svg", "/embed/trust/badge.svg", "/embed/trust/sparkline.svg", "/cards/overview.png",
    "/cards/trust.png", "/cards/actors.png", "/cards/actor-us.png", f"/cards/event-{ACT}.png",
)  # fmt: skip
OTHERS = (
    "/feeds/all.atom",
    "/feeds/all.json",
    "/feeds/recommendations/trust.atom",
    "/alerts/",
    "/disputes/",
    "/next/calendar.ics",
    "/about/",
    "/glossary/",
    "/codebook/",  # words alone, of no day
)
# Sentences that speak of the day of reading as if somebody had looked; whatever is filled in may be anything.
CLAIMS = (
    "rising over 90 days", "falling over 90 days", "steady over 90 days",
    "What moved the scores in the last %(days)d days", "No act in the last %(days)d days; the latest on record",
    "The acts that weigh most today", "Effect today, in points",
    "One more law in favour would move the balance by %(for)s today, one against by %(against)s.",
    "Over %(days)d days the score went from %(from)s to %(to)s:", "Of the %(count)s recommendations, %(parts)s.",
    "How they stand now", "No coding since %(day)s.", "As of <strong>%(day)s</strong>",
)  # fmt: skip


def claims():
    """The claims as patterns, in English and in the reader's language."""
    said = {*CLAIMS, *(translation.gettext(claim) for claim in CLAIMS)}
    hole = re.compile(r"%\\?\(\w+\\?\)[sd]")
    return [re.compile(hole.sub(".{1,60}?", re.escape(each).replace(r"\ ", " "))) for each in said]


def read(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, path
    return html.unescape(told.plain(answer))


def looked_through(text, path, today):
    for claim in claims():
        assert not (found := claim.search(text)), (path, found.group())
    spelled = text
    for allowed in (
        "(asked on {})",
        "（查询日{}）",
        "Brief of {}",
        "{}简报",
    ):  # when it was asked, and when a sheet was printed
        spelled = spelled.replace(allowed.format(sentences.day(today)), "")
    assert sentences.day(today) not in spelled, (path, "speaks of the day of reading")


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("days", [1, 40, 150, 400])
def test_no_surface_speaks_of_days_that_nobody_coded(client, seeded, monkeypatch, language, days):
    monkeypatch.setattr(pictures, "render", lambda svg, zoom=2.0: svg.encode())
    today, start = CODED + datetime.timedelta(days), "" if language == "en" else "/zh-hans"
    with time_machine.travel(datetime.datetime.combine(today, datetime.time(9), datetime.UTC), tick=False):
        for path in ("/", *WITH_NOTICE, *WITH_DAY, *OTHERS):
            text = read(client, start + path)
            with translation.override(language):
                looked_through(text, path, today)
                if path in WITH_NOTICE:
                    assert sentences.stopped(CODED, today, today=True)[:60] in text, path
                elif path == "/":  # says the same in words of its own
                    assert f"{days} day" in text or f"{days}天" in text
                    assert sentences.day(CODED) in text
                elif path in WITH_DAY:
                    written = (sentences.day(CODED), sentences.short_day(CODED))
                    assert any(day in text for day in written), path
        mail = mail_of_today(language)
        with translation.override(language):
            looked_through(mail, "mail", today)
            assert sentences.day(CODED) in mail
    assert client.get("/api/v1/scores/").json()["read_on"] == str(CODED)


def mail_of_today(language):
    """A digest of one act that is entered today."""
    act = {
        "id": "late", "date": "2026-06-30", "title": "A late act", "title_zh": "迟到的行动",
        "assessments": [{"rec": "trust", "direction": -1, "strength": 4, "rationale": "A ban."}],
    }  # fmt: skip
    before = Revision.objects.count()
    triage.enter(act, "Ada")
    (changed,) = acts.net_changes(before, before + 1)
    row = Subscription(email="reader@example.org", language=language, rhythm="daily")
    subject, body = mailing.digest_text(row, [changed], "https://example.org/off")
    return f"{subject}\n{body}"


def test_an_act_that_has_run_out_since_is_listed_as_such(client, seeded):
    fee = {
        "id": "fee", "date": "2026-01-05", "title": "A fee for two hundred days", "until": "2026-07-24",
        "certainty": "confirmed",
        "assessments": [{"rec": "trust", "direction": -1, "strength": 4, "rationale": "A fee."}],
    }  # fmt: skip
    triage.enter(fee, "Ada")
    with time_machine.travel("2026-11-29T09:00:00+00:00", tick=False):
        assert "Run out since the last coded day" in read(client, "/recommendations/trust/")
        assert "A fee for two hundred days" in read(client, "/next/")
        assert "Run out since" not in read(client, "/recommendations/governance/")
        assert "ran out on 24 July 2026, after 7 July 2026, the last coded day" in read(
            client, "/events/fee/"
        )
        assert "Run out since" not in read(client, "/recommendations/trust/?as_of=2026-07-23")
        assert "Run out since" not in read(client, "/recommendations/trust/?method=1.0")


def test_the_chart_marks_the_day_on_which_the_method_was_adopted(client, seeded):
    with time_machine.travel("2027-01-10T09:00:00+00:00", tick=False):
        assert ">Method 1.1<" in read(client, "/r/trust.svg")
        assert ">7 Jul 2026<" in read(client, "/r/trust.svg"), "the axis ends with the last coded day"
    with time_machine.travel("2026-11-20T09:00:00+00:00", tick=False):
        assert ">Method 1.1<" not in read(client, "/r/trust.svg")


def test_a_word_that_other_choices_would_change_says_so_wherever_it_stands(client, seeded, monkeypatch):
    monkeypatch.setattr(pictures, "render", lambda svg, zoom=2.0: svg.encode())
    found = client.get("/api/v1/scores/?sensitivity=true").json()["recommendations"]
    shaky = [
        slug
        for slug, entry in found.items()
        if entry["balance"]["fragile"] or entry["balance"]["sensitivity"]["same_word"] < 0.8
    ]
    firm = [slug for slug in found if slug not in shaky]
    assert shaky
    assert firm
    for slug, expected in ((shaky[0], True), (firm[0], False)):
        for path in (
            "/recommendations/{}/",
            "/embed/{}/",
            "/embed/{}/badge.svg",
            "/cards/{}.png",
            "/r/{}.svg",
        ):
            assert ("ot firm" in read(client, path.format(slug))) == expected, path
    assert "Not firm:" in read(client, "/")
    assert "(not firm)" in read(client, "/llms.txt")


def test_an_installation_with_a_record_marks_the_day_of_its_own_upgrade(client, seeded):
    MethodInService.objects.create(version="1.1", since="2026-12-05")
    log.turn()
    with time_machine.travel("2027-01-10T09:00:00+00:00", tick=False):
        assert "5 December 2026" in read(client, "/method/")
        assert ">Method 1.1<" in read(client, "/r/trust.svg")
        versions = client.get("/api/v1/method/").json()["versions"]
        assert {each["version"]: each["adopted"] for each in versions}["1.1"] == "2026-12-05"
    with time_machine.travel("2026-12-01T09:00:00+00:00", tick=False):
        assert ">Method 1.1<" not in read(client, "/r/trust.svg")
