"""Dates of entries as publishers write them: aware, with the offset they state, and only when believable. Pure.

The law: what is not written is not invented. A month is no day, a day whose order of month and day nothing tells
is none, and a time without a zone stays on the day it names: it counts as UTC and says that it does (`UNSTATED`).
A habit (the feed's language, how its other dates are written) decides what one date alone leaves open.
"""

import functools
import html
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from babel import Locale

UNSTATED = timezone(timedelta(0), "unstated")
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LONGEST = 100  # characters of a date that are looked at
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january",
            "feb february",
            "mar march",
            "apr april",
            "may",
            "jun june",
            "jul july",
            "aug august",
            "sep sept september",
            "oct october",
            "nov november",
            "dec december",
        ),
        1,
    )
    for name in names.split()
}
# Short forms that publishers use and the tables of locales do not have.
OTHER_MONTHS = {
    "mrz": 3,
    "maerz": 3,
    "sett": 9,
    "janv": 1,
    "fevr": 2,
    "juil": 7,
    "янв": 1,
    "фев": 2,
    "сен": 9,
}
OTHER_MONTHS |= {
    "ноя": 11,
    "gen": 1,
    "genn": 1,
    "ene": 1,
    "abr": 4,
    "ago": 8,
    "dic": 12,
    "dez": 12,
    "out": 10,
}
LANGUAGES = (
    *("de", "fr", "it", "es", "pt", "nl", "ca", "ro", "sv", "nb", "da", "fi", "is", "pl", "cs", "sk"),
    *("hu", "hr", "sl", "lt", "lv", "et", "ru", "uk", "bg", "tr", "el", "id"),
)
MONTH_FIRST = ("en-us", "en-ph")
EITHER = ("en-ca", "zh", "ja", "ko")  # and English that does not say whose
HOUR = 60
ZONES = {
    **dict.fromkeys(("z", "ut", "utc", "gmt", "wet"), 0),
    "est": -5 * HOUR,
    "edt": -4 * HOUR,
    "cst": -6 * HOUR,
    "cdt": -5 * HOUR,
    "mst": -7 * HOUR,
    "mdt": -6 * HOUR,
    "pst": -8 * HOUR,
    "pdt": -7 * HOUR,
    "akst": -9 * HOUR,
    "akdt": -8 * HOUR,
    "hst": -10 * HOUR,
    "ast": -4 * HOUR,
    "adt": -3 * HOUR,
    "brt": -3 * HOUR,
    "art": -3 * HOUR,
    "bst": HOUR,
    "west": HOUR,
    "cet": HOUR,
    "mez": HOUR,
    "cest": 2 * HOUR,
    "mesz": 2 * HOUR,
    "eet": 2 * HOUR,
    "sast": 2 * HOUR,
    "eest": 3 * HOUR,
    "msk": 3 * HOUR,
    "gst": 4 * HOUR,
    "pkt": 5 * HOUR,
    "ist": 5 * HOUR + 30,
    "wib": 7 * HOUR,
    "ict": 7 * HOUR,
    "hkt": 8 * HOUR,
    "sgt": 8 * HOUR,
    "pht": 8 * HOUR,
    "awst": 8 * HOUR,
    "bjt": 8 * HOUR,
    "jst": 9 * HOUR,
    "kst": 9 * HOUR,
    "acst": 9 * HOUR + 30,
    "aest": 10 * HOUR,
    "aedt": 11 * HOUR,
    "nzst": 12 * HOUR,
    "nzdt": 13 * HOUR,
    "北京时间": 8 * HOUR,
    "中国标准时间": 8 * HOUR,
    "台北標準時間": 8 * HOUR,
    "日本標準時": 9 * HOUR,
}
# Places whose clocks change, by the short names that newspapers give them.
PLACES = {"et": "America/New_York", "ct": "America/Chicago", "pt": "America/Los_Angeles"}
# One abbreviation, several places: the feed's language says which.
LOCAL_ZONES = {("zh", "cst"): 8 * HOUR, ("he", "ist"): 2 * HOUR, ("ga", "ist"): HOUR, ("ar", "ast"): 3 * HOUR}
FARTHEST = 14 * HOUR

PLAIN = re.compile(
    r"(?:[A-Za-z]{3},? )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d)(?::(\d\d))? (?:GMT|UTC|Z|([+-])(\d\d)(\d\d))",
    re.ASCII,
)
EPOCH = re.compile(r"(?:/date\()?(\d{10})(\d{3})?(?:[+-]\d{4})?(?:\)/)?")
COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:t?(\d\d)(\d\d)(\d\d)?(?:\.\d+)?)?(?=\D|\Z)")
COMMENT = re.compile(r"\(([^()]*)\)")
HAN_NUMBER = re.compile("[〇零一二三四五六七八九十]{1,4}(?=[年月日号號点點时時分])")
HAN_DIGITS = {sign: str(number) for number, sign in enumerate("零一二三四五六七八九")} | {"〇": "0"}
ERAS = {"民国": 1911, "民國": 1911, "令和": 2018, "平成": 1988}
HAN_DAY = re.compile(
    r"(?:(民国|民國|令和|平成)\s*)?(?<!\d)(\d{1,4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})(?!\d)\s*[日号號일]?"
)
YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})([-/.]) ?(\d{1,2})\2 ?(\d{1,2})(?!\d)\.?")
NUMBERS = re.compile(r"(?<!\d)(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?!\d)")
NAME = r"([^\W\d_]{3,})"
DAY_NAME = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th|er|º|ª)?\.?[\s,/-]*(?:de |of |d')?{NAME}"
    r"\.?[\s,/-]*(?:de |del )?(\d{4}|\d\d)(?![\d:])"
)
NAME_DAY = re.compile(rf"{NAME}\.?[\s/-]*(\d{{1,2}})(?:st|nd|rd|th)?[\s,/-]+(\d{{4}})(?!\d)")
NAME_DAY_TIME = re.compile(
    rf"{NAME}\.? +(\d{{1,2}})(?:st|nd|rd|th)?,? +(?=\d{{1,2}}:\d\d)(.*?)(?<![\d+:-])(\d{{4}})(?!\d)"
)
YEAR_NAME = re.compile(rf"(?<!\d)(\d{{4}})\.?[\s,/-]+{NAME}\.?[\s/-]+(\d{{1,2}})(?!\d)\.?")
MORNING, NOON = ("上午", "凌晨", "清晨", "早上", "午前", "오전"), ("中午",)
EVENING = ("下午", "晚上", "傍晚", "夜间", "午後", "오후")
HALF = "|".join((*MORNING, *NOON, *EVENING))
CLOCK = re.compile(
    rf"({HALF})?\s*(?<![\d.+-])(\d{{1,2}})"
    r"(?:\s*[:h點点时時시]\s*(\d\d)(?!\d)(?:\s*[:分분]\s*(\d{1,2})(?:[.,]\d+)?)?"
    r"|\s*(?=[ap]\.? ?m\b|[點点时時시]|h\b|uhr))"
    r"\s*[分秒초點点时時시]?\s*(?:([ap])\.? ?m\b\.?)?"
)
DOTTED_CLOCK = re.compile(r"()(?<![\d.+-])(\d{1,2})\.(\d\d)(?:\.(\d\d))?(?![\d.])()")
OFFSET = re.compile(r"([+-]) ?(\d{1,2}?)(?::?(\d\d))?(?!\d)")
WORD = re.compile(r"[^\W\d_]+(?:/[^\W\d]+)*")


@dataclass(frozen=True, slots=True)
class Habit:
    """How a feed writes its dates. `day_first` is None where neither its dates nor its language tell."""

    language: str = ""
    day_first: bool | None = None


UNKNOWN = Habit()


def habit(language: str, values: Iterable[str] = ()) -> Habit:
    """The habit of a feed in this language that writes such dates."""
    language = language.lower().replace("_", "-")
    orders = set()
    for value in values:
        if value[3:4] == "," or value[4:5] == "-":  # the usual forms of RSS and Atom leave nothing open
            continue
        if found := NUMBERS.search(value[:LONGEST]):
            orders |= {True} if int(found[1]) > 12 else {False} if int(found[3]) > 12 else set()
    if len(orders) == 1:
        return Habit(language, orders.pop())
    if language.startswith(MONTH_FIRST):
        return Habit(language, day_first=False)
    told = language.startswith("zh-hk") or not (language in ("", "en") or language.startswith(EITHER))
    return Habit(language, day_first=True if told else None)


def read(value: str | None, habit: Habit = UNKNOWN) -> datetime | None:
    """A moment with the offset that is written, or None for what names no day. One without is `UNSTATED`."""
    text = (value or "").strip()[:LONGEST]
    if not text:
        return None
    try:
        moment = _plain(text) or _iso(text) or _any(text, habit)
        if moment is not None and not 1 < moment.year < MAXYEAR:
            moment.astimezone(UTC)  # what leaves the calendar there is none
        return moment
    except (ValueError, OverflowError):
        return None


def first(values: Iterable[str | None], habit: Habit = UNKNOWN) -> datetime | None:
    """The first of these that is a day anybody can have meant, else the first that can be read at all."""
    unlikely = None
    for value in values:
        moment = read(value, habit)
        if moment is not None and moment >= EARLIEST:
            return moment
        unlikely = unlikely or moment
    return unlikely


def at_home(moment: datetime | None, zone: tzinfo | None) -> datetime | None:
    """The moment by its publisher's clock, which `zone` tells where the publisher does not, or writes UTC only."""
    if moment is None or zone is None or (moment.tzinfo is not UNSTATED and moment.utcoffset()):
        return moment
    try:
        return moment.replace(tzinfo=zone) if moment.tzinfo is UNSTATED else moment.astimezone(zone)
    except OverflowError:
        return moment


def believable(moment: datetime | None, *, now: datetime) -> datetime | None:
    """The moment, or None when it lies before 1990 (1970 means: nobody set it) or more than a day ahead."""
    if moment is None or moment < EARLIEST or moment > now + timedelta(days=1):
        return None
    return moment


def _plain(text: str) -> datetime | None:
    """The usual form of RSS, without detours."""
    found = PLAIN.fullmatch(text)
    if not found:
        return None
    day, name, year, hour, minute, second, sign, hours, minutes = found.groups("00")
    if (month := MONTHS.get(name.lower())) is None or hour > "23" or second > "59":
        return None
    if sign == "00":
        return datetime(int(year), month, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    if hours > "13" or minutes > "59":  # what the calendar's own reader has another opinion of
        ahead = (int(hours) * HOUR + int(minutes)) * (-1 if sign == "-" else 1)
        if abs(ahead) > FARTHEST:
            return None
        hours, minutes = f"{abs(ahead) // HOUR:02}", f"{abs(ahead) % HOUR:02}"
    return datetime.fromisoformat(
        f"{year}-{month:02}-{day:0>2}T{hour}:{minute}:{second}{sign}{hours}{minutes}"
    )


def _ahead(minutes: int | None) -> tzinfo:
    if minutes is None:
        return UNSTATED
    return timezone(timedelta(minutes=minutes)) if minutes else UTC


def _iso(text: str) -> datetime | None:
    """The usual form of Atom."""
    if text[4:5] != "-" or len(text) < 10:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UNSTATED) if moment.tzinfo is None else moment
    except (ValueError, OverflowError):
        return None


def _any(raw: str, habit: Habit) -> datetime | None:
    text = unicodedata.normalize("NFKC", html.unescape(raw)).replace("\u2212", "-").casefold()
    text = HAN_NUMBER.sub(_han_number, " ".join(text.split()))
    if found := EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(found[1]), UTC)
    comments, text = COMMENT.findall(text), COMMENT.sub(" ", text)
    if found := COMPACT.match(text):
        day = datetime(int(found[1]), int(found[2]), int(found[3]))
        clock, rest = (
            timedelta(hours=int(found[4] or 0), minutes=int(found[5] or 0), seconds=int(found[6] or 0)),
            text[found.end() :],
        )
    else:
        named = _day(text, habit)
        if named is None:
            return None
        day, rest = named
        clock, rest = _clock(rest)
    moment = day + clock
    return moment.replace(tzinfo=_ahead(_zone((rest, *comments), moment, habit.language)))


def _day(text: str, habit: Habit) -> tuple[datetime, str] | None:
    """The day at midnight, and the text without it."""
    for found in HAN_DAY.finditer(text):
        year = int(found[2]) + ERAS.get(found[1] or "", 0)
        return datetime(year, int(found[3]), int(found[4])), _without(text, found)
    for found in YEAR_FIRST.finditer(text):
        return datetime(int(found[1]), int(found[3]), int(found[4])), _without(text, found)
    for pattern, (day, name, year) in ((DAY_NAME, (1, 2, 3)), (NAME_DAY, (2, 1, 3)), (YEAR_NAME, (3, 2, 1))):
        for found in pattern.finditer(text):
            if month := _month(found[name], habit.language):
                return datetime(_year(found[year]), month, int(found[day])), _without(text, found)
    for found in NAME_DAY_TIME.finditer(text):
        if month := _month(found[1], habit.language):
            return datetime(int(found[4]), month, int(found[2])), f"{found[3]} {text[found.end() :]}"
    for found in NUMBERS.finditer(text):
        return _numbers(found, text, habit)
    return None


def _numbers(found: re.Match[str], text: str, habit: Habit) -> tuple[datetime, str] | None:
    """16.11.2026, 16/11/2026 or 11/16/2026: dots mean the day first, slashes what the habit says."""
    one, other, year = int(found[1]), int(found[3]), int(found[4])
    if one > 12 or found[2] == ".":
        day_first: bool | None = True
    elif other > 12 or one == other:
        day_first = False
    else:
        day_first = habit.day_first
    if day_first is None:
        return None
    return datetime(year, other if day_first else one, one if day_first else other), _without(text, found)


def _clock(text: str) -> tuple[timedelta, str]:
    """The time of day, and the text without it; midnight where none is written, or none that a clock shows."""
    found = CLOCK.search(text) or DOTTED_CLOCK.search(text)
    if found is None:
        return timedelta(), text
    half, hour, minute, second = found[1] or "", int(found[2]), int(found[3] or 0), int(found[4] or 0)
    if (half in EVENING or found[5] == "p" or (half in NOON and hour < 3)) and hour < 12:
        hour += 12
    elif (half in MORNING or found[5] == "a") and hour == 12:
        hour = 0
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and (minute or second)):
        return timedelta(), _without(text, found)
    return timedelta(hours=hour, minutes=minute, seconds=min(second, 59)), _without(text, found)


def _zone(texts: tuple[str, ...], moment: datetime, language: str) -> int | None:
    """Minutes east of Greenwich: numbers before names; None where none is named."""
    for text in texts:
        for sign, hours, minutes in OFFSET.findall(text):
            offset = int(hours) * HOUR + int(minutes or 0)
            if offset <= FARTHEST:
                return -offset if sign == "-" else offset
        for word in WORD.findall(text):
            named = LOCAL_ZONES.get((language[:2], word), ZONES.get(word))
            if named is None and ("/" in word or word in PLACES):
                named = _offset_at(PLACES.get(word, word), moment)
            if named is not None:
                return named
    return None


def _offset_at(place: str, moment: datetime) -> int | None:
    """What the clocks of a place like Asia/Shanghai showed then."""
    try:
        zone = ZoneInfo(place.title())
    except (ValueError, OSError, LookupError):
        return None
    offset = moment.replace(tzinfo=zone).utcoffset()
    return None if offset is None else int(offset.total_seconds() // 60)


def _month(name: str, language: str) -> int | None:
    """The number of a month's name: in English, the feed's language, or any that none contradicts."""
    if (month := MONTHS.get(name)) is not None:
        return month
    name = _unaccented(name)
    own = _names_in(language[:2]).get(name) if language[:2] in LANGUAGES else None
    return own or OTHER_MONTHS.get(name) or _names_anywhere().get(name)


@functools.lru_cache(maxsize=32)
def _names_in(language: str) -> dict[str, int]:
    months = Locale(language).months
    return {
        _unaccented(name): number
        for form in ("format", "stand-alone")
        for width in ("wide", "abbreviated")
        for number, name in months[form][width].items()
    }


@functools.lru_cache(maxsize=1)
def _names_anywhere() -> dict[str, int]:
    """Names of months in all our languages; those that mean one month here and another there are left out."""
    numbers: dict[str, set[int]] = {}
    for language in LANGUAGES:
        for name, number in _names_in(language).items():
            numbers.setdefault(name, set()).add(number)
    return {name: found.pop() for name, found in numbers.items() if len(found) == 1}


def _unaccented(name: str) -> str:
    apart = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in apart if letter.isalpha())


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) > 2 else year + (1900 if year >= 70 else 2000)


def _han_number(found: re.Match[str]) -> str:
    text = found[0]
    if "十" in text:
        tens, _, ones = text.partition("十")
        return str(10 * int(HAN_DIGITS.get(tens, "1")) + int(HAN_DIGITS.get(ones, "0")))
    return "".join(HAN_DIGITS[sign] for sign in text)


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"
