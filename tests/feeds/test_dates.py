"""Dates as publishers write them: in many languages and orders, by clocks of many places, and invented by nobody."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from feeds import entries, parsing
from feeds.parsing import Entry, dates
from tracker.models import Article

NOW = datetime(2026, 11, 29, tzinfo=UTC)
WRITTEN = {
    # offsets
    "Mon, 16 Nov 2026 14:05:11 +08:00": "2026-11-16T06:05:11",
    "Mon, 16 Nov 2026 14:05:11 GMT+8": "2026-11-16T06:05:11",
    "Mon, 16 Nov 2026 14:05:11 GMT+0800": "2026-11-16T06:05:11",
    "Mon Nov 16 2026 14:05:11 GMT+0800 (中国标准时间)": "2026-11-16T06:05:11",
    "Mon Nov 16 2026 06:05:11 GMT-0500 (EST)": "2026-11-16T11:05:11",
    "Mon, 16 Nov 2026 14:05:11 UTC+05:30": "2026-11-16T08:35:11",
    "2026-11-16T14:05+8": "2026-11-16T06:05:00",
    "2026-11-16 14:05:11.123 +0800": "2026-11-16T06:05:11",
    "2026-11-16T14:05:11+08:00[Asia/Shanghai]": "2026-11-16T06:05:11",
    "2026-11-16 09:12 北京时间": "2026-11-16T01:12:00",
    "Mon, 16 Nov 2026 14:05:11 JST": "2026-11-16T05:05:11",
    "Mon, 16 Nov 2026, 2:05 p.m. ET": "2026-11-16T19:05:00",
    "Thu, 16 Jul 2026, 2:05 p.m. ET": "2026-07-16T18:05:00",
    "Mon Nov 16 14:05:11 CST 2026": "2026-11-16T20:05:11",
    "Mon, 16 Nov 2026 14:05:11 +2400": "2026-11-16T14:05:11",  # no such place
    # halves of the day
    "Mon, 16 Nov 2026 03:15 PM EST": "2026-11-16T20:15:00",
    "Nov 16, 2026 03:15 PM": "2026-11-16T15:15:00",
    "2026-11-16 12:30 AM": "2026-11-16T00:30:00",
    "2026-11-16 12:30 p.m.": "2026-11-16T12:30:00",
    "2026年11月6日 下午3:12": "2026-11-06T15:12:00",
    "2026. 11. 16. 오후 3:12": "2026-11-16T15:12:00",
    # 中文, 日本語, 한국어
    "2026年11月16日 09:12": "2026-11-16T09:12:00",
    "2026年11月16日": "2026-11-16T00:00:00",
    "2026年11月16日 15时12分": "2026-11-16T15:12:00",
    "二〇二六年十月二十三日": "2026-10-23T00:00:00",
    "民國115年11月16日": "2026-11-16T00:00:00",
    "２０２６年１１月１６日": "2026-11-16T00:00:00",
    "2026년 11월 16일 15:12": "2026-11-16T15:12:00",
    # names of months
    "dom, 04 ott 2026 18:55:00 GMT": "2026-10-04T18:55:00",
    "Mi, 07 Okt 2026 14:05:11 +0200": "2026-10-07T12:05:11",
    "mar, 03 mar 2026 10:00:00 +0100": "2026-03-03T09:00:00",  # a Tuesday in March
    "lun., 16 févr. 2026 14:05:11 +0100": "2026-02-16T13:05:11",
    "16 de noviembre de 2026 14:05": "2026-11-16T14:05:00",
    "Seg, 16 Fev 2026 08:00:00 -0300": "2026-02-16T11:00:00",
    "Пн, 16 ноя 2026 14:05:11 +0300": "2026-11-16T11:05:11",
    "16. November 2026, 14.05 Uhr": "2026-11-16T14:05:00",
    "16 Kasım 2026": "2026-11-16T00:00:00",
    "November 16th, 2026": "2026-11-16T00:00:00",
    "16-Nov-2026 14:05": "2026-11-16T14:05:00",
    "Mon, 16 Nov 26 14:05:11 GMT": "2026-11-16T14:05:11",
    # numbers
    "2026/10/29 15:07:41": "2026-10-29T15:07:41",
    "20261029150741": "2026-10-29T15:07:41",
    "20261029": "2026-10-29T00:00:00",
    "16.11.2026 14:05": "2026-11-16T14:05:00",
    "05.06.2026": "2026-06-05T00:00:00",
    "11/16/2026 3:15:00 PM": "2026-11-16T15:15:00",
    "1795442711": "2026-11-23T14:05:11",
    "1795442711000": "2026-11-23T14:05:11",
    "2026-11-16 24:00:00": "2026-11-17T00:00:00",
    "Mon, 16 Nov 2026 25:61:00 GMT": "2026-11-16T00:00:00",  # the day is plain, the clock is not
}


@pytest.mark.parametrize(("value", "moment"), WRITTEN.items())
def test_a_date_is_the_day_and_the_time_that_are_written(value, moment):
    assert dates.read(value) == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        *("2026-11", "2026", "Nov 2026", "11月16日", "05/06/2026", "16/11/26", "31 Feb 2026", "Invalid Date"),
        *("3 hours ago", "0000-00-00 00:00:00", "16 listopada 2026", "-1", "act 12", "١٦", "9" * 90),
    ],
)
def test_what_names_no_day_is_given_none(value):
    assert dates.read(value) is None


@pytest.mark.parametrize(
    ("value", "language", "moment"),
    [
        ("Mon Nov 16 14:05:11 CST 2026", "zh-cn", "2026-11-16T06:05:11"),
        ("Mon Nov 16 14:05:11 IST 2026", "he", "2026-11-16T12:05:11"),
        ("05/06/2026", "en-us", "2026-05-06T00:00:00"),
        ("05/06/2026", "de", "2026-06-05T00:00:00"),
        ("16 listopada 2026", "pl", "2026-11-16T00:00:00"),
        ("16 listopada 2026", "hr", "2026-10-16T00:00:00"),
    ],
)
def test_the_language_of_a_feed_decides_what_a_date_leaves_open(value, language, moment):
    read = dates.read(value, dates.habit(language))
    assert read == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("others", "day"), [(["16/11/2026"], "2026-06-05"), (["11/16/2026"], "2026-05-06"), (["1/1/2026"], None)]
)
def test_a_feeds_other_dates_tell_whether_the_day_comes_first(others, day):
    read = dates.read("05/06/2026", dates.habit("", others))
    assert (read and read.date().isoformat()) == day


OFFSETS = {
    "2026-11-20T00:10:00+08:00": (480, "2026-11-20"),
    "Fri, 20 Nov 2026 00:10:00 +0800": (480, "2026-11-20"),
    "2026-11-20 00:10 北京时间": (480, "2026-11-20"),
    "Thu, 19 Nov 2026 23:50:00 -0500": (-300, "2026-11-19"),
    "Thu, 19 Nov 2026 16:10:00 GMT": (0, "2026-11-19"),
    "2026-11-20": (None, "2026-11-20"),
    "2026-11-20 23:50:00": (None, "2026-11-20"),
}


@pytest.mark.parametrize("careful", [False, True])
@pytest.mark.parametrize("value", OFFSETS)
def test_the_day_of_an_article_is_its_publishers(value, careful):
    entry = parsing.parse(rss(f"<pubDate>{value}</pubDate>"), reference_only=careful).entries[0]
    draft = entries.draft(entry, publisher="P", language="en", now=NOW)
    offset, day = OFFSETS[value]
    assert draft.published_offset == offset
    kept = Article(published_at=draft.published_at, published_offset=offset)
    assert (kept.day.isoformat(), kept.source()["date"]) == (day, day)


@pytest.mark.parametrize(
    ("value", "moment", "day"),
    [
        (
            "Thu, 19 Nov 2026 16:10:00 GMT",
            "2026-11-19T16:10",
            "2026-11-20",
        ),  # UTC, because the software wrote it
        ("2026-11-20 00:10:00", "2026-11-19T16:10", "2026-11-20"),  # the wall clock of the place
        ("Thu, 19 Nov 2026 23:50:00 -0500", "2026-11-20T04:50", "2026-11-19"),  # what is stated stands
    ],
)
def test_a_feeds_time_zone_tells_what_its_dates_leave_out(value, moment, day):
    entry = parsing.parse(rss(f"<pubDate>{value}</pubDate>")).entries[0]
    draft = entries.draft(entry, publisher="P", language="zh-Hans", now=NOW, zone=ZoneInfo("Asia/Shanghai"))
    assert draft.published_at.isoformat()[:16] == moment
    assert (
        Article(published_at=draft.published_at, published_offset=draft.published_offset).day.isoformat()
        == day
    )


def rss(*items, head=""):
    items = "".join(
        f"<item><title>T{n}</title><link>https://a.example/{n}</link>{one}</item>"
        for n, one in enumerate(items)
    )
    return (
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:a="http://www.w3.org/2005/Atom">'
        f"<channel><title>C</title>{head}{items}</channel></rss>"
    ).encode()


def days(body, **how):
    entries = parsing.parse(body, **how).entries
    return [entry.published and entry.published.astimezone(UTC).isoformat()[:16] for entry in entries]


def test_a_date_that_cannot_be_read_hides_no_good_one():
    body = rss(
        "<pubDate>today</pubDate><dc:date>2026-11-16</dc:date>",
        "<pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate><a:updated>2026-11-16T01:00:00Z</a:updated>",
        "<pubDate>Mon, 30 Nov -0001 00:00:00 +0000</pubDate><dc:date>2026-11-15T02:00:00Z</dc:date>",
        "<pubDate/><pubDate>Mon, 16 Nov 2026 14:05:11 GMT</pubDate>",
    )
    assert days(body) == ["2026-11-16T00:00", "2026-11-16T01:00", "2026-11-15T02:00", "2026-11-16T14:05"]


def test_a_date_of_the_future_hides_no_good_one():
    entry = Entry("1", "https://a.example/1", "T", published=datetime(2062, 1, 1, tzinfo=UTC), updated=NOW)
    assert entries.draft(entry, publisher="P", language="en", now=NOW).published_at == NOW


@pytest.mark.parametrize("careful", [False, True])
def test_a_chinese_feed_keeps_chinese_time_though_it_names_no_language(careful):
    body = rss("<pubDate>Mon Nov 16 14:05:11 CST 2026</pubDate>", head="<language>zh-cn</language>")
    assert days(body, reference_only=careful) == ["2026-11-16T06:05"]
    unnamed = rss("<pubDate>Mon Nov 16 14:05:11 CST 2026</pubDate>").replace(b"T0", "中美对话".encode())
    assert careful or days(unnamed) == ["2026-11-16T06:05"]


@pytest.mark.parametrize("careful", [False, True])
def test_no_reader_invents_the_first_of_a_month(careful):
    written = ("2026/10/29 15:07:41", "2026年10月29日 15:07", "2026-10", "29.10.2026 15:07")
    body = rss(*(f"<pubDate>{value}</pubDate>" for value in written))
    assert days(body, reference_only=careful) == [
        "2026-10-29T15:07",
        "2026-10-29T15:07",
        None,
        "2026-10-29T15:07",
    ]


def test_a_moment_is_the_same_in_every_format():
    value = "Mon, 16 Nov 2026 14:05:11 GMT+8"
    atom = f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><title>T</title><updated>{value}</updated></entry></feed>'
    json = f'{{"items": [{{"id": "1", "title": "T", "date_published": "{value}"}}]}}'
    for body in (rss(f"<pubDate>{value}</pubDate>"), atom.encode(), json.encode()):
        assert days(body) == ["2026-11-16T06:05"]
