"""One spelling for one character, so that words match however they were typed. Pure.

The law: folding never changes the length of a text. Whatever is found at characters 12 to 20 of the folded
text stands at characters 12 to 20 of the text as published, which is what lets a page underline the
reason. Traditional Chinese becomes Simplified, full-width letters become ordinary ones, curly quotes
straight; HTML tags, control and direction marks become spaces.

The words of an event in one spelling, so that search finds Chinese inside a sentence, in either script.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

import opencc

LONGEST_TITLE = 600
LONGEST_SUMMARY = 500

_TAG = re.compile(r"<[^<>]{0,500}>")
_SITE = re.compile(r"\s[|–—\-_]\s?([^|–—_]{2,40})$|[_|｜]([^_|｜]{2,20})$")
_HAN = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00))


def fold(text: str, longest: int = LONGEST_TITLE) -> str:
    """`text` (its first `longest` characters) with every character in its one spelling, letter case kept."""
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


def _simplified() -> dict[int, str]:
    """Traditional to Simplified, one character for one, from OpenCC's own dictionary."""
    han = [chr(code) for start, end in _HAN for code in range(start, end)]
    han = [character for character in han if unicodedata.category(character) == "Lo"]
    converted = opencc.OpenCC("t2s").convert("\n".join(han)).split("\n")
    pairs = zip(han, converted, strict=True)
    return {ord(old): new for old, new in pairs if old != new and len(new) == 1}


LONGEST = 4000


def folded(text: str) -> str:
    """Small letters, Simplified characters, ordinary widths and quotes."""
    return lower(fold(text, LONGEST))


def note(event: Any) -> None:
    """Set what a search looks through; called before every saving of an event's words."""
    event.folded_title = folded(f"{event.title}\n{event.title_zh}")
    event.folded = "\n".join((event.folded_title, folded(event.summary), folded(event.summary_zh)))
