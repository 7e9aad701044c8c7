"""What text may enter the record, and the spellings in which words are compared. Pure: no Django, no clock.

Two manners of taking text in. `strict` is for what people, programs and files give us: it refuses what nobody
can have meant and says where it stands. `lenient` is for what feeds deliver: it drops the same characters, as
no publisher would mend them for us. Both give one spelling (NFC) with one kind of line break, so that no
character of ours ever ends a line of a file that is split by somebody else's rule.

Two spellings for comparing. `fold` never changes the length of a text: whatever is found at characters 12 to
20 of the folded text stands at characters 12 to 20 of the text as published, which is what lets a page
underline the reason. `search_form` keeps no places and so can make more words alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import opencc

LONGEST_TITLE = 600
LONGEST_SUMMARY = 500

_BREAKS = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")
# Soft hyphen, zero-width space, byte order mark; direction embeddings, overrides and isolates. The joiners
# U+200C and U+200D stay: Persian words and joined emoji are spelt with them.
_UNSEEN = re.compile("[\xad\u200b\ufeff\u202a-\u202e\u2066-\u2069]")
_PLANES = "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(17))
_FORBIDDEN = re.compile(
    f"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef{_PLANES}\U000e0000-\U000e007f]"
)
_TAG = re.compile(r"<[^<>]{0,500}>")
_SITE = re.compile(r"\s[|–—\-_]\s?([^|–—_]{2,40})$|[_|｜]([^_|｜]{2,20})$")
_HAN = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00))
# Scripts that are written without spaces between words: Chinese characters, kana, Thai, Lao, Burmese, Khmer.
_WITHOUT_SPACES = (
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)
UNSPACED = re.compile(_WITHOUT_SPACES)
SOURCES = "|"  # stands before the words of the sources; no word holds it
_EUROPEAN_MARKS = re.compile("([A-Za-z\u0370-\u03ff\u1f00-\u1fff\u0400-\u052f])[\u0300-\u036f]+")
_BORDER = re.compile(
    f"(?<={_WITHOUT_SPACES})(?=[0-9a-z\xdf-\u052f])|(?<=[0-9a-z\xdf-\u052f])(?={_WITHOUT_SPACES})"
)


def gettext_noop(sentence: str) -> str:
    """Marks a sentence for the catalogues; translated where it is shown (`tracker.wording`)."""
    return sentence


_CONTROL = gettext_noop("%(field)s, character %(place)d: U+%(code)s is a control character; delete it.")
_HALF = gettext_noop("%(field)s, character %(place)d: U+%(code)s is half of a surrogate pair; delete it.")
_UNSEEN_TAG = gettext_noop("%(field)s, character %(place)d: U+%(code)s is an invisible tag; delete it.")
_NONE = gettext_noop("%(field)s, character %(place)d: U+%(code)s is no character of Unicode; delete it.")
_TOO_LONG = gettext_noop("%(field)s: %(length)d characters, at most %(longest)d are allowed; shorten it.")


class BadText(ValueError):
    """Text that no field takes; the message names field, character and what to do."""

    def __init__(self, sentence: str, **parts: str | int) -> None:
        super().__init__(sentence % parts)
        self.sentence, self.parts = sentence, parts


def strict(value: str, field: str, longest: int, *, lines: bool = False) -> str:
    """`value` as it is kept: normalised, at most `longest` characters; `BadText` for what cannot be meant."""
    _refuse(value, field)
    return _bounded(_normal(value, lines), field, longest)


def address(value: str, field: str, longest: int) -> str:
    """An address of the web as it is kept: its letters as they are, without line breaks and unseen characters,
    as browsers take it; `BadText` as in `strict`."""
    _refuse(value, field)
    return _bounded(_UNSEEN.sub("", _BREAKS.sub("", value)).replace("\t", "").strip(), field, longest)


def lenient(value: str, longest: int, *, lines: bool = False) -> str:
    """The first `longest` characters of `value`, normalised and without what `strict` refuses."""
    return _normal(without_forbidden(value), lines)[:longest].rstrip()


def without_forbidden(value: str) -> str:
    """`value` without what `strict` refuses, otherwise as it is."""
    return value if value.isprintable() else _FORBIDDEN.sub("", value)


def _normal(text: str, lines: bool) -> str:
    if text.isprintable():  # then it holds none of what is looked for below
        return unicodedata.normalize("NFC", text).strip()
    text = _UNSEEN.sub("", _BREAKS.sub("\n" if lines else " ", text).replace("\t", " "))
    return unicodedata.normalize("NFC", text).strip()


def _refuse(value: str, field: str) -> None:
    if not value.isprintable() and (found := _FORBIDDEN.search(value)):
        character = found.group()
        kinds = {"Cc": _CONTROL, "Cs": _HALF}
        tag = "\U000e0000" <= character <= "\U000e007f"
        sentence = _UNSEEN_TAG if tag else kinds.get(unicodedata.category(character), _NONE)
        raise BadText(sentence, field=field, place=found.start() + 1, code=f"{ord(character):04X}")


def _bounded(text: str, field: str, longest: int) -> str:
    if len(text) > longest:
        raise BadText(_TOO_LONG, field=field, length=len(text), longest=longest)
    return text


def search_form(text: str) -> str:
    """The words of `text` in the one spelling of the search, a space before, between and after them.

    Alike are letter cases, accents of European letters, full and half width, Traditional and Simplified
    Chinese; what is no letter, mark or digit sets words apart, as does the border between Chinese characters
    and others. Empty text gives one space.
    """
    if text.isascii():
        text = text.lower()
    else:
        # Marks that make another letter (ガ) stay; folding cases may part letters anew, hence twice.
        text = _EUROPEAN_MARKS.sub(r"\1", unicodedata.normalize("NFKD", text)).casefold()
        text = unicodedata.normalize("NFKC", text).casefold().translate(_simplified())
        text = _BORDER.sub(" ", text)
    words = _words().findall(text)
    return f" {' '.join(words)} " if words else " "


def words_of(record: Mapping[str, Any]) -> str:
    """What a search looks through: the words of a record, each text a line of its own in `search_form`, those of
    the sources behind `SOURCES`."""
    own = (record["summary"], record["summary_zh"], record["id"], *_reasons(record))
    cited = (text for source in record["sources"] for text in _cited(source))
    return f"{titles_of(record)}\n{_lines(own)}\n{SOURCES}\n{_lines(cited)}"


def titles_of(record: Mapping[str, Any]) -> str:
    """The same of its titles alone."""
    return _lines((record["title"], record["title_zh"]))


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(search_form(text) for text in texts if text)


def _reasons(record: Mapping[str, Any]) -> Iterator[str]:
    for assessment in record["assessments"]:
        yield from (assessment["rationale"], assessment.get("rationale_zh", ""))


def _cited(source: Mapping[str, Any]) -> tuple[str, ...]:
    return source["title"], source["publisher"], source["url"]


@cache
def _words() -> re.Pattern[str]:
    """Letters and digits, with the marks on them, which `re` takes for none of either."""
    marks = [chr(code) for code in (*range(0x300, 0x20000), *range(0xE0100, 0xE01F0))]
    marks = [character for character in marks if unicodedata.category(character)[0] == "M"]
    return re.compile(rf"[^\W_]+(?:[{re.escape(''.join(marks))}]+[^\W_]*)*")


def fold(text: str, longest: int = LONGEST_TITLE) -> str:
    """`text` (its first `longest` characters) with every character in its one spelling, letter case kept.

    Traditional Chinese becomes Simplified, full-width letters become ordinary ones, curly quotes straight;
    HTML tags, control and direction marks become spaces. Models are learnt on this form: do not change it.
    """
    if not isinstance(text, str):
        return ""
    folded = text[:longest].translate(_table())
    return _TAG.sub(lambda tag: " " * len(tag.group()), folded) if "<" in folded else folded


def lower(folded: str) -> str:
    """Small letters, character for character (`str.lower` makes two of a Turkish İ)."""
    small = folded.lower()
    if len(small) == len(folded):
        return small
    return "".join(low if len(low := character.lower()) == 1 else character for character in folded)


def without_site(title: str, publisher: str = "") -> str:
    """The title without the site's name at its end; only ever cut at the end, so offsets hold."""
    found = _SITE.search(title)
    if not found or found.start() < 15:
        return title
    tail = (found.group(1) or found.group(2)).strip()
    named = bool(publisher) and _bare(tail) in _bare(publisher)
    headed = len(tail.split()) <= 4 and all(word[:1].isupper() for word in tail.split() if word[:1].isalpha())
    return title[: found.start()] if named or headed else title


def _bare(name: str) -> str:
    return re.sub(r"\W+", "", name.casefold())


@cache
def _table() -> dict[int, str]:
    table = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    table |= {ord("’"): "'", ord("‘"): "'", ord("“"): '"', ord("”"): '"', 0x3000: " ", 0xA0: " "}
    invisible = (*range(32), *range(0x7F, 0xA0), 0xAD, *range(0x200B, 0x2010), *range(0x2028, 0x2030))
    table |= dict.fromkeys((*invisible, *range(8288, 8304), 65279, *range(55296, 57344)), " ")
    return table | _simplified()


@cache
def _simplified() -> dict[int, str]:
    """Traditional to Simplified, one character for one, from OpenCC's own dictionary."""
    han = [chr(code) for start, end in _HAN for code in range(start, end)]
    han = [character for character in han if unicodedata.category(character) == "Lo"]
    converted = opencc.OpenCC("t2s").convert("\n".join(han)).split("\n")
    pairs = zip(han, converted, strict=True)
    return {ord(old): new for old, new in pairs if old != new and len(new) == 1}
