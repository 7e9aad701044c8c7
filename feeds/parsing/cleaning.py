"""Other people's markup made harmless: titles and summaries as text, bodies as a little safe HTML. Pure.

Marks inside markup: comments and CDATA sections, however many are never closed, and halves of characters. Pure.

A regular expression would look for the end from every beginning anew: minutes for a megabyte of `<!--`.
"""

import functools
import html
import re
import unicodedata

import nh3

from feeds.parsing.document import MAXIMUM_HTML, MAXIMUM_TITLE

BEGINNING = re.compile(r"<!--|<!\[CDATA\[")
ENDS = {"<!--": "-->", "<![CDATA[": "]]>"}
# A character beyond the first 65,536 written as the two halves that UTF-16 has for it.
HALVES = re.compile(
    r"&#(?:x(d[89ab][0-9a-f]{2})|(5[56]\d{3}));&#(?:x(d[c-f][0-9a-f]{2})|(5[67]\d{3}));", re.I
)


def parts(text: str) -> list[str]:
    """The text cut at its comments and CDATA sections: those are at the odd places. What is never closed is text."""
    found_parts, place, looked = [], 0, 0
    missing = set()
    while found := BEGINNING.search(text, looked):
        end = ENDS[found.group()]
        stop = -1 if end in missing else text.find(end, found.end())
        if stop < 0:
            missing.add(end)
            looked = found.end()
        else:
            stop += len(end)
            found_parts += [text[place : found.start()], text[found.start() : stop]]
            place = looked = stop
    return [*found_parts, text[place:]]


def without(text: str) -> str:
    """The text without its comments and CDATA sections; what is never closed stays."""
    return "".join(parts(text)[::2])


def unwrapped(text: str) -> str:
    """The text without comments, and with what CDATA sections hold, closed or not."""
    if "<!" not in text:
        return text
    kept = (
        part if place % 2 == 0 or not part.startswith("<!--") else ""
        for place, part in enumerate(parts(text))
    )
    text = "".join(kept)
    return text.replace("<![CDATA[", "").replace("]]>", "") if "<![CDATA[" in text else text


def whole_characters(text: str) -> str:
    """The text with an emoji where two references name its halves."""
    return HALVES.sub(_whole, text) if "&#" in text else text


def _whole(found: re.Match[str]) -> str:
    high = int(found[1], 16) if found[1] else int(found[2])
    low = int(found[3], 16) if found[3] else int(found[4])
    if not 0xD800 <= high < 0xDC00 <= low < 0xE000:
        return found[0]
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


DEEPEST = 200  # levels of nesting that are cleaned as HTML; deeper is no article
# None of these looks beyond the next tag for its end: a thousand beginnings without one would take seconds.
TAG = re.compile(r"<(?:/?([A-Za-z][\w:.-]*)([^<>]*)|![A-Za-z][^<>]*|\?[^<>]*)>")
SILENT = re.compile(
    r"<(script|style|head|title|noscript|iframe|svg|math)\b[^<>]*>.*?(?:</\1\s*>|\Z)", re.I | re.S
)
# Elements whose content is never read. Their names, bare and never closed, are words: "Why <iframe> matters".
SPOKEN = re.compile(r"<(?=[hinmots])(head|title|noscript|iframe|svg|math|template|object)>", re.I)
# In what was escaped, any element that needs an end and has none.
SPOKEN_AGAIN = re.compile(
    r"<(head|title|noscript|iframe|svg|math|template|object|b|i|u|s|a|em|strong|code|pre|div|span|table|"
    r"form|button|select|video|audio|canvas|body|html|h[1-6]|sub|sup|ul|ol|blockquote|section|article|main|nav)>",
    re.I,
)
ASIDE = (
    "\ufdd0",
    "\ufdd1",
)  # no characters, so in nobody's text: angles that are no markup, while tags are removed
# What is markup in a title; any other word in angles is the title's.
_ELEMENT_NAMES = """
    a abbr acronym address applet area article aside audio b base bdi bdo big blink blockquote body br
    button canvas caption center cite code col colgroup data dd del details dfn dialog dir div dl dt em
    embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr
    html i iframe img input ins kbd label legend li link main map mark marquee math meta nav nobr
    noscript object ol optgroup option p param picture pre q rp rt ruby s samp script section select
    small source span strike strong style sub summary sup svg table tbody td template textarea tfoot th
    thead time title tr track tt u ul var video wbr
    """
ELEMENTS = frozenset(_ELEMENT_NAMES.split())
# One UTF-8 character read as Windows' Western letters: â€™ for ’, Ã© for é, ä¸ for half a 中.
TRAIL = (
    "\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013\u2014\u2018-\u201a"
    "\u201c-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122"
)
LED = re.compile(f"[\u00c2-\u00f4][{TRAIL}]")  # how anything garbled begins; found ten times as fast
GARBLED = re.compile(
    f"[\u00c2\u00c3][{TRAIL}]|[\u00e0-\u00ef][{TRAIL}]{{2}}|\u00f0[{TRAIL}]{{3}}"
    f"|(?:[\u00d0\u00d1\u00ce\u00cf][{TRAIL}]){{2,}}"
)
BLOCK = re.compile(
    r"</?(?:p|div|br|li|ul|ol|h[1-6]|tr|td|table|blockquote|section|article|hr|pre)\b[^<>]*>", re.I
)
NESTING = re.compile(r"<(/?)(?!(?:br|img|hr|input|meta|link|source|wbr|p|li)\b)[A-Za-z]", re.I)
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
UNSEEN_ASCII = bytes(code for code in range(128) if UNSEEN.match(chr(code)))
# Controls that nobody writes mean Windows' letters of the same number, as in browsers: ’ for U+0092.
CONTROLS = {
    code: bytes((code,)).decode("cp1252")
    for code in range(0x80, 0xA0)
    if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
CONTROL = re.compile("[\x80-\x9f]")
PUNCTUATION = re.compile("[<>&]")
WORDS = re.compile(
    r"(?:\A|>)(?:[^\w<>&]|&(?:nbsp|#160|#xa0|[lr]aquo|[lr]?quo|hellip|middot|ndash|mdash);)*[^\W_]", re.I
)
# Characters with markup to one of text that are read for a summary: most have enough in the first few.
MARKUP_SHARES = (3, 12)
TAGS = {
    *(
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "code",
        "dd",
        "del",
        "dl",
        "dt",
        "em",
        "h2",
        "h3",
        "h4",
        "hr",
        "i",
    ),
    *("ins", "li", "ol", "p", "pre", "q", "s", "small", "strong", "sub", "sup", "table", "tbody", "td", "th"),
    *("thead", "tr", "u", "ul"),
}
CLEANER = nh3.Cleaner(
    tags=TAGS,
    clean_content_tags={"script", "style", "noscript", "iframe", "svg", "math", "template", "object"},
    attributes={"a": {"href", "title"}, "abbr": {"title"}},
    url_schemes={"http", "https"},
    link_rel="nofollow noopener noreferrer ugc",
    strip_comments=True,
)


def title(raw: str | None) -> str:
    """One line of plain text, at most 500 characters, entities and markup resolved (even escaped twice)."""
    text = raw or ""
    if "<" in text or "&" in text:
        text = _resolved(text[: MAXIMUM_TITLE * 20], spoken=True)
    return _one_line(text)[:MAXIMUM_TITLE].rstrip()


def plain(raw: str | None) -> str:
    """One line of what says that it is plain text: nothing in it is markup."""
    return _one_line((raw or "")[: MAXIMUM_TITLE * 20])[:MAXIMUM_TITLE].rstrip()


def summary(raw: str | None, *, limit: int = 1_000) -> str:
    """The beginning of a body as one paragraph of plain text, cut at a word."""
    text = raw or ""
    return summary_of_clean(_with_words(text, *ASIDE), limit=limit)


def summary_of_clean(text: str, *, limit: int = 1_000) -> str:
    """The same of what `body` gave: it has no element left that the text may only speak of."""
    text = _beginning(text, limit) if "<" in text or "&" in text else _one_line(text[: limit * 20])
    if len(text) <= limit:
        return text
    kept = text[:limit]
    space = kept.rfind(" ", limit // 2)
    return (kept[:space] if space > 0 else kept).rstrip(" ,;:，、；：") + "…"


def body(raw: str | None) -> str:
    """Safe HTML of at most 64,000 characters of input; plain escaped text where the markup nests absurdly."""
    text = (raw or "")[:MAXIMUM_HTML]
    if not PUNCTUATION.search(text):
        return _seen(text)
    text = _with_words(unwrapped(text), "&lt;", "&gt;")
    # Where there are so few tags none can be so deep.
    if text.count("<") > DEEPEST and depth(text) > DEEPEST:
        return html.escape(summary(text, limit=MAXIMUM_TITLE * 10))
    return CLEANER.clean(_seen(text))


def depth(text: str) -> int:
    """How deep the elements nest at most; void elements and stray ends are allowed for."""
    level = deepest = 0
    for end in NESTING.findall(text):
        if end:
            level = max(0, level - 1)
        else:
            level += 1
            deepest = max(deepest, level)
    return deepest


def healed(text: str) -> str:
    """Text that was read as Western though it was UTF-8, put right; anything else as it is."""
    if text.isascii() or LED.search(text) is None:
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return GARBLED.sub(_read_again, text)


def has_words(text: str) -> bool:
    """Whether some HTML shows a reader any word, and not only pictures."""
    return WORDS.search(text) is not None


def _read_again(found: re.Match[str]) -> str:
    return _as_utf8(found[0])


@functools.lru_cache(maxsize=1_000)  # a garbled document has the same few letters everywhere
def _as_utf8(letters: str) -> str:
    try:
        return b"".join(map(_western, letters)).decode("utf-8")
    except UnicodeError:
        return letters


def _western(letter: str) -> bytes:
    """The byte of a letter in Windows' Western charset; of those that it leaves open, the byte itself."""
    try:
        return letter.encode("cp1252")
    except UnicodeError:
        return letter.encode("latin-1")


def _with_words(text: str, opening: str, closing: str, elements: re.Pattern[str] = SPOKEN) -> str:
    """The text with the names of elements that it only speaks of (bare, and never closed) in these for angles."""
    if "<" not in text or not elements.search(text):
        return text
    ends: dict[str, int] = {}
    lower = text.lower()

    def spoken(found: re.Match[str]) -> str:
        name = found[1].lower()
        if name not in ends:
            ends[name] = lower.rfind(f"</{name}")
        return found[0] if ends[name] > found.start() else f"{opening}{found[1]}{closing}"

    return elements.sub(spoken, text)


def _beginning(text: str, limit: int) -> str:
    """The first lines of some HTML as text, enough for `limit` characters where there are as many."""
    plain = ""
    for share in MARKUP_SHARES:
        part = text[: limit * share]
        if len(part) < len(text):
            part = part.rpartition("<")[0] or part  # up to the last tag that is whole
        plain = _one_line(_resolved(BLOCK.sub(" ", part))[: limit * 20])
        if len(part) == len(text) or len(plain) > limit:
            break
    return plain


def _resolved(text: str, *, spoken: bool = False) -> str:
    """Markup removed and entities resolved, twice: many feeds escape their titles two times."""
    for elements in (SPOKEN if spoken else None, SPOKEN_AGAIN):
        if "<" in text:
            told = _with_words(text, *ASIDE, elements) if elements else text
            text = _untagged(SILENT.sub(" ", told))
        if "&" not in text:
            break
        text = html.unescape(whole_characters(text))
    return _untagged(text).replace(ASIDE[0], "<").replace(ASIDE[1], ">")


def _untagged(text: str) -> str:
    text = unwrapped(text)
    return TAG.sub(_untold, text) if "<" in text else text


def _untold(found: re.Match[str]) -> str:
    """Nothing for markup; a word in angles that is no element, like List<String>, stays."""
    name, rest = (found[1] or "").lower(), (found[2] or "").strip(" /")
    return found[0] if name and not rest and ":" not in name and name not in ELEMENTS else ""


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    if not text.isprintable():
        text = _seen(text).strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _seen(text: str) -> str:
    """The text without what nobody sees."""
    if text.isascii():
        return text.encode().translate(None, UNSEEN_ASCII).decode()
    if UNSEEN.search(text) is None:
        return text
    return UNSEEN.sub("", text.translate(CONTROLS) if CONTROL.search(text) else text)
