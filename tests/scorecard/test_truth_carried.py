"""What readers carry away says what the record says: charts, social cards and badges as their own text, the calendar,
the feeds; every number and date in them, in both languages, by the other path. Embeds are pages (`test_truth.py`).

Worth its time as these leave the site: nobody who meets them elsewhere sees the page beside them.
"""

import datetime
import json
import re
import xml.etree.ElementTree as ET

import pytest
import time_machine
from django.db import transaction

from scorecard.charts import pictures
from tests.conftest import _fill
from tests.scorecard import test_truth as truths
from tests.scorecard import test_truth_elsewhere as elsewhere
from tests.scorecard import told
from tests.scorecard.test_truth import DATE, DAYS, LANGUAGES, MONTH, NOW, N, date_of, near
from tracker.codebook import current
from tracker.models import Revision

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

DAY = datetime.timedelta(1)
SOME = (DAYS[0], DAYS[9], DAYS[21])
TICKS = {"−100", "−50", "0", "+50", "+100", "2025", "2026"}
ACTS = ("2025-05-12-geneva-tariff-truce", "2025-11-07-china-suspends-october-rare-earth-controls")


@pytest.fixture(scope="module")
def truth(whole_record, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        _fill(whole_record)
        found = elsewhere.told_by_the_log()
        found.titles = {}
        for line in found.versions:
            for name in ("title", "title_zh", "due_what", "due_what_zh"):
                if line.get(name):
                    found.titles[squeezed(line[name])] = line["id"]
        yield found
        transaction.set_rollback(True)


def squeezed(text):
    return re.sub(r"\s", "", told.straight(text))


def got(client, language, path, day=None):
    with time_machine.travel(NOW, tick=False):
        answer = client.get(
            ("" if language == "en" else "/zh-hans") + path + (f"?as_of={day}" if day else "")
        )
    assert answer.status_code == 200, path
    return answer.content.decode()


def lines_of(svg):
    """The texts of a picture, each put together from its rows: one place, one size, the next line below."""
    rows = []
    for element in ET.fromstring(svg).iter():
        kind, text = element.tag.rpartition("}")[2], (element.text or "").strip()
        if kind == "title" and text:
            rows.append([text, None])
        elif kind == "text" and text:
            look = {name: element.get(name) for name in ("x", "font-size", "text-anchor", "fill")}
            here, size = float(element.get("y")), float(element.get("font-size"))
            last = rows[-1][1] if rows else None
            if last and last[0] == look and 0 < here - last[1] <= 1.4 * size:
                joint = "" if re.search(r"[\u2e80-\uffef]$", rows[-1][0]) else " "
                rows[-1] = [rows[-1][0] + joint + text, (look, here)]
            else:
                rows.append([text, (look, here)])
    return [told.straight(re.sub(r"\s+", " ", text)) for text, _place in rows]


class Picture(truths.Page):
    """A picture that left the site: its bare figures too."""

    def read(self, block):
        date = DATE[self.language]
        if squeezed(block).removesuffix("…") and any(
            title.startswith(squeezed(block).removesuffix("…")) for title in self.truth.titles
        ):
            return ""
        if re.fullmatch(r"[1-9]", block):  # a pin: what it stands for is told below the chart
            return ""
        if re.fullmatch(N, block):
            return self._is(block in TICKS or near(block, self._score()), block)
        told_points = rf"[▲▼·] (?:({truths.T}) on the balance of \"(.+)\"|对“(.+)”净评分的影响：({truths.T}))"
        if found := re.fullmatch(told_points, block):
            effects = self.truth.reading(self.names[found[2] or found[3]], self.day)["effects"]
            return self._is(near(found[1] or found[4], effects.get(self.act, 0.0), 1), block)
        if found := re.fullmatch(rf"({N})(?: to |至)({N})(?: ?({date}))?", block):
            low, high = self.truth.band(self.slug, self.day, self.actor)
            held = near(found[1], low) and near(found[2], high)
            return self._is(held and (not found[3] or date_of(found[3]) == self.day), block)
        if found := re.fullmatch(rf"(?:(.+?)[:：] ?)?[▲▼△▽◆○] (\D+?) ({N})(?: · ({date}))?", block):
            said = self.words[re.sub(r" ?[(（].*", "", found[2])] == self.truth.word(self.slug, self.day)
            dated = not found[4] or date_of(found[4]) == self.day
            return self._is(said and dated and near(found[3], self._score()), block)
        if found := re.fullmatch(rf"({date}|{MONTH[self.language]}) · (.*)", block):
            count = len(self.truth.raw[self.act]["sources"]) if self.act else None
            numbers = re.findall(r"\d+", found[2])
            return self._is(truths.dated(self, self.act, found[1]) and numbers == [str(count)], block)
        return super().read(self._named(block))

    def _named(self, block):
        """The block with each title of an act as the act's mark, also where the line ends within it."""
        head, joint, tail = block.rpartition(" · ")
        if joint and (key := self._act_of(tail)):
            return f"{head.replace(' · ', '', 1)} ⟦{key}⟧"  # as the list beside the chart
        dated = rf"(.*?) ?([(（](?:{DATE[self.language]}|{MONTH[self.language]}).*)$"
        if (found := re.match(dated, block)) and (key := self._act_of(found[1])):
            return f"⟦{key}⟧ {found[2]}"
        return block

    def _act_of(self, text):
        whole = squeezed(text)
        if whole in self.truth.titles:
            return self.truth.titles[whole]
        short = whole.removesuffix("…")
        return next(
            (key for title, key in self.truth.titles.items() if short != whole and title.startswith(short)),
            None,
        )

    def _score(self):
        return self.truth.score(self.slug, self.day, self.actor)

    def _is(self, holds, block):
        if not holds:
            self.wrong.append(("picture", self.slug, self.actor, block))
        return ""


CARRIED = [r"(?:Licence: |许可：)?CC BY 4\.0", r"https?://\S+", r"\b\w+(?:\.\w+)*:\d+\b", r"^\d(?= · )"]


def left(reader, block):
    rest = reader.read(block)
    for pattern in (*CARRIED, *elsewhere.ELSEWHERE, *truths.FIXED):
        rest = re.sub(pattern, " ", rest)
    rest = re.sub(r"⟦[^⟧]*⟧", " ", rest)
    return (block[:160], rest[:160]) if re.search(r"\d", rest) and not truths.BARE.match(rest) else None


def pictures_of(day):
    """(address, what it speaks of) of each kind of picture; recommendations and actors change from day to day."""
    place = (DAYS[0] - day).days // 13
    slug, actor = (
        current().slugs[place % len(current())],
        current().actor_slugs[place % len(current().actor_slugs)],
    )
    yield f"/r/{slug}.svg", {"slug": slug}
    yield f"/r/{slug}.png", {"slug": slug}
    yield "/r/all.svg", {}
    yield "/cards/overview.png", {}
    yield f"/cards/{slug}.png", {"slug": slug}
    yield f"/cards/actor-{actor}.png", {"actor": actor}
    yield f"/embed/{slug}/badge.svg", {"slug": slug}
    yield f"/embed/{slug}/sparkline.svg", {"slug": slug}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_picture_says_what_the_record_says(client, truth, language, monkeypatch):
    monkeypatch.setattr(pictures, "render", lambda svg, zoom=2.0: svg.encode())
    found, looked = [], 0
    for day in SOME:
        for path, about in pictures_of(day):
            reader = Picture(truth, language, day, **about)
            blocks = lines_of(got(client, language, path, day))
            found += [(str(day), path, *each) for block in blocks if (each := left(reader, block))]
            found += [(str(day), path, *each) for each in reader.wrong]
            looked += sum(bool(re.search(r"\d", block)) for block in blocks)
        for key in ACTS:
            if truth.record.day[key] > day:
                continue
            reader = Picture(truth, language, day)
            reader.act = key
            blocks = lines_of(got(client, language, f"/cards/event-{key}.png", day))
            found += [
                (str(day), key, *each) for block in blocks if (each := left(reader, block))
            ] + reader.wrong
    assert found == []
    assert looked > 200


def test_a_false_figure_on_a_picture_is_found(client, truth):
    day = SOME[1]
    svg = got(client, "en", "/r/trust.svg", day)
    shown = f"{round(truth.score('trust', day)):+d}".replace("-", "−")
    low, _high = (f"{round(end):+d}".replace("-", "−") for end in truth.band("trust", day))

    def wrong(markup):
        reader = Picture(truth, "en", day, slug="trust")
        return [each for block in lines_of(markup) if (each := left(reader, block))] + reader.wrong

    assert wrong(svg) == []
    for right, false in ((f">{shown}<", ">−49<"), (f">{low} to", ">−99 to"), ("2025 to", "2024 to")):
        assert right in svg
        assert wrong(svg.replace(right, false)), right


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_calendar_holds_the_terms_and_the_days_that_acts_name(client, truth, language):
    for day in SOME:
        text = got(client, language, "/next/calendar.ics", day).replace("\r\n ", "").replace("\r", "")
        events = [
            dict(re.findall(r"^(\w+)[^:\n]*:(.*)$", part, re.M)) for part in text.split("BEGIN:VEVENT")[1:]
        ]
        standing = [truth.raw[key] for key in truth._live[truth.place(day)]]
        terms = {
            f"term-{line['id']}": line["until"] for line in standing if (line.get("until") or "") > f"{day}"
        }
        ended = {key: truth.record.day[by].isoformat() for key, by in truth.record.ender.items()}
        terms = {uid: until for uid, until in terms.items() if ended.get(uid[5:], "9999") >= until}
        dues = {
            f"due-{line['id']}": line["due"]
            for line in standing
            if line.get("due") and last(line["due"]) > day
        }
        assert {event["UID"].partition("@")[0] for event in events} == {*terms, *dues}, day
        for event in events:
            uid = event["UID"].partition("@")[0]
            line = truth.raw[uid.partition("-")[2]]
            first = start({**terms, **dues}[uid])
            assert (event["DTSTART"], event["DTEND"]) == (f"{first:%Y%m%d}", f"{first + DAY:%Y%m%d}"), uid
            assert event["DTSTAMP"] == f"{day:%Y%m%d}T000000Z"
            said = squeezed(event["SUMMARY"] + event["DESCRIPTION"]).replace("\\", "")
            known = [
                squeezed(line.get(name) or "") for name in ("title", "title_zh", "due_what", "due_what_zh")
            ]
            assert any(each and each in said for each in known), said
            if uid in dues and len(dues[uid]) < 10:
                when = re.findall(rf"{MONTH[language]}|\d{{4}}", event["SUMMARY"])[-1]
                assert when == dues[uid] or date_of(when) == start(dues[uid]), uid


def start(named):
    return datetime.date.fromisoformat(f"{named}-01-01"[:10] if len(named) == 4 else f"{named}-01"[:10])


def last(named):
    first = start(named)
    if len(named) == 10:
        return first
    month = 12 if len(named) == 4 else first.month
    return (first.replace(month=month, day=28) + datetime.timedelta(4)).replace(day=1) - DAY


FEEDS = ("all", "recommendations/trust", "actors/china", f"events/{ACTS[0]}", "next", "search")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", FEEDS)
def test_every_entry_of_a_feed_is_a_version_of_its_act(client, truth, language, name):
    """Its date, the number of its sources, the first of them, what was changed to what, and when it was written."""
    written = {}
    for row in Revision.objects.order_by("sequence"):
        line = json.loads(row.body)
        written.setdefault(line["id"], []).append((line, row.written_at))
    feed = json.loads(got(client, language, f"/feeds/{name}.json"))
    assert feed["items"]
    for item in feed["items"]:
        key = item["url"].rstrip("/").rpartition("/")[2]
        versions = written[key]
        steps = zip([None, *(line for line, _at in versions)], versions, strict=False)
        assert any(is_told(item, before, *version, language, truth) for before, version in steps), item
    atom = ET.fromstring(got(client, language, f"/feeds/{name}.atom"))
    space = "{http://www.w3.org/2005/Atom}"
    entries = [
        [entry.findtext(space + part) for part in ("id", "title", "updated", "summary")]
        for entry in atom.iter(f"{space}entry")
    ]
    assert entries == [
        [item[part] for part in ("id", "title", "date_published", "content_text")] for item in feed["items"]
    ]


def is_told(item, before, line, at, language, truth):
    """Whether an entry is this version of an act, after that one."""
    rest = [item["title"], *item["content_text"].split("\n")]
    if item["date_published"] != f"{at:%Y-%m-%dT%H:%M:%SZ}":
        return False
    own = sorted((told.straight(text) for text in elsewhere.words_in(line)), key=len, reverse=True)
    sources = {told.straight(f"{each['publisher']}: {each['url']}") for each in line["sources"]}
    days = {
        start(day)
        for name in ("date", "until", "due")
        for each in (line, before or line)
        if (day := each.get(name))
    }
    for block in rest:
        block = told.straight(block)
        if block in truth.texts or block in sources:
            continue
        for text in own:
            if len(text) > 8:
                block = block.replace(text, " ")
        if found := re.fullmatch(r"(.*?)[:：] ?(.*) → (.*)", block):
            old, new = (
                {*elsewhere.words_in(each), str(len(each["sources"])), "–"} for each in (before or line, line)
            )
            for value, known in ((found[2], old), (found[3], new)):
                parts = re.split(", |、", value)
                if not all(
                    not re.search(r"\d", part) or part in known or part == " " or _day(part) in days
                    for part in parts
                ):
                    return False
            continue
        for text in re.findall(rf"{DATE[language]}|{MONTH[language]}", block):
            if _day(text) not in {*days, *(day.replace(day=1) for day in days)}:
                return False
        block = re.sub(rf"{DATE[language]}|{MONTH[language]}", " ", block)
        if found := re.search(r"(\d+)(?: sources?|个来源)", block):
            if int(found[1]) != len(line["sources"]):
                return False
            block = block.replace(found[0], " ")
        if re.search(r"\d", re.sub(r"https?://\S+", " ", block)):
            return False
    return True


def _day(text):
    try:
        return date_of(text)
    except (ValueError, IndexError, StopIteration):
        return None
