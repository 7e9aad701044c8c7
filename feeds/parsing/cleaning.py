"""Other people's markup made harmless: titles and summaries as text, bodies as a little safe HTML. Pure.

Comments and CDATA sections passed over in one go, however many are never closed. Pure.

A regular expression would look for the end from every beginning anew: minutes for a megabyte of `<!--`.
"""

import html
import re
import unicodedata

import nh3

from feeds.parsing.document import MAXIMUM_HTML, MAXIMUM_TITLE

BEGINNING = re.compile(r"<!--|<!\[CDATA\[")
ENDS = {"<!--": "-->", "<![CDATA[": "]]>"}


def without(text: str) -> str:
    """The text without its comments and CDATA sections; what is never closed stays."""
    kept, place, looked = [], 0, 0
    missing = set()
    while found := BEGINNING.search(text, looked):
        end = ENDS[found.group()]
        stop = -1 if end in missing else text.find(end, found.end())
        if stop < 0:
            missing.add(end)
            looked = found.end()
        else:
            kept.append(text[place : found.start()])
            place = looked = stop + len(end)
    return "".join((*kept, text[place:]))


DEEPEST = 200  # levels of nesting that are cleaned as HTML; deeper is no article
# None of these looks beyond the next tag for its end: a thousand beginnings without one would take seconds.
TAG = re.compile(r"<(?:/?[A-Za-z][^<>]*|![A-Za-z][^<>]*|\?[^<>]*)>")
SILENT = re.compile(
    r"<(script|style|head|title|noscript|iframe|svg|math)\b[^<>]*>.*?(?:</\1\s*>|\Z)", re.I | re.S
)
BLOCK = re.compile(
    r"</?(?:p|div|br|li|ul|ol|h[1-6]|tr|td|table|blockquote|section|article|hr|pre)\b[^<>]*>", re.I
)
NESTING = re.compile(r"<(/?)(?!(?:br|img|hr|input|meta|link|source|wbr|p|li)\b)[A-Za-z]", re.I)
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
PUNCTUATION = re.compile("[<>&]")
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
        text = _resolved(text[: MAXIMUM_TITLE * 20])
    return _one_line(text)[:MAXIMUM_TITLE].rstrip()


def summary(raw: str | None, *, limit: int = 1_000) -> str:
    """The beginning of a body as one paragraph of plain text, cut at a word."""
    text = raw or ""
    marked = "<" in text or "&" in text
    text = _beginning(text, limit) if marked else _one_line(text[: limit * 20])
    if len(text) <= limit:
        return text
    kept = text[:limit]
    space = kept.rfind(" ", limit // 2)
    return (kept[:space] if space > 0 else kept).rstrip(" ,;:，、；：") + "…"


def body(raw: str | None) -> str:
    """Safe HTML of at most 64,000 characters of input; plain escaped text where the markup nests absurdly."""
    text = (raw or "")[:MAXIMUM_HTML]
    if not PUNCTUATION.search(text):
        return UNSEEN.sub("", text)
    # Where there are so few tags none can be so deep.
    if text.count("<") > DEEPEST and depth(text) > DEEPEST:
        return html.escape(summary(text, limit=MAXIMUM_TITLE * 10))
    return CLEANER.clean(UNSEEN.sub("", text))


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
    """Text that was read as Latin-1 though it was UTF-8, put right; anything else as it is."""
    if not text or text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


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


def _resolved(text: str) -> str:
    """Markup removed and entities resolved, twice: many feeds escape their titles two times."""
    for _ in range(2):
        text = _untagged(SILENT.sub(" ", text)) if "<" in text else text
        if "&" not in text:
            break
        text = html.unescape(text)
    return _untagged(text)


def _untagged(text: str) -> str:
    if "<!" in text:
        text = without(text)
    return TAG.sub("", text) if "<" in text else text


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    if not text.isprintable():
        text = UNSEEN.sub("", text).strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text)
