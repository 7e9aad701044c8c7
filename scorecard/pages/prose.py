"""What an instance says of itself: title, subject, source and start, and its own words for the explaining pages.

The codebook's folder may hold those words as CommonMark. Without them stand neutral ones, which name nothing but
what the codebook holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import nh3
from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext
from markdown_it import MarkdownIt

from scorecard import sentences, vocabulary
from tracker.codebook import current
from tracker.wording import words_of

MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
TAGS = {"h2", "h3", "p", "ul", "ol", "li", "em", "strong", "a", "code", "pre", "blockquote", "br", "hr"}
TABLE = {"table", "thead", "tbody", "tr", "th", "td"}
RULES = Path(__file__).parent / "rules"
NAMED = re.compile(r"\s*\{#([a-z][a-z0-9-]*)\}\s*$")  # `## A heading {#its-anchor}`


def title() -> str:
    """What this scorecard is called, in the reader's language."""
    return words_of(current().title)


def publisher() -> str:
    """The same in the codebook's first language: the author of citations and data, one in every language."""
    return str(current().title)


def count(number: int | None = None) -> str:
    """How many recommendations there are (or another number) as a word, or in digits where there is none."""
    return vocabulary.count_word(len(current()) if number is None else number)


def started() -> str:
    """The day on which the record begins."""
    return sentences.day(current().start)


def instance() -> dict[str, str]:
    """What templates say of the instance."""
    book = current()
    return {
        "title": title(),
        "subject": words_of(book.subject),
        "count": count(),
        "capital": sentences.capital(count()),
        "actors": count(len(book.actors)),
        "beside": count(len(book.beside)),
        "asks": _asks(),
        "day": started(),
        "month": sentences.month(book.start),
        "start": book.start.isoformat(),
        "licence": book.licence.name,
        "chinese": "yes" if "zh-hans" in book.languages else "",
    }


def _asks() -> str:
    """How many asks a recommendation makes: `three or four`."""
    numbers = sorted({len(one.asks) for one in current()})
    ends = {"least": count(numbers[0]), "most": count(numbers[-1])}
    if len(numbers) == 1:
        return ends["least"]
    if numbers[-1] - numbers[0] == 1:
        return gettext("%(least)s or %(most)s") % ends
    return gettext("%(least)s to %(most)s") % ends


def source() -> dict[str, str]:
    """Where the recommendations were published."""
    found = current().source
    return {
        "name": f"“{found.title}”, {found.publisher}, {found.date.day} {found.date:%B %Y}",
        "url": found.url,
    }


def page(name: str) -> SafeString:
    """`lede`, `about`, `limits` or `method` as HTML."""
    own = current().prose(name, get_language())
    return rendered(own if own is not None else NEUTRAL[name]())


def rendered(text: str) -> SafeString:
    """CommonMark as clean HTML: no HTML of its own, no scripts, no addresses but of pages and mail."""
    clean = nh3.clean(
        MARKDOWN.render(text),
        tags=TAGS,
        attributes={"a": {"href", "title"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="external",
    )
    return mark_safe(clean.strip())  # noqa: S308  # nosec B308


def rules() -> SafeString:
    """Every rule of the method, each with an address of its own."""
    language = get_language() or "en"
    path = RULES / f"{language}.md"
    text = (path if path.exists() else RULES / "en.md").read_text(encoding="utf-8")
    return anchored(text.replace("{start}", started()), "")


def anchored(text: str, prefix: str) -> SafeString:
    """CommonMark with tables as clean HTML in which every rule has an address of its own: headings by the name that
    they end with (`{#stage}`), items of numbered lists by their number behind the prefix (`#case-12`), or behind the
    name of their heading where there is no prefix."""
    tokens, number, depth, heading = MARKDOWN.parse(text), 0, 0, ""
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            inline = tokens[place + 1]
            if named := NAMED.search(inline.content):
                token.attrSet("id", named[1])
                heading = named[1]
                last = (inline.children or [])[-1]
                last.content = NAMED.sub("", last.content)
        elif token.type == "ordered_list_open":
            depth, number = depth + 1, int(token.attrGet("start") or 1)
        elif token.type == "ordered_list_close":
            depth -= 1
        elif token.type == "list_item_open" and depth and token.markup != "-":
            token.attrSet("id", f"{prefix or heading}-{number}")
            number += 1
    clean = nh3.clean(
        MARKDOWN.renderer.render(tokens, MARKDOWN.options, {}),
        tags=TAGS | TABLE,
        attributes={"a": {"href", "title"}, "h2": {"id"}, "h3": {"id"}, "li": {"id"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="external",
    )
    return mark_safe(clean.strip())  # noqa: S308  # nosec B308


def _lede() -> str:
    words = instance() | {"source": current().source.title, "publisher": current().source.publisher}
    return gettext(
        "This scorecard follows what has been done about the %(count)s recommendations for %(subject)s that "
        "%(publisher)s published, act by act."
    ) % {name: _plain(value) for name, value in words.items()}


def _about() -> str:
    sections = (
        (
            gettext("What it measures"),
            gettext(
                "Which way public acts point, and how far they go from words to operation. It does not measure "
                "whether the recommendations are right, nor how large an act is."
            ),
        ),
        (
            gettext("Who codes"),
            gettext(
                "Analysts code every event by a public codebook. Software proposes, in words that can be "
                "read, and never decides: nothing counts before a person has accepted it."
            ),
        ),
        (
            gettext("Corrections"),
            gettext(
                "Nothing is overwritten. A correction is a new version with its date and reason; the old "
                "figures stay readable by asking for the day on which they were known. All changes are "
                "listed and can be followed by feed."
            ),
        ),
    )
    return "\n\n".join(f"## {heading}\n\n{text}" for heading, text in sections)


def operator() -> dict[str, str]:
    """Who runs this copy and how to reach them, as the settings say; empty where they do not."""
    contact = settings.CONTACT
    mail = "@" in contact and "://" not in contact
    return {
        "name": settings.OPERATOR,
        "contact": contact,
        "href": f"mailto:{contact}" if mail else contact if "://" in contact else "",
    }


def kept() -> list[str]:
    """What is kept of readers, all of it."""
    return [
        gettext(
            "Of reading: no cookie, no account, no script of others. The log of the service notes what was asked, "
            "when and with which answer, and no address of a reader; a server in front of it may keep a log of its own."
        ),
        gettext(
            "Of how much is asked: for at most an hour, a digest of the address that asks is counted in memory, so "
            "that nobody asks too much for the others."
        ),
        gettext(
            "Of mails: the address, what it follows, its language, and the letters to it. They are deleted when "
            "the mails are ended, and when a wish is not confirmed in time."
        ),
        gettext(
            "Of keys to read with: the address and its language. They are deleted when the key is ended, or is not "
            "used for 400 days, and when the wish for one is not confirmed in time."
        ),
        gettext(
            "Of disputes: what the form asks for. Name and address are for the answer only and never shown."
        ),
    ]


def _limits() -> str:
    limits = (
        gettext(
            "The kind of act is measured, not its size. The record is a census of what we found; the band "
            "treats it as if it were a draw."
        ),
        gettext(
            "What was done before %(day)s is not scored, undoing it is. A party with a large old stock can "
            "score well by easing part of it."
        )
        % {"day": started()},
        gettext("A suspension with an end date ends only when somebody records that the control is back."),
        gettext(
            "Errors of coding and missed links pull scores towards zero: true balances are rather farther "
            "from zero than shown."
        ),
        gettext("Direction follows the recommendations' own theory of what helps."),
    )
    return "\n".join(f"- {limit}" for limit in limits)


def _method() -> str:
    text = gettext(
        "Zero on balance and pulse means as it stood on %(day)s, the day on which the record begins. It does "
        "not mean neutral: what was done in earlier years is the starting line and is not scored. A negative "
        "score means against the recommendation; it does not mean bad policy."
    )
    return f"## {gettext('What zero means')}\n\n{text % {'day': started()}}"


def _plain(text: str) -> str:
    """Words of the codebook inside CommonMark: none of their letters is a mark of it."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>&#!" else letter for letter in text)


NEUTRAL: dict[str, Callable[[], str]] = {
    "lede": _lede,
    "about": _about,
    "limits": _limits,
    "method": _method,
    "codebook": str,
}
