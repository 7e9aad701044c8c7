"""The rest of what `test_truth.py` begins: the list of acts, one act, the pages that explain, and the same sentences on
the record with all its releases.

Words of the record and of the codebook are held to their files letter for letter; what is left of a page is its own.
"""

import copy
import datetime
import functools
import json
import re

import pytest
import time_machine
from django.db import transaction
from django.utils import translation

from scorecard import vocabulary
from tests.conftest import _fill
from tests.scorecard import plain_method as plain
from tests.scorecard import test_truth as truths
from tests.scorecard import told
from tests.scorecard.plain_truth import Truth
from tests.service import ROOT
from tracker.codebook import current
from tracker.models import Revision

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

CODED, NOW, LANGUAGES = truths.CODED, truths.NOW, truths.LANGUAGES
DAYS = (CODED, CODED - datetime.timedelta(13 * 21))
WEEK = 7


@pytest.fixture(scope="module", params=["first release", "all releases"])
def record(request, django_db_blocker):
    """The record under every test of this file: as it was first published, and as `manage.py seed` leaves it."""
    rows = request.getfixturevalue("first_record" if request.param == "first release" else "whole_record")
    with django_db_blocker.unblock(), transaction.atomic():
        _fill(rows)
        yield request.param
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def truth(record, django_db_blocker):
    with django_db_blocker.unblock():
        return told_by_the_log()


def told_by_the_log():
    """The record that stands, and beside it what its own words may say."""
    revisions = list(Revision.objects.order_by("sequence"))
    lines = [json.loads(row.body) for row in revisions]
    found = Truth(list({line["id"]: line for line in lines}.values()), CODED)
    found.raw = {key: line for key, line in found.raw.items() if not line["retracted"]}
    found.revisions = len(lines)
    found.opened = revisions[0].written_at.date()
    found.versions = lines
    found.texts = frozenset(words_in([lines, [row.why for row in revisions]]))
    found.own = frozenset(
        told.straight(line.get(name) or "") for line in lines for name in ("due_what", "due_what_zh")
    )
    found.reasons = {
        told.straight(item[name])
        for line in lines
        for item in line["assessments"]
        for name in ("rationale", "rationale_zh")
        if re.search(r"\d", item.get(name) or "")
    }
    found.also = tuple(sorted({day for line in lines for day in named_by(line)}))
    return found


def named_by(line):
    """The days that an act names: the end of its own term, and what is due, on its first day."""
    for name in ("until", "due"):
        if text := line.get(name):
            yield datetime.date.fromisoformat(f"{text}-01-01"[:10] if len(text) < 10 else text)


def flat(text):
    text = re.sub(r"[*_`#>\\]|\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return told.straight(re.sub(r"\s+", " ", re.sub(r"(?<=[。，；：])\s+", "", text)).strip())


def words_in(value):
    """Every text inside a JSON value."""
    if isinstance(value, dict):
        for each in value.values():
            yield from words_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from words_in(each)
    elif isinstance(value, str):
        yield flat(value)


BOOK = list(words_in(json.loads((ROOT / "seeds/codebook.json").read_text("utf-8"))))
BOOK_VERSION = json.loads((ROOT / "seeds/codebook.json").read_text("utf-8"))["version"]
PROSE = {
    language: " ".join(
        flat(path.read_text("utf-8"))
        for path in (
            *(ROOT / f"seeds/prose/{language}").iterdir(),
            ROOT / f"scorecard/pages/rules/{language}.md",
        )
    )
    for language in LANGUAGES
}


def say(page, day):
    """A day as the pages write it, long and short, as patterns."""
    if page.language == "en":
        months = truths.MONTHS[day.month - 1]
        return rf"{day.day} (?:{months}|{months[:3]}) {day.year}"
    return rf"{day.year}年{day.month}月{day.day}日"


class ActPage(truths.Page):
    """The page of one act: its own words, its codes, its effect, its sources, its history."""

    def __init__(self, truth, language, day, event):
        super().__init__(truth, language, day)
        self.event, self.key = truth.raw[event], event
        lines = [line for line in truth.versions if line["id"] == event]
        texts = [text for line in lines for text in words_in(line)]
        self.own = {*texts, *words_in([f"{text}." for text in texts])}
        names = {
            told.straight(source["publisher"]) for source in self.event["sources"] if source["publisher"]
        }
        self.longest = sorted({text for text in texts if len(text) > 12} | names, key=len, reverse=True)
        self.lines, self.names_of_sources = lines, names

    def read(self, block):
        if block in self.own or block in self.truth.texts or not re.search(r"\d", block):
            super().read(
                re.sub(r"\d", "", block)
            )  # a name sets of which recommendation the next blocks speak
            return ""
        if " revision " in block:
            return super().read(block)
        for text in self.longest:
            block = block.replace(text, " ")
        left = self._claimed(block)
        return left if left is None or not re.search(r"\d", left) else super().read(left)

    def _claimed(self, block):
        english = self.language == "en"
        whole = "".join(self.own)
        sources = len(self.event["sources"])
        if found := re.fullmatch(r"(\d+)(?: sources?|个来源)", block):
            return self._is(int(found[1]) == sources, block)
        if found := re.search(rf" · ({truths.DATE[self.language]}) · ", block):
            dates = {source["date"] for source in self.event["sources"]}
            return self._is(truths.date_of(found[1]).isoformat() in dates, block)
        if any(block.startswith(name) for name in self.names_of_sources):
            return ""
        when = rf"{truths.DATE[self.language]}|{truths.MONTH[self.language]}"
        if found := re.search(rf"since ({when}), when|自({when})起", block):
            ended = self._ends()[0]
            return self._is(truths.date_of(found[1] or found[2]) in (ended, ended.replace(day=1)), block)
        step = r"(\d) of 5," if english else r"第(\d)级（共5级）"
        if found := re.search(step, block):
            codes = {item["rec"]: item["strength"] for item in self.event["assessments"]}
            return self._is(codes[self.slug] == int(found[1]), block)
        if found := re.search(rf"[▲▼·] ({truths.T})$|· ({truths.T})$", block):
            return self._is(truths.near(found[1] or found[2], self._effect(self._named(block)), 1), block)
        most = rf"at most ({truths.T})" if english else rf"最大({truths.T})"
        if found := re.search(most, block):
            slug = self._named(block) or self.slug
            rest = re.sub(say(self, self.day), "", block.replace(found[0], ""))
            held = truths.near(found[1], max(self._weeks(slug), key=abs), 1)
            return self._now(rest, slug) if held and not re.search(r"\d{4}", rest) else self._is(False, block)
        if re.search(rf"^{say(self, self.day)}[:：]|on {say(self, self.day)}", block):
            return self._now(block, self.slug)
        if any(re.fullmatch(say(self, day), block) for day in self._days()):
            return ""
        if found := re.fullmatch(r".*?[:：] ?(.*) → (.*)", block):
            known = {*words_in(self.lines), *(str(len(line["sources"])) for line in self.lines), "–"}
            parts = ", ".join(found.groups()).split(", ")
            dates = "|".join(say(self, datetime.date.fromisoformat(line["date"])) for line in self.lines)
            held = all(part in known or part in whole or re.fullmatch(dates, part) for part in parts)
            return self._is(held and found[1] != found[2], block)
        covered = re.search(r"\d events from|\d个来源", block)
        if not covered and any(day and re.search(say(self, day), block) for day in self._ends()):
            return re.sub("|".join(say(self, day) for day in (*self._ends(), self.day) if day), "", block)
        return block

    def _is(self, holds, block):
        if not holds:
            self.wrong.append(("act", self.key, self.slug, block))
        return ""

    def _named(self, block):
        return next((slug for name, slug in self.names.items() if name in block), None)

    def _effect(self, slug, day=None):
        return self.truth.reading(slug, day or self.day)["effects"].get(self.key, 0.0)

    def _weeks(self, slug):
        start = self.truth.record.day[self.key]
        return [
            self._effect(slug, start + datetime.timedelta(place))
            for place in range(0, (self.day - start).days + 1, WEEK)
        ]

    def _now(self, rest, slug):
        found = re.search(rf"[:：] ?({truths.T})", rest)
        if found and not truths.near(found[1], self._effect(slug), 1):
            self.wrong.append(("effect now", self.key, slug, rest))
        return ""

    def _days(self):
        """Days that may stand in a cell: of the act, of the ends of its effect, of its versions."""
        start = self.truth.record.day[self.key]
        last = start + datetime.timedelta((self.day - start).days // WEEK * WEEK)
        return (datetime.date.fromisoformat(self.event["date"]), start, last, self.truth.opened)

    def _ends(self):
        ender = self.truth.record.ender.get(self.key)
        until = self.event.get("until")
        return (
            self.truth.record.day[ender] if ender else None,
            datetime.date.fromisoformat(until) if until else None,
            self.truth.opened,
        )


def paged(block, items):
    """Whether it says that this is the first of as many pages as that many items fill, fifty a page."""
    found = re.match(r"page (\d+) of (\d+)|第(\d+)页，共(\d+)页", block)
    return found and (int(found[1] or found[3]), int(found[2] or found[4])) == (1, -(-items // 50))


class ListOfActs(truths.Page):
    """The list of acts, of everybody or of one actor."""

    def __init__(self, truth, language, day, chosen=None):
        super().__init__(truth, language, day)
        counted = truth.counted(day)
        self.counts = [len(counted)]
        if chosen:
            self.counts.append(sum(chosen in act["actors"] for act in counted))

    def read(self, block):
        if block in self.truth.texts or paged(block, self.counts[-1]):
            return ""
        english = r"(?:(\d+) of )?(\d+) (?:acts? on record|events?)"
        chinese = r"已收录的(\d+)项行动中的(\d+)项|(?:已收录)?(\d+)(?:项行动|个事件)"
        if found := re.fullmatch(english if self.language == "en" else chinese, block):
            counts = {int(each) for each in found.groups() if each}
            if counts not in ({*self.counts}, {self.counts[-1]}):
                self.wrong.append(("count", self.counts, block))
            return ""
        return super().read(block)


class Changes(truths.Page):
    """What became of the record: each step from one value to another is one of the versions of the act named last."""

    def read(self, block):
        found = re.fullmatch(r".*?[:：] ?(.*) → (.*)", block)
        if found and re.search(r"\d", block):
            lines = [line for line in self.truth.versions if line["id"] == self.act]
            known = {*words_in(lines), *(str(len(line["sources"])) for line in lines), "–"}
            days = [rf"^{say(self, datetime.date.fromisoformat(line['date']))}$" for line in lines]
            held = all(each in known or any(re.match(day, each) for day in days) for each in found.groups())
            if not held or found[1] == found[2]:
                self.wrong.append(("change", self.act, block))
            return ""
        if block in self.truth.texts or paged(block, self.truth.revisions):
            return ""
        return super().read(block)


@functools.cache
def beside_the_book(language, text):
    """What of a text stands neither in the codebook nor in the rules or the instance's prose."""
    book = (*BOOK, PROSE[language])
    if any(text in part for part in book):
        return ""
    for part in sorted(BOOK, key=len, reverse=True):
        if len(part) > 12 and part in text:
            text = text.replace(part, "")
    return "" if any(text in part for part in book) else text


class Explained(truths.Page):
    """Pages that explain: what stands in the codebook, in the rules or in the instance's prose is not theirs."""

    def __init__(self, truth, language, day):
        super().__init__(truth, language, day)
        with translation.override(language):
            self.reasons = {told.straight(str(reason)) for reason in vocabulary.REASONS.values()}
            self.strengths = {str(word): step for step, word in vocabulary.STRENGTHS.items()}

    def read(self, block):
        if " revision " in block:
            return super().read(block)
        plainly = beside_the_book(self.language, flat(block))
        if block in self.reasons or not plainly:
            return ""
        if found := re.fullmatch(r"\d\.\d ?[(（].*[)）]", block):
            return "" if block.startswith(max(plain.RULES)) else block
        if plainly in VALUES or re.fullmatch("[0-9a-f]{64}", block):
            return ""
        if found := re.fullmatch(r"(\d) · (\D.*)", block):
            slug = self.names.get(found[2])
            if slug is None or current()[slug].number != int(found[1]):
                self.wrong.append(("number", found[0]))
            return ""
        if found := re.fullmatch(r"\D+[:：] ?(\d\.\d(?:, ?\d\.\d)*)", block):
            known = {path.stem for path in (ROOT / "seeds/versions").iterdir()}
            told_ = re.split(", ?", found[1])
            known = sorted(each.removeprefix("codebook-") for each in known)
            if told_ not in (known, [BOOK_VERSION]):
                self.wrong.append(("versions", block, sorted(known)))
            return ""
        if found := re.fullmatch(r"(\D+) (\d)|(\d) (\D+)", block):
            word, step = found[1] or found[4], int(found[2] or found[3])
            if word in self.strengths:
                if self.strengths[word] != step:
                    self.wrong.append(("strength", block))
                return ""
        return super().read(plainly)


# What the method's own page says of the method, from the plain method, which was written from the description alone.
RULE = plain.RULES["1.1"]
VERDICT = rf"{100 * RULE.verdict:g} ?%"
VALUES = {
    " · ".join(f"{weight:g}" for weight in weights.values()) for weights in (plain.W, plain.C, plain.H)
} | {f"1 · {RULE.local:g}", "0.1 · 0.9"}

ELSEWHERE = [
    r"α系数为1表示完全一致，为0表示与随机无异", r"自30个编码单元起.*?低于0\.80时.*?低于0\.667时",
    rf"Version {BOOK_VERSION}|{BOOK_VERSION}版",
    r"^\d\.\d(?: \(.*\))?$",
    r"0 is where the recommendation stood|0为.*?的状态", r"CC BY 4\.0", r"400(?: days|天)",
    r"1 if the day|0 after it|期内为1|为0", r"\[?(?:SHA|HMAC)-?256\]?",
    r"from 0 \(nothing\) to 100|从0（毫无行动）到100", r"over 365 days|365天内", r"below 5 points|不足5分",
    r"after 90 days|每?过?90天[减后]", r"in 60 days|60天减半", r"10 % of draws below|10 % above|10%的模拟", r"95 ?%",
    r"\b0 (?:wait|are being looked into|led to|did not)|0项", r"method 1\.0|方法1\.0版",
    rf"codebook {BOOK_VERSION}\.|编码手册{BOOK_VERSION}版", r"^\d\.\d\d … \d\.\d\d$", rf"{VERDICT}.*?90 ?%",
    r"1 for full agreement and 0 for chance",
    r"from 30 coded units on\. Below 0\.80 .*? below 0\.667",
    r"\b146 events|146个事件",
]  # fmt: skip


def kinds(truth, day):
    """(address, its reader) for every kind of page; where there are many of one kind, others from day to day."""
    place = (CODED - day).days // 13
    for path, about in truths.pages_of(day):
        yield path, functools.partial(truths.Page, **about)
    earlier = max(plain.START, day - datetime.timedelta(7 * place + 3))
    yield f"/changed/?earlier={earlier}&later={day}", functools.partial(truths.Page, earlier=earlier)
    yield "/embed/all/", functools.partial(truths.Page, overall=True)
    actor = current().actor_slugs[place % len(current().actor_slugs)]
    yield "/events/", ListOfActs
    yield f"/events/?actor={actor}", functools.partial(ListOfActs, chosen=actor)
    acts = [act["id"] for act in truth.counted(day)]
    for key in {acts[(7 * place + part * len(acts)) // 3 % len(acts)] for part in range(3)}:
        yield f"/events/{key}/", functools.partial(ActPage, event=key)
    yield "/changes/", Changes
    for path in ("codebook", "data", "about", "glossary", "method", "editions", "disputes", "alerts", "keys"):
        yield f"/{path}/", Explained


def page_of(client, path, language, day):
    prefix = "" if language == "en" else "/zh-hans"
    with time_machine.travel(NOW, tick=False):
        answer = client.get(f"{prefix}{path}{'&' if '?' in path else '?'}as_of={day}")
    assert answer.status_code == 200, path
    return answer.content.decode()


def told_falsely(reader, truth, client, path, language, day):
    page, blocks = reader(truth, language, day), told.blocks(page_of(client, path, language, day))
    found = [(str(day), path, *each) for block in blocks if (each := left(page, block))]
    return found + [(str(day), path, *each) for each in page.wrong]


def left(page, block):
    """A block and what of it nothing accounts for, if that holds a number."""
    rest = page.read(block)
    if not truths.numbered_at_all(rest):
        return None
    for pattern in (*ELSEWHERE, *truths.FIXED):
        rest = re.sub(pattern, " ", rest)
    rest = re.sub(r"⟦[^⟧]*⟧", " ", rest)
    if re.search(r"\d", rest) and not truths.BARE.match(rest):
        return block[:160], rest[:160]
    return None


def test_every_sentence_is_what_the_record_says_with_all_its_releases(client, record, truth):
    """Every kind of page in both languages: on forty days of the record as it is, on two as it was first published.

    A day's two languages are read one after the other, as what the day comes to is worked out once for both.
    """
    found = []
    for day in truths.DAYS if record == "all releases" else DAYS:
        for language in LANGUAGES:
            for path, reader in kinds(truth, day):
                found += told_falsely(reader, truth, client, path, language, day)
    assert found == []


def slips(block):
    """A block with one of its numbers raised by one, for each in turn."""
    for found in re.finditer(r"⟦[^⟧]*⟧|https?:\S+|\d+", block):
        if found[0].isdigit():
            yield f"{block[: found.start()]}{int(found[0]) + 1:0{len(found[0])}}{block[found.end() :]}"


# A day, a digest or an interval alone in a cell is a figure and no sentence.
CELL = re.compile(r"\d{4}年\d{1,2}月\d{1,2}日|\d{1,2} [A-Z][a-z]+ \d{4}|[0-9a-f]{64}|\d\.\d\d … \d\.\d\d")


def slipped(reader, truth, client, path, language, day, every):
    """(sentence, the same with a slip, whether its reader takes it for the truth), for every so many of its slips."""
    blocks = told.blocks(page_of(client, path, language, day))
    page, tried = reader(truth, language, day), 0
    for place, block in enumerate(blocks):
        cell = truths.BARE.match(block) or CELL.fullmatch(block)
        for false in () if cell else slips(block):
            tried += 1
            if tried % every:
                continue
            other = copy.copy(page)
            other.wrong = []
            rest = [left(other, each) for each in (false, *blocks[place + 1 : place + 3])]
            yield path, block, false, not other.wrong and not any(rest)
        page.wrong = []
        left(page, block)


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_number_changed_anywhere_is_found(client, record, truth, language):
    """What the long test is worth: a number in a sentence of any page, raised by one, fails it."""
    if record != "all releases":
        pytest.skip("one record is enough to see that the readers can fail")
    day = truths.DAYS[9]
    tried = [
        each
        for path, reader in kinds(truth, day)
        for each in slipped(reader, truth, client, path, language, day, every=7)
    ]
    missed = [each[:3] for each in tried if each[3]]
    assert len(tried) > 300
    # What stays: days that are those of another thing on the page, and figures of draws, which other tests hold.
    assert len(missed) <= len(tried) / 25, missed


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_of_one_act_is_what_the_record_says(client, record, truth, language):
    """An act of each kind, and those that ended, sleep or ran out."""
    wanted = {}
    for key in truth.record.order:
        line = truth.raw.get(key)
        if line is None or truth.record.day[key] > CODED - datetime.timedelta(90):
            continue
        kinds = (line["assessments"][0]["strength"], bool(line.get("until")), key in truth.record.ender)
        wanted[kinds] = key
    found = []
    for key in wanted.values():
        found += told_falsely(
            functools.partial(ActPage, event=key), truth, client, f"/events/{key}/", language, CODED
        )
    assert len(wanted) >= 8
    assert found == []


def test_the_method_page_names_the_numbers_that_the_method_is_made_of(client, record):
    """Against the plain method, which was written from the description alone."""
    with time_machine.travel(NOW, tick=False):
        page = client.get("/method/").content.decode()
    rules = plain.RULES["1.1"]
    rows = dict(
        re.findall(r'<tr[^>]*><th scope="row"[^>]*>(.*?)</th><td[^>]*>(.*?)</td>', page, re.S)
        or re.findall(r"<th[^>]*>(.*?)</th>\s*<td[^>]*>(.*?)</td>", page, re.S)
    )
    values = {
        re.sub(r"<[^>]+>", "", name).strip(): re.sub(r"<[^>]+>", "", text) for name, text in rows.items()
    }
    expected = {
        "Weights of words": " · ".join(f"{weight:g}" for weight in plain.W.values()),
        "Weights of confirmed": " · ".join(f"{weight:g}" for weight in plain.C.values()),
        "Half-lives of the five kinds": " · ".join(map(str, plain.H.values())),
        "Weights of wide and local": f"1 · {rules.local:g}",
        "Probability that a verdict": f"{rules.verdict:g}",
        "Least share of the dispute": f"{rules.dispute:g}",
        "Ceiling of the evidence": "75",
    }
    for name, value in expected.items():
        (shown,) = [text.strip() for row, text in values.items() if row.startswith(name)]
        assert shown == value, name


def test_a_false_figure_of_an_act_is_found(client, record, truth):
    if record != "all releases":
        pytest.skip("one record is enough to see that the reader can fail")
    key = "2025-05-12-geneva-tariff-truce"
    with time_machine.travel(NOW, tick=False):
        page = told.plain(client.get(f"/events/{key}/?as_of={CODED}"))

    def wrong(markup):
        reader = ActPage(truth, "en", CODED, key)
        left = [reader.read(block) for block in told.blocks(markup)]
        return reader.wrong or [each for each in left if "3 sources" in each]

    assert wrong(page) == []
    for right, false in (("at most +", "at most +9"), ("6 sources", "7 sources"), ("3 of 5,", "4 of 5,")):
        assert right in page
        assert wrong(page.replace(right, false)), false
