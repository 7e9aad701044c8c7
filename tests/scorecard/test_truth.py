"""Every number and every date in the sentences of the pages, recomputed from the record by another path, in both
languages: each sentence is read back by the pattern of its kind, and what no pattern reads fails.

Bare cells of tables and marks of axes are figures and no sentences; those of the tables beside charts are held by
tests/scorecard/test_page_parts.py. What rests on a thousand draws is held by test_second_implementation.py. Here two
days of the first release are read; forty days of the whole record, and every other kind of page, in
test_truth_elsewhere.py.
"""

import datetime
import functools
import json
import re
from collections import Counter

import pytest
import time_machine
from django.utils import translation

from scorecard import vocabulary
from scorecard.pages.views import timeline
from tests.scorecard import plain_method as plain
from tests.scorecard import told
from tests.scorecard.plain_truth import DAY, Truth
from tracker.codebook import current
from tracker.models import Revision
from tracker.wording import words_of

# Every sentence of every page, read and recounted; quick runs leave it to the whole suite.
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded_once"), pytest.mark.slow]

NOW = "2026-11-29T09:00:00+00:00"
CODED = datetime.date(2026, 7, 7)
# Forty days over the whole record, the last coded one first.
DAYS = [CODED - datetime.timedelta(13 * place) for place in range(40)]
FEW = (DAYS[0], DAYS[21])
LANGUAGES = ("en", "zh-hans")
PERIODS = ("month", "quarter", "year")

N = r"[+−]?\d+"
T = r"[+−]?\d+\.\d"
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
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
            record = json.loads(body)
            latest[record["id"]] = record
        found = Truth(list(latest.values()), CODED)
        # The record is opened on the day on which it is seeded, which is that of the test.
        found.revisions = Revision.objects.count()
        found.opened = Revision.objects.order_by("sequence").first().written_at.date()
        return found


CITED = re.compile(
    r"US–China AI Policy Scorecard \((?P<y>\d{4})\)\. (?P<title>.+?)\. Method 1\.1, "
    r"(?:as of (?P<d>[\d-]{10})|figures of (?P<coded>[\d-]{10}), the last coded day), "
    r"revision (?P<r>\d+)\. \S+ \(read (?P<read>[\d-]{10})\)\."
)


class Page:
    """One page in one language: reads its blocks one after the other and knows of which recommendation they speak."""

    def __init__(
        self, truth, language, day, *, slug=None, actor=None, earlier=None, pair=False, overall=False
    ):
        self.truth, self.language, self.day, self.earlier = truth, language, day, earlier
        self.slug, self.wrong, self.when, self.page_actor = slug, [], None, actor
        self.actor, self.act, self.ask, self.also = actor, None, None, truth.also
        self.pair, self.overall, self.old = pair, overall, None
        with translation.override(language):
            self.names = {}
            for each in current().slugs:
                self.names[words_of(current()[each].name)] = each
                self.names[vocabulary.short_name(each)] = each
            self.longest_first = sorted(self.names.items(), key=lambda pair: -len(pair[0]))
            self.actors = {vocabulary.actor(each): each for each in current().actor_slugs}
            self.words = {vocabulary.label(word): word for word in vocabulary.LABEL_MARKS}
            self.asks = {
                words_of(ask.name): (each, ask.slug)
                for each in current().slugs
                for ask in current()[each].asks
            }

    def read(self, block):
        """What is left of a block when every pattern has read its own."""
        date, month = DATE[self.language], MONTH[self.language]
        if found := CITED.fullmatch(block):
            if not self._cited(found):
                self.wrong.append(("cited", block))
            block = "" if found["title"] in self.truth.texts else found["title"]
        if block in self.truth.own:
            return ""
        for reason in self.truth.reasons:
            block = block.removesuffix(reason)
        if re.fullmatch(rf"\d?(?:{date}|{month})", block):  # a cell; where an act follows, its day
            self.when = block
            return ""
        for name, slug in self.longest_first:
            numbered = re.match(rf"(\d)\.? ?(?={re.escape(name)})", block)
            if numbered or block.startswith(name):
                self.slug, self.actor = slug, self.page_actor
                if numbered:
                    block = block[numbered.end() :]
                    if int(numbered[1]) != current()[slug].number:
                        self.wrong.append(("number", slug, numbered[0]))
                break
        for name, ask in self.asks.items():
            if block.startswith(name):
                self.slug, self.ask = ask
        if block in self.actors:
            self.actor = self.actors[block]
        if found := re.search(r"⟦([a-z0-9-]+)⟧", block):
            self.act = found[1]
            if self.old is not None and self.old != (self.day - self.truth.record.day[self.act]).days:
                self.wrong.append(("old", self.act, self.old))
            self.old = None
            told_days = (self.when, self.when[1:]) if self.when else ()
            if self.when and not any(dated(self, self.act, when) or named(self, when) for when in told_days):
                self.wrong.append(("when", self.act, self.when))
        self.when = None
        if not numbered_at_all(block):
            return block
        for pattern, check, anchored in claims_in(self.language):
            if anchored and not pattern.match(block):  # `sub` would look for its beginning at every letter
                continue
            block = pattern.sub(lambda found, check=check: self._held(check, found), block)
        return block

    def _cited(self, found):
        day = self.day.isoformat()
        said = (found["y"], found["d"] or found["coded"], found["read"], int(found["r"]))
        return said == (day[:4], day, NOW[:10], self.truth.revisions)

    def _held(self, check, found):
        try:
            holds = check(self, found.groupdict())
        except (KeyError, ValueError, StopIteration, TypeError, IndexError) as problem:
            holds = self.wrong.append(repr(problem))
        if not holds:
            self.wrong.append((check.__name__, self.slug, self.actor, found[0]))
        return " "


def said_balance(page, told_, of=None):
    """A score, its band and its word, of the recommendation or the actor that is named, or of the last one named."""
    slug, actor, name = page.slug, of or page.actor, told_.get("name")
    if name is not None:
        if name in page.names:
            slug = page.names[name]
        elif name in page.actors:
            actor = page.actors[name]
        else:  # the mean of all
            return is_mean(page, told_)
    low, high = page.truth.band(slug, page.day, actor)
    word = told_.get("word")
    return (
        near(told_["s"], page.truth.score(slug, page.day, actor))
        and near(told_["l"], low)
        and near(told_["h"], high)
        and (word is None or page.words[word.strip()] == page.truth.word(slug, page.day, actor))
    )


CLAIMS = []


@functools.cache
def claims_in(language):
    """(pattern, check, whether it can only stand at the beginning of a block) of each claim."""
    place, date, month = LANGUAGES.index(language), DATE[language], MONTH[language]
    written = [
        (patterns[place].replace("DATE", date).replace("MONTH", month), check) for patterns, check in CLAIMS
    ]
    return [(re.compile(text), check, _anchored(text)) for text, check in written]


def _anchored(text):
    """Whether `^` governs all of a pattern: no `|` stands outside its groups."""
    bare = re.sub(r"\\.|\[[^\]]*\]", "", text)
    while (inner := re.sub(r"\([^()]*\)", "", bare)) != bare:
        bare = inner
    return bare.startswith("^") and "|" not in bare


def numbered_at_all(block):
    """Whether a number stands in it, ids of acts aside."""
    return re.search(r"\d", re.sub(r"⟦[^⟧]*⟧", "", block))


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
    figures = zip(
        ("first", "last", "low", "high"), (scores[0], scores[-1], min(scores), max(scores)), strict=True
    )
    return ends and all(near(told_[key], value) for key, value in figures)


@claim(
    rf"^(?P<mark>[↗↘→]) ?(?P<s>{N})\s?(?P<l>{N}) to (?P<h>{N})$",
    rf"^(?P<mark>[↗↘→]) ?(?P<s>{N})\s?(?P<l>{N})至(?P<h>{N})$",
)
def pulse(page, told_):
    found = page.truth.reading(page.slug, page.day, pulse=True)
    low, high = plain.band(found["A"], found["U"])
    return near(told_["s"], found["score"]) and near(told_["l"], low) and near(told_["h"], high)


@claim(
    rf"^(?P<s>{N}) ?\(?(?P<l>[+−]\d+|0) to (?P<h>[+−]\d+|0)\)?(?:, (?P<word>.+)|[▲▼△▽◆○] (?P<word2>[^()]+).*)?$",
    rf"^(?P<s>{N}) ?[(（]?(?P<l>[+−]\d+|0)至(?P<h>[+−]\d+|0)[)）]?"
    r"(?:[,，] ?(?P<word>.+)|[▲▼△▽◆○] (?P<word2>[^()（）]+).*)?$",
)
def level(page, told_):
    told_["word"] = told_["word"] or told_["word2"]
    del told_["word2"]
    if told_["l"] == "0" and told_["word"] is None:  # a band alone, whose lower end is a multiple of ten
        low, high = page.truth.band(page.slug, page.day, page.actor) if page.slug else (0, 0)
        if near(told_["s"] + "0", low) and near(told_["h"], high):
            return True
    compared = current().compared or ()
    if said_balance(page, told_) or any(said_balance(page, told_, actor) for actor in compared if page.pair):
        return True
    return page.slug is not None and page.overall and is_mean(page, told_)


def is_mean(page, told_):
    """The plain mean of all balances, and of the ends of their bands."""
    slugs = current().slugs
    lows, highs = zip(*(page.truth.band(slug, page.day) for slug in slugs), strict=True)
    means = (("s", page.truth.mean(page.day)), ("l", sum(lows) / len(lows)), ("h", sum(highs) / len(highs)))
    return all(near(told_[key], value) for key, value in means)


@claim(
    r"(?<!points )(?<!seven )since (?P<when>DATE|MONTH)",
    r"自(?P<when>DATE|MONTH)起|：(?P<when2>MONTH)以来(?=.)",
)
def since(page, told_):
    when = told_["when"] or told_.get("when2")
    first = page.truth.since(page.slug, page.day)
    return date_of(when) in (first, first.replace(day=1))


@claim(rf"^(?P<p>{N})(?:same word|was “(?P<was>.+)”)$", rf"^(?P<p>{N})(?:判定未变|原为“(?P<was>.+)”)$")
def year(page, told_):
    before = page.day - datetime.timedelta(365)
    moved = page.truth.score(page.slug, page.day) - page.truth.score(page.slug, before)
    was = page.words[told_["was"]] if told_["was"] else page.truth.word(page.slug, page.day)
    return near(told_["p"], moved) and was == page.truth.word(page.slug, before)


@claim(
    r"^(?P<none>– ?)?(?P<rated>\d) of (?P<of>\d) asks rated$",
    r"^(?P<none>– ?)?(?P<of>\d)项诉求中已评定(?P<rated>\d)项$",
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
    month = (
        told_["m"]
        if told_["m"].isdigit()
        else MONTHS.index(next(m for m in MONTHS if m.startswith(told_["m"]))) + 1
    )
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
    new, ended = page.truth.movers(page.slug, page.earlier, page.day)
    return all(near(told_[key], found[part], 1) for key, part in parts if told_[key]) and (
        (int(told_["n"] or 0), int(told_["e"] or 0)) == (len(new), len(ended))
    )


@claim(
    rf"⟦(?P<id>[a-z0-9-]+)⟧ \(?(?P<d>DATE|MONTH)\)?(?: · (?P<p>{T}))?",
    rf"⟦(?P<id>[a-z0-9-]+)⟧ ?[(（]?(?P<d>DATE|MONTH)[)）]?(?: · (?P<p>{T}))?",
)
def act_named(page, told_):
    """An act with its day, and the points that it moved the balance by, or moves it by on the day of the page."""
    if not dated(page, told_["id"], told_["d"]):
        return False
    if told_["p"] is None:
        return True
    effects = page.truth.reading(page.slug, page.day)["effects"]
    if told_["id"] in effects and near(told_["p"], effects[told_["id"]], 1):  # what it does on the day
        return True
    if page.earlier is None:
        return False
    new, ended = page.truth.movers(page.slug, page.earlier, page.day)
    return near(told_["p"], {**ended, **new}[told_["id"]], 1)


def named(page, text):
    """Whether a cell holds a day that an act names itself."""
    try:
        return date_of(text) in page.also
    except (ValueError, IndexError, StopIteration):
        return False


def dated(page, act, text):
    record = page.truth.raw[act]
    day = datetime.date.fromisoformat(record["date"])
    try:
        told_day = date_of(text)
    except (ValueError, IndexError, StopIteration):  # the number of a pin stands before it
        return False
    return told_day in (day, day.replace(day=1), page.truth.record.day.get(act))


@claim(r"⟦(?P<id>[a-z0-9-]+)⟧ · (?P<d>DATE|MONTH)$", r"⟦(?P<id>[a-z0-9-]+)⟧ · (?P<d>DATE|MONTH)$")
def ended_by(page, told_):
    """The act that ended another, which is named last, with its day."""
    return told_["id"] in page.truth.record.ender.values() and dated(page, told_["id"], told_["d"])


@claim(
    rf"^\d(?P<p>{T}) (?:on (?P<d>DATE)|from (?P<d1>DATE) to (?P<d2>DATE)) ⟦(?P<id>[a-z0-9-]+)⟧$",
    rf"^\d(?:(?P<d1>DATE)至(?P<d2>DATE)|(?P<d>DATE))：(?P<p>{T}) ⟦(?P<id>[a-z0-9-]+)⟧$",
)
def marked_move(page, told_):
    first = date_of(told_["d"] or told_["d1"])
    last = date_of(told_["d"] or told_["d2"])
    points = page.truth.score(page.slug, last) - page.truth.score(page.slug, first - DAY)
    return near(told_["p"], points, 1) and first <= page.truth.record.day[told_["id"]] <= last


@claim(
    r"rests on (?P<n>\d+) acts?; (?P<firm>no single act decides the label)?",
    r"依据(?P<n>\d+)项行动；(?P<firm>任何单项行动都不足以左右判定)?",
)
def rests_on(page, told_):
    found = page.truth.reading(page.slug, page.day)
    return int(told_["n"]) == found["n"] and bool(told_["firm"]) != found["fragile"]


@claim(
    r"^undermining (?P<u>\d+) %, open (?P<o>\d+) %, advancing (?P<a>\d+) %$",
    r"^不利(?P<u>\d+)%，未定(?P<o>\d+)%，有利(?P<a>\d+)%$",
)
def shares(page, told_):
    if page.actor:
        a, u = page.truth.sums(page.slug, page.actor)[page.truth.place(page.day)]
    else:
        a, u = page.truth.sums(page.slug)[page.truth.place(page.day)]
    whole = a + u + 2
    found = (("u", 100 * u / whole), ("o", 200 / whole), ("a", 100 * a / whole))
    return all(near(told_[key], value) for key, value in found)


@claim(
    rf"stands at (?P<s>{N}), (?:after (?P<far>{N}) in (?P<m>MONTH)|about as far)",
    rf"目前为(?P<s>{N})，(?:(?P<m>MONTH)曾为(?P<far>{N}))?",
)
def chart_title(page, told_):
    scores = page.truth.scores(page.slug, page.day)
    if not near(told_["s"], scores[-1]):
        return False
    if told_["far"] is None:
        return True
    farthest = max(scores, key=abs)
    on = page.truth.days[scores.index(farthest)]
    return near(told_["far"], farthest) and date_of(told_["m"]) == on.replace(day=1)


@claim(
    rf"Over (?:the )?90 days(?: to DATE, the last coded day,?)? ?,?\s?the score went from (?P<a>{N}) to (?P<b>{N}): "
    rf"new acts (?P<n>{T}), acts that ended (?P<e>{T}), fading (?P<f>{T})",
    rf"(?:截至(?:编码截止日)?DATE的)?90天内，?评分由(?P<a>{N})变为(?P<b>{N})：新行动(?P<n>{T})，终止的行动(?P<e>{T})，衰减(?P<f>{T})",
)
def quarter(page, told_):
    found = page.truth.change(page.slug, page.day - datetime.timedelta(90), page.day)
    return (
        near(told_["a"], found["from"]) and near(told_["b"], found["to"]) and near(told_["n"], found["new"], 1)
        and near(told_["e"], found["ended"], 1) and near(told_["f"], found["faded"], 1)
    )  # fmt: skip


@claim(
    rf"[Oo]ne more law in favour would (?:have moved|move) (?:it|the balance) by (?P<a>{T})(?: today)?, one "
    rf"against by (?P<u>{T})",
    rf"再有一部有利的法律(?:会使净评分|，净评分将)变动(?P<a>{T})[，；](?:再有)?一部不利的(?:会使其|法律，则)变动(?P<u>{T})",
)
def one_more(page, told_):
    a, u = page.truth.sums(page.slug)[page.truth.place(page.day)]
    now, law = plain.score(a, u), plain.W[4]
    return near(told_["a"], plain.score(a + law, u) - now, 1) and near(
        told_["u"], plain.score(a, u + law) - now, 1
    )


@claim(
    r"^(?:(?P<name>.+?): )?(?P<v>\d+(?:\.\d)?) of 100(?:, .+|: .+| · .+)?$",
    r"^(?:(?P<name>.+?)[：:] ?)?(?P<v>\d+(?:\.\d)?)(?:（满分100）| 满分100)(?:，达到级别.+| · .+)?$",
)
def ask_value(page, told_):
    slug, ask = page.asks.get(told_["name"], (page.slug, page.ask))
    return near(told_["v"], page.truth.delivery(slug, page.day)["asks"][ask], 1 if "." in told_["v"] else 0)


@claim(rf"^(?:[▲▼·◆] )?(?P<p>{T}) (?P<name>\S.*)$", rf"^(?:[▲▼·◆] )?(?P<p>{T}) (?P<name>\S.*)$")
def effect(page, told_):
    if told_["name"] not in page.names:
        return False
    found = page.truth.reading(page.names[told_["name"]], page.day)["effects"]
    return near(told_["p"], found.get(page.act, 0.0), 1)


@claim(r"^(?P<name>[^:]+): (?P<v>\d+\.\d), ", r"^(?P<name>[^:：]+)[:：] ?(?P<v>\d+\.\d)[,，]")
def ask_of_party(page, told_):
    actor = page.actors[told_["name"]]
    return near(told_["v"], page.truth.ask_of(page.slug, page.ask, actor, page.day), 1)


@claim(r"delivery (?P<v>\d+|–) of 100", r"落实度(?P<v>\d+|–)（满分100）")
def delivery_of(page, told_):
    value = page.truth.delivery(page.slug, page.day)["value"]
    return (value is None) == (told_["v"] == "–") and (value is None or near(told_["v"], value))


@claim(
    r"(?:Coded|coded) to (?P<d>DATE)(?:: (?P<n>[\d,  ]+) events from (?P<s>[\d,  ]+) sources)?",
    r"编码截至(?P<d>DATE)(?:：(?P<n>[\d  ]+)个事件，(?P<s>[\d  ]+)个来源)?",
)
def coverage(page, told_):
    counted = page.truth.counted(page.day)
    sources = sum(len(record["sources"]) for record in counted)
    if date_of(told_["d"]) != page.day:
        return False
    counts = [int(re.sub(r"\D", "", told_[key] or "0")) for key in ("n", "s")]
    return told_["n"] is None or counts == [len(counted), sources]


@claim(
    r"^English (?P<en>[<> ]*\d+) %, Chinese (?P<zh>[<> ]*\d+) %, others (?P<o>[<> ]*\d+) %$",
    r"^英文(?P<en>[<>]?\d+)%，中文(?P<zh>[<>]?\d+)%，其他(?P<o>[<>]?\d+)%$",
)
def languages(page, told_):
    found = Counter(
        source["lang"].split("-")[0]
        for record in page.truth.counted(page.day)
        for source in record["sources"]
    )
    whole = found.total()
    shares_ = {"en": found["en"], "zh": found["zh"], "o": whole - found["en"] - found["zh"]}
    return all(
        told_[key].strip()[0] in "<>" or near(told_[key], 100 * value / whole)
        for key, value in shares_.items()
    )


@claim(
    r"^(?P<r>\d+) reported by one outlet, (?P<u>\d+) rumoured, of (?P<n>\d+)$",
    r"^(?P<n>\d+)个事件中，(?P<r>\d+)个仅一家媒体报道，(?P<u>\d+)个为传闻$",
)
def unsure(page, told_):
    counted = page.truth.counted(page.day)
    found = Counter(record["certainty"] for record in counted)
    return (int(told_["r"]), int(told_["u"]), int(told_["n"])) == (
        found["reported"],
        found["rumoured"],
        len(counted),
    )


@claim(
    r"^United States (?P<us>[<> ]*\d+) %, China (?P<china>[<> ]*\d+) %, elsewhere (?P<third>[<> ]*\d+) %, .*$",
    r"^美国(?P<us>[<>]?\d+)%，中国(?P<china>[<>]?\d+)%，其他地区(?P<third>[<>]?\d+)%，.*$",
)
def sides(page, told_):
    urls = [source["url"] for record in page.truth.counted(page.day) for source in record["sources"]]
    found = Counter(map(current().side_of, urls))
    return all(
        told_[key].strip()[0] in "<>" or near(told_[key], 100 * found[key] / len(urls))
        for key in ("us", "china")
    )


@claim(
    rf"[Tt]he plain mean of the seven balances is (?P<s>{N}) \((?P<l>{N}) to (?P<h>{N})\)",
    rf"七项净评分的简单平均为(?P<s>{N})（(?P<l>{N})至(?P<h>{N})）",
)
def plain_mean(page, told_):
    return is_mean(page, told_)


@claim(r"^(?P<v>\d+) / 100", r"^(?P<v>\d+) / 100")
def delivery_reached(page, told_):
    return near(told_["v"], page.truth.delivery(page.slug, page.day)["value"])


@claim(r" · (?P<n>\d+) sources?(?= ·|$)", r" · (?P<n>\d+)个来源(?= ·|$)")
def sources(page, told_):
    return int(told_["n"]) == len(page.truth.raw[page.act]["sources"])


@claim(r"^(?P<n>\d+) events?$", r"^(?P<n>\d+)个事件$")
def touching(page, told_):
    if page.page_actor:
        return int(told_["n"]) == sum(
            page.page_actor in act["actors"] for act in page.truth.counted(page.day)
        )
    return int(told_["n"]) == len(page.truth.touching(page.slug, page.day))


@claim(
    r"(?:(?P<done>[\w-]+) in place, )?(?:(?P<part>[\w-]+) part of the way, )?(?:(?P<zero>[\w-]+) at zero)?"
    r"(?: and (?P<none>[\w-]+) without an act)$",
    r"(?:(?P<done>\w+?)项已落实、)?(?:(?P<part>\w+?)项部分推进、)?(?:(?P<zero>\w+?)项为零)?(?:、(?P<none>\w+?)项尚无行动)$",
)
def how_far_all(page, told_):
    found = Counter()
    for slug in current().slugs:
        values = page.truth.delivery(slug, page.day)["asks"]
        found["none"] += len(current()[slug].asks) - len(values)
        for value in values.values():
            found["done" if value >= 80 else "zero" if value < 1e-9 else "part"] += 1
    with translation.override(page.language):
        return all(
            word is None or word in (str(found[key]), vocabulary.count_word(found[key]))
            for key, word in told_.items()
        )


@claim(r"^[▲▼◆] (?P<d>DATE|MONTH) ⟦(?P<id>[a-z0-9-]+)⟧$", r"^[▲▼◆] (?P<d>DATE|MONTH) ⟦(?P<id>[a-z0-9-]+)⟧$")
def last_act_of_a_month(page, told_):
    return page.truth.touching(page.slug, page.day)[-1][0] == told_["id"] and dated(
        page, told_["id"], told_["d"]
    )


@claim(r"(?P<n>\d+) days ago", r"即?(?P<n>\d+)天前")
def days_ago(page, told_):
    return int(told_["n"]) == (datetime.date.fromisoformat(NOW[:10]) - page.day).days


@claim(
    rf"^(?P<name>[^:]+): (?P<a>{N}) on (?P<d1>DATE), (?P<b>{N}) on (?P<d2>DATE)$",
    rf"^(?P<name>[^：]+)：(?P<d1>DATE)为(?P<a>{N})，(?P<d2>DATE)为(?P<b>{N})$",
)
def way(page, told_):
    slug, days = page.names[told_["name"]], [date_of(told_["d1"]), date_of(told_["d2"])]
    levels = [page.truth.score(slug, day) for day in days]
    return days == [page.earlier, page.day] and near(told_["a"], levels[0]) and near(told_["b"], levels[1])


@claim(rf"^(?P<name>[^\d+−]+?) (?P<p>{T})\s*(?=  )", rf"^(?P<name>[^\d+−]+?) (?P<p>{T})\s*(?=  )")
def by_how_much(page, told_):
    slug = page.names[told_["name"]]
    return near(told_["p"], page.truth.score(slug, page.day) - page.truth.score(slug, page.earlier), 1)


@claim(r"⟦(?P<id>[a-z0-9-]+)⟧ (?P<y>\d{4})$", r"⟦(?P<id>[a-z0-9-]+)⟧ ?(?P<y>\d{4})$")
def in_the_year(page, told_):
    return page.truth.raw[told_["id"]]["date"][:4] == told_["y"]


@claim(
    r"none of (?P<n>\d+) events yet|none of (?P<z>\d+) events a second time|"
    r"(?P<t>\d+) of (?P<all>\d+) events a second time",
    r"(?P<n>\d+)个事件均尚未审阅|(?P<z>\d+)个事件均未经人工再次盲编|(?P<all>\d+)个事件中，已有(?P<t>\d+)个由人工再次盲编",
)
def reviewed(page, told_):
    if told_["n"]:
        return int(told_["n"]) == len(page.truth.counted(page.day))
    if told_["z"]:
        return int(told_["z"]) == len(page.truth.raw)
    return (told_["t"], int(told_["all"])) == ("0", len(page.truth.raw))


@claim(
    r"at the end of (?P<a>DATE) and of (?P<b>DATE)|points since (?P<y>DATE)|act of (?P<c>DATE|MONTH)$",
    r"在(?P<a>DATE)和(?P<b>DATE)当日结束时|(?P<y>DATE)以来的分值变化|(?P<c>DATE|MONTH)的行动$",
)
def one_day_alone(page, told_):
    """A day that could be no other one of the page's."""
    if told_["a"]:
        return [date_of(told_["a"]), date_of(told_["b"])] == [page.earlier, page.day]
    if told_["y"]:
        return date_of(told_["y"]) == page.day - datetime.timedelta(365)
    return dated(page, page.act, told_["c"])


@claim(r"^page (?P<n>\d+) of (?P<all>\d+)", r"^第(?P<n>\d+)页，共(?P<all>\d+)页")
def pages(page, told_):
    """Fifty acts a page."""
    if page.page_actor:
        acts = [act for act in page.truth.counted(page.day) if page.page_actor in act["actors"]]
    else:
        acts = page.truth.touching(page.slug, page.day)
    return (int(told_["n"]), int(told_["all"])) == (1, -(-len(acts) // 50))


@claim(r"^Recommendation (?P<n>\d) of (?P<all>\d)$", r"^第(?P<n>\d)项建议（共(?P<all>\d)项）$")
def place_among_all(page, told_):
    return (int(told_["n"]), int(told_["all"])) == (current()[page.slug].number, len(current()))


@claim(
    r"(?<!\d)(?:On|on|since|as of|As of|Figures of|figures of|to|of|(?P<ago>\b)) ?(?P<d>DATE)(?:, the last coded day)?",
    r"(?:截至|在|数字截至编码截止日|编码截止日|以来)?(?P<d>DATE)(?:（编码截止日）)?",
)
def the_day(page, told_):
    """A day that a sentence names by itself: that of the page, the earlier of two, or one of the record's own."""
    if page.act in page.truth.raw and dated(page, page.act, told_["d"]):  # of the act named last
        return True
    start = page.truth.days[0]
    year_before = page.day - datetime.timedelta(365)
    return date_of(told_["d"]) in (
        page.day,
        page.earlier,
        start,
        year_before,
        page.truth.opened,
        datetime.date(2026, 11, 29),
        *page.also,
    )


@claim(r"^(?P<n>\d+) days? old$", r"^已有(?P<n>\d+)天$")
def old(page, told_):
    """Of the act that is named next."""
    page.old = int(told_["n"])
    return True


@claim(r"^(?P<d>MONTH) · (?=\D+$)", r"^(?P<d>MONTH) · (?=\D+$)")
def of_a_month(page, told_):
    return dated(page, page.act, told_["d"])


@claim(r"^(?P<name>[^\d()]+) \((?P<n>\d+)\)$", r"^(?P<name>[^\d（）]+)（(?P<n>\d+)）$")
def pending_of_a_stage(page, told_):
    with translation.override(page.language):
        stages = {str(name): stage for stage, name in vocabulary.STAGES.items()}
    return page.truth.pending(page.day)[stages[told_["name"]]] == int(told_["n"])


@claim(r"^(?P<n>\d+) proposals? pending$", r"^(?P<n>\d+)项提议待定$")
def pending(page, told_):
    return page.truth.pending(page.day).total() == int(told_["n"])


@claim(
    r"^The terms? of (?P<n>\d+) acts? on record (?:are|is) still to end$",
    r"^已收录的行动中，有(?P<n>\d+)项尚未期满$",
)
def terms_to_end(page, told_):
    return page.truth.terms(page.day, page.day) == int(told_["n"])


@claim(
    r"^The terms? of (?P<past>\d+) acts? (?:have|has) ended since (?P<d>DATE), the last coded day; (?P<n>\d+) more "
    r"terms? (?:are|is) still to end$",
    r"^(?P<d>DATE)（编码截止日）以来，已有(?P<past>\d+)项行动期满；另有(?P<n>\d+)项尚未期满$",
)
def terms_ended_and_to_end(page, told_):
    today = datetime.date.fromisoformat(NOW[:10])
    later, all_ = page.truth.terms(page.day, today), page.truth.terms(page.day, page.day)
    right = (int(told_["past"]), int(told_["n"])) == (all_ - later, later)
    return right and date_of(told_["d"]) == page.day


# What is the same on every day: the axis, the band, the words of the method, counts of the codebook, and what rests on
# draws or on feeds.
FIXED = [
    r"0 nothing, 100 all running|0为毫无行动，100为全部已实施",
    r"0 not started, up to 20 talk, from 20 under way, from 40 partly in place, from 80 in place",
    r"0为尚未启动，20以下为停留于言辞，20起为进行中，40起为部分落实，80起为已落实",
    r"words 10 · proposal 20 · commitment 40 · enacted 80 · operating 100",
    r"言辞 10 · 提议 20 · 承诺 40 · 已生效 80 · 已实施 100",
    r"−100 (?:to|all against, )|−100(?:全部不利)?", r"[+]100(?: all for)?(?:全部有利)?",
    r"80 ?%", r"97\.5 ?%", r"\b0 as\b|0为", r"(?:less than |不及)0\.5", r"(?:above|below) 0|[高低]于0",
    r"[Mm]ethod 1\.[01]\b|方法1\.[01]版", r"The last 30 days are|最近30天", r"^(?:30|90|365)(?: days|天)$",
    r"Same sign in .*|Not firm: the word holds.*|In a thousand draws.*",
    r"在1[  ,]?000种其他加权中.*|随机改变权重.*|不稳固：.*",
    r"every act counted 1|weights rose in even steps, 0.2 … 1|all half-lives were 90 days",
    r"每项行动都计1|权重等距递增（0.2至1）|半衰期均为90天",
    r"24 asks|24项诉求", r"of 100|满分100",
    r"over 90 days|(?:近|此前)90天|90 days before", r"by 5 points|达到5分",
    r"In a replay of the record, .* had changed 145 days later\.|回放记录可知，.*已经改变。",
    r"[Ss]ince January 2025|2025年1月以来", r"21 January 2025", r"A4", r"G20|G7",
]  # fmt: skip
BARE = re.compile(r"^(?:[\d\s+−.%–,≥<>→:()年月]|to|至)*$")


def left_over(page, markup):
    found = []
    for block in told.blocks(markup):
        left = page.read(block)
        for pattern in FIXED:
            left = re.sub(pattern, " ", left)
        left = re.sub(r"⟦[^⟧]*⟧", " ", left)
        if re.search(r"\d", left) and not BARE.match(left):
            found.append((block[:160], left[:160]))
    return page.wrong + found


def pages_of(day):
    """(address, what the page speaks of) of a day: every kind, and each recommendation in turn."""
    place = (CODED - day).days // 13
    slug = current().slugs[place % len(current())]
    quarter_before = timeline.start_of(day, "quarter")
    period = PERIODS[place % 3]
    actor = current().actor_slugs[place % len(current().actor_slugs)]
    return [
        ("/", {"earlier": quarter_before, "overall": True}),
        (f"/recommendations/{slug}/", {"slug": slug}),
        (f"/changed/?period={period}", {"earlier": timeline.start_of(day, period)}),
        ("/brief/", {"earlier": quarter_before}),
        ("/asks/", {}),
        ("/actors/", {"pair": True}),
        (f"/embed/{slug}/", {"slug": slug}),
        (f"/recommendations/{slug}/brief/", {"slug": slug, "earlier": quarter_before}),
        ("/next/", {}),
        (f"/actors/{actor}/", {"actor": actor}),
    ]


def false_on(client, truth, day, language, *, today=False):
    """What the pages of a day say that the record does not; `today`: they ask for no day and are read on that one."""
    found = []
    with time_machine.travel(NOW, tick=False):
        for path, about in pages_of(day):
            page = Page(truth, language, day, **about)
            asked = "" if today else ("&" if "?" in path else "?") + f"as_of={day}"
            prefix = "" if language == "en" else "/zh-hans"
            answer = client.get(prefix + path + asked)
            assert answer.status_code == 200, path
            found += [(str(day), path, *each) for each in left_over(page, answer.content.decode())]
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_of_every_page_is_what_the_record_says(client, seeded, truth, language):
    assert [each for day in FEW for each in false_on(client, truth, day, language)] == []
    assert false_on(client, truth, CODED, language, today=True) == []


def test_a_false_figure_is_found(client, seeded, truth):
    """The test can fail: one point more, another day, a number that nothing accounts for."""
    with time_machine.travel(NOW, tick=False):
        told_ = told.plain(client.get(f"/recommendations/trust/?as_of={CODED}"))
    slips = [
        ("band −63 to −36", "band −63 to −35"), ("since 4 February 2025", "since 5 February 2025"),
        ("rests on 84 acts", "rests on 85 acts"), ("in April 2025", "in May 2025"), ("acts −2.5", "acts −2.6"),
        ("by kind of act.", "by kind of act, of 13."),
    ]  # fmt: skip
    assert left_over(Page(truth, "en", CODED, slug="trust"), told_) == []
    for right, wrong in slips:
        assert right in told_, right
        assert left_over(Page(truth, "en", CODED, slug="trust"), told_.replace(right, wrong)), wrong
