"""Every number and every date in the sentences of the pages, recomputed from the record by another path, in both
languages: each sentence is read back by the pattern of its kind, and what no pattern reads fails.

Bare cells of tables and marks of axes are figures and no sentences; those of the tables beside charts are held by
tests/scorecard/test_page_parts.py. What rests on a thousand draws is held by test_second_implementation.py.
"""

import datetime
import re
from collections import Counter

import pytest
import time_machine
from django.utils import translation

from scorecard import standings, vocabulary
from scorecard.pages import moves
from tests.scorecard import told
from tests.scorecard.plain_truth import DAY, Truth
from tracker.codebook import current
from tracker.models import Revision
from tracker.wording import words_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded_once")]

NOW = "2026-11-29T09:00:00+00:00"
CODED = datetime.date(2026, 7, 7)
# Forty days over the whole record, the last coded one first.
DAYS = [CODED - datetime.timedelta(13 * place) for place in range(40)]
FEW = (DAYS[0], DAYS[9], DAYS[20], DAYS[33])
LANGUAGES = ("en", "zh-hans")
PERIODS = ("month", "quarter", "year")

N = r"[+−]?\d+"
T = r"[+−]?\d+\.\d"
MONTHS = "January February March April May June July August September October November December".split()
DATE = {
    "en": r"(?:\d{1,2} [A-Z][a-z]+ \d{4})",
    "zh-hans": r"(?:\d{4}年\d{1,2}月\d{1,2}日)",
}
MONTH = {"en": r"(?:[A-Z][a-z]+ \d{4})", "zh-hans": r"(?:\d{4}年\d{1,2}月)"}


def number(text):
    return float(text.replace("−", "-").replace("+", ""))


def near(text, value, places=0):
    """Whether a printed figure is the value, rounded."""
    return abs(number(text) - value) <= 0.5 * 10**-places + 1e-6


def date_of(text):
    """The day (or the first of the month) that a text in either language names."""
    if found := re.fullmatch(r"(\d{4})年(\d{1,2})月(?:(\d{1,2})日)?", text):
        return datetime.date(int(found[1]), int(found[2]), int(found[3] or 1))
    *day, month, year = text.split()
    place = next(number for number, name in enumerate(MONTHS, 1) if name.startswith(month))
    return datetime.date(int(year), place, int(day[0]) if day else 1)


@pytest.fixture(scope="module")
def truth(seeded_once, django_db_blocker):
    with django_db_blocker.unblock():
        latest = {}
        for body in Revision.objects.order_by("sequence").values_list("body", flat=True):
            record = told_record(body)
            latest[record["id"]] = record
    return Truth(list(latest.values()), CODED)


def told_record(body):
    import json

    return json.loads(body)


class Page:
    """One page in one language: reads its blocks one after the other and knows of which recommendation they speak."""

    def __init__(self, truth, language, day, *, slug=None, actor=None, earlier=None):
        self.truth, self.language, self.day, self.earlier = truth, language, day, earlier
        self.slug = self.page_slug = slug
        self.actor, self.act, self.ask = actor, None, None
        with translation.override(language):
            self.names = {}
            for each in current().slugs:
                self.names[words_of(current()[each].name)] = each
                self.names[vocabulary.short_name(each)] = each
            self.actors = {vocabulary.actor(each): each for each in current().actor_slugs}
            self.words = {vocabulary.label(word): word for word in vocabulary.LABEL_MARKS}
            self.asks = {
                words_of(ask.name): (each, ask.slug) for each in current().slugs for ask in current()[each].asks
            }

    def read(self, block):
        """What is left of a block when every pattern has read its own."""
        for name, slug in sorted(self.names.items(), key=lambda pair: -len(pair[0])):
            if block.startswith(name) or re.match(rf"\d\.? ?{re.escape(name)}", block):
                self.slug = slug
                break
        for name, ask in self.asks.items():
            if block.startswith(name):
                self.slug, self.ask = ask
        if found := re.search(r"⟦([a-z0-9-]+)⟧", block):
            self.act = found[1]
        for patterns, check in CLAIMS:
            pattern = patterns[LANGUAGES.index(self.language)] if isinstance(patterns, tuple) else patterns
            pattern = pattern.replace("DATE", DATE[self.language]).replace("MONTH", MONTH[self.language])
            block = re.sub(pattern, lambda found, check=check: self._held(check, found), block)
        return block

    def _held(self, check, found):
        assert check(self, found.groupdict()), (self.language, self.day, self.slug, self.actor, found[0])
        return " "


def said_balance(page, told_):
    """A score, its band and its word, of the recommendation or the actor that is named, or of the last one named."""
    slug, actor, name = page.slug, page.actor, told_.get("name")
    if name is not None:
        if name in page.names:
            slug = page.names[name]
        elif name in page.actors:
            actor = page.actors[name]
        else:  # the mean of all
            return near(told_["s"], page.truth.mean(page.day))
    low, high = page.truth.band(slug, page.day, actor)
    word = told_.get("word")
    return (
        near(told_["s"], page.truth.score(slug, page.day, actor))
        and near(told_["l"], low)
        and near(told_["h"], high)
        and (word is None or page.words[word.strip()] == page.truth.word(slug, page.day, actor))
    )


CLAIMS = []


def claim(english, chinese):
    def kept(check):
        CLAIMS.append(((english, chinese), check))
        return check

    return kept


claim(
    rf"^(?P<name>.+?): (?P<s>{N}) on a scale from −100 to \+100, band (?P<l>{N}) to (?P<h>{N}), (?P<word>.+)$",
    rf"^(?P<name>.+?)：在−100至\+100的刻度上为(?P<s>{N})，区间(?P<l>{N})至(?P<h>{N})，(?P<word>.+)$",
)(said_balance)


@claim(
    rf"^(?P<name>.+?): (?P<first>{N}) on (?P<d1>DATE), (?P<last>{N}) on (?P<d2>DATE); lowest (?P<low>{N}), highest "
    rf"(?P<high>{N})$",
    rf"^(?P<name>.+?)：(?P<d1>DATE)为(?P<first>{N})，(?P<d2>DATE)为(?P<last>{N})；最低(?P<low>{N})，最高(?P<high>{N})$",
)
def line(page, told_):
    scores = page.truth.scores(page.names[told_["name"]], page.day, page.actor)
    ends = [date_of(told_["d1"]), date_of(told_["d2"])] == [page.truth.days[0], page.day]
    figures = zip(("first", "last", "low", "high"), (scores[0], scores[-1], min(scores), max(scores)), strict=True)
    return ends and all(near(told_[key], value) for key, value in figures)


@claim(
    rf"^(?P<mark>[↗↘→]) ?(?P<s>{N})\s?(?P<l>{N}) to (?P<h>{N})$", rf"^(?P<mark>[↗↘→]) ?(?P<s>{N})\s?(?P<l>{N})至(?P<h>{N})$"
)
def pulse(page, told_):
    found = page.truth.reading(page.slug, page.day, pulse=True)
    from tests.scorecard import plain_method as plain

    low, high = plain.band(found["A"], found["U"])
    return near(told_["s"], found["score"]) and near(told_["l"], low) and near(told_["h"], high)


@claim(
    rf"^(?P<s>{N}) ?\(?(?P<l>[+−]\d+|0) to (?P<h>[+−]\d+|0)\)?(?:, (?P<word>.+)|[▲▼△▽◆○] (?P<word2>[^()]+).*)?$",
    rf"^(?P<s>{N}) ?\(?(?P<l>[+−]\d+|0)至(?P<h>[+−]\d+|0)\)?(?:[,，] ?(?P<word>.+)|[▲▼△▽◆○] (?P<word2>[^()]+).*)?$",
)
def level(page, told_):
    told_["word"] = told_["word"] or told_.pop("word2")
    if page.slug is None:  # the mean of all
        return near(told_["s"], page.truth.mean(page.day))
    return said_balance(page, {key: value for key, value in told_.items() if key != "name"})


@claim(r"(?:(?<=[a-z])|\b)since (?P<when>DATE|MONTH)", r"自(?P<when>DATE|MONTH)起|(?P<when2>MONTH)以来(?=总体|先后|一直|基本|仍)")
def since(page, told_):
    when = told_["when"] or told_.get("when2")
    first = page.truth.since(page.slug, page.day)
    return date_of(when) in (first, first.replace(day=1))


@claim(
    rf"^(?P<p>{N})(?:same word|was “(?P<was>.+)”)$", rf"^(?P<p>{N})(?:判定未变|原为“(?P<was>.+)”)$"
)
def year(page, told_):
    before = page.day - datetime.timedelta(365)
    moved = page.truth.score(page.slug, page.day) - page.truth.score(page.slug, before)
    was = page.words[told_["was"]] if told_["was"] else page.truth.word(page.slug, page.day)
    return near(told_["p"], moved) and was == page.truth.word(page.slug, before)


@claim(
    r"^(?P<none>– ?)?(?P<rated>\d) of (?P<of>\d) asks rated$", r"^(?P<none>– ?)?(?P<of>\d)项诉求中已评定(?P<rated>\d)项$"
)
def rated(page, told_):
    found = page.truth.delivery(page.slug, page.day)
    return found["rated"] == int(told_["rated"]) and int(told_["of"]) == len(current()[page.slug].asks)


@claim(
    r"^(?P<v>\d+) ?(?P<word>Not started|Talk|Under way|Partly in place|In place)$",
    r"^(?P<v>\d+) ?(?P<word>尚未启动|停留于言辞|进行中|部分落实|已落实)$",
)
def delivered(page, told_):
    return near(told_["v"], page.truth.delivery(page.slug, page.day)["value"])


@claim(
    r"^[▲▼◆] (?P<d>\d{1,2}) (?P<m>[A-Z][a-z]{2})(?: (?P<y>\d{4}))? ⟦(?P<id>[a-z0-9-]+)⟧$",
    r"^[▲▼◆] (?:(?P<y>\d{4})年)?(?P<m>\d{1,2})月(?P<d>\d{1,2})日 ⟦(?P<id>[a-z0-9-]+)⟧$",
)
def last_act(page, told_):
    newest = page.truth.touching(page.slug, page.day)[-1][0]
    day = page.truth.record.day[newest]
    month = told_["m"] if told_["m"].isdigit() else MONTHS.index(next(m for m in MONTHS if m.startswith(told_["m"]))) + 1
    return newest == told_["id"] and (day.month, day.day) == (int(month), int(told_["d"]))


@claim(
    rf"(?:(?:Up|Down) from (?P<a>{T}) to (?P<b>{T})|At (?P<c>{T}) on both days): "
    rf"(?:(?P<n>\d+) new acts? (?P<np>{T}), )?(?:(?P<e>\d+) that ended (?P<ep>{T}), )?fading (?P<f>{T})\.",
    rf"(?:由(?P<a>{T})(?:升|降)至(?P<b>{T})|(?:两日均为|两天均为)(?P<c>{T}))[：，]"
    rf"(?:(?P<n>\d+)项新行动(?P<np>{T})、)?(?:(?P<e>\d+)项终止的行动(?P<ep>{T})、)?衰减(?P<f>{T})。",
)
def moved(page, told_):
    found = page.truth.change(page.slug, page.earlier, page.day)
    parts = (("a", "from"), ("b", "to"), ("c", "to"), ("np", "new"), ("ep", "ended"), ("f", "faded"))
    before, after = (page.truth.standing(page.slug, day) for day in (page.earlier, page.day))
    return all(near(told_[key], found[part], 1) for key, part in parts if told_[key]) and (
        int(told_["n"] or 0) <= len(after - before) and int(told_["e"] or 0) <= len(before - after)
    )
