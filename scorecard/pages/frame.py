"""What stands around every page: its addresses in both languages, menu, clock, feeds, citation, structured
data.

Small lists that several pages share: the key of the labels, downloads, embed code, lists of feeds.

How to cite a page: a sentence, BibTeX and RIS. Pure: plain values in, text out.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse, translate_url
from django.utils.formats import number_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, pgettext

from scorecard import footing, querystring, sentences, standings, vocabulary
from scorecard.downloads import writable
from scorecard.method import method_of, parameters
from scorecard.pages import prose
from scorecard.querystring import Clock
from tracker.codebook import current


@dataclass(frozen=True, slots=True)
class Citation:
    """What a citation names. `address` pins the state of the record, so that it shows the same figures for ever;
    `figures` is the day they are of, `read_on` the day of the reader's visit."""

    key: str
    title: str
    address: str
    as_of: datetime.date
    read_on: datetime.date
    version: str
    figures: datetime.date | None = None
    rev: str = ""

    @property
    def stamp(self) -> str:
        """Method, day and revision."""
        day = f"as of {self.as_of.isoformat()}"
        if self.figures and self.figures != self.as_of:
            day = f"figures of {self.figures.isoformat()}, the last coded day"
        return f"Method {self.version}, {day}" + (f", revision {self.rev}" if self.rev else "")

    def text(self) -> str:
        title = _one_line(self.title).rstrip(".。")
        return (
            f"{prose.publisher()} ({self.as_of.year}). {title}. {self.stamp}. {self.address} "
            f"(read {self.read_on.isoformat()})."
        )

    def bibtex(self) -> str:
        fields = {
            "author": "{" + _tex(prose.publisher()) + "}",
            "title": "{" + _tex(self.title) + "}",
            "year": str(self.as_of.year),
            "month": str(self.as_of.month),
            "note": _tex(self.stamp),
            "url": self.address,
            "urldate": self.read_on.isoformat(),
        }
        body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
        return f"@misc{{{re.sub(r'[^a-z0-9-]', '-', self.key.lower())},\n{body}\n}}\n"

    def ris(self) -> str:
        lines = (
            ("TY", "DATA"),
            ("AU", prose.publisher()),
            ("TI", _one_line(self.title)),
            ("PY", str(self.as_of.year)),
            ("DA", self.as_of.strftime("%Y/%m/%d")),
            ("ET", self.stamp),
            ("UR", self.address),
            ("Y2", self.read_on.strftime("%Y/%m/%d")),
        )
        return "".join(f"{tag}  - {value}\r\n" for tag, value in (*lines, ("ER", "")))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _tex(text: str) -> str:
    """Text safe inside a BibTeX field: the ten characters that TeX would act on are spelled out."""
    spelled = {
        "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "%": r"\%", "#": r"\#",
        "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "–": "--",
    }  # fmt: skip
    return "".join(spelled.get(character, character) for character in _one_line(text))


# Of the languages that the interface is translated into, those that the codebook offers: the first one first.
TAGS = {code: {"en": "en", "zh-hans": "zh-Hans"}[code] for code in current().languages}
NAMES = {"en": "English", "zh-hans": "中文"}


@dataclass(frozen=True, slots=True)
class Page:
    """What one page says about itself. `path` is its own path without the query; `key` names it in
    citations.
    """

    key: str
    title: str
    description: str
    current: str = ""
    card: str = ""
    feeds: Sequence[tuple[str, str]] = ()
    followed: Sequence[
        tuple[str, str]
    ] = ()  # what the form for mails has marked when one comes from this page
    structured: Mapping[str, Any] | None = None
    noindex: bool = False
    kept: Sequence[tuple[str, str]] = field(default_factory=tuple)
    asked: Mapping[str, str] = field(
        default_factory=dict
    )  # beside the days, what makes it this page and no other


def absolute(path: str) -> str:
    """The public address of a path: from the setting, never from the request's Host header."""
    return settings.SITE_URL.rstrip("/") + path


def language() -> str:
    return get_language() or settings.LANGUAGE_CODE


def around(request: HttpRequest, page: Page, clock: Clock, coverage: Mapping[str, Any]) -> dict[str, Any]:
    """The template's `page`, and `citation` for pages that can be cited."""
    here = language()
    query = clock.query()
    return {
        "language_tag": TAGS[here],
        "title": f"{page.title} | {prose.title()}",
        "headline": page.title,
        "description": page.description,
        "canonical": absolute(request.path + query),
        "alternates": _alternates(request.path, query),
        "other_languages": [
            {"href": _translated(request, code), "tag": tag, "name": NAMES[code]}
            for code, tag in TAGS.items()
            if code != here
        ],
        "feeds": _feeds(page.feeds),
        "mails": reverse("alerts:subscribe") + (f"?{urlencode(page.followed)}" if page.followed else ""),
        "menu": _menu(page.current, query),
        "home": reverse("pages:overview") + query,
        "links": _links(query),
        "card": absolute(page.card + query) if page.card else "",
        "structured": structured(page.structured) if page.structured else "",
        "noindex": page.noindex or clock.pinned or bool(clock.known_at or clock.method),
        "method_version": parameters.method_of(clock.method).version,
        "clock": _clock(request, page, clock, coverage),
    }


def _translated(request: HttpRequest, code: str) -> str:
    """The same page in another language, with all that was asked of it: day, filters, words of a search."""
    asked = request.GET.urlencode()
    return translate_url(request.path, code) + (f"?{asked}" if asked else "")


def _alternates(path: str, query: str) -> list[tuple[str, str]]:
    """The page in every language; none where there is only one."""
    if len(TAGS) == 1:
        return []
    found = [(tag, absolute(translate_url(path, code) + query)) for code, tag in TAGS.items()]
    return [*found, ("x-default", found[0][1])]


def _feeds(feeds: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    types = {"atom": "application/atom+xml", "json": "application/feed+json"}
    listed = []
    for name, stem in feeds:
        for ending, kind in types.items():
            word = "Atom" if ending == "atom" else "JSON Feed"
            path, mark, asked = stem.partition("?")
            listed.append(
                {
                    "type": kind,
                    "href": f"{path}.{ending}{mark}{asked}",
                    "title": name,
                    "name": f"{name} ({word})",
                }
            )
    return listed


def _menu(current: str, query: str) -> list[dict[str, Any]]:
    items = (
        ("overview", gettext("Overview")),
        ("changed", pgettext("menu", "What changed")),
        ("next", gettext("What comes next")),
        ("asks", gettext("The asks")),
        ("events", pgettext("menu", "Acts")),
        ("actors", gettext("Actors")),
        ("method", gettext("Method")),
        ("data", gettext("Data")),
        ("about", gettext("About")),
    )
    return [
        {"href": reverse(f"pages:{key}") + query, "name": name, "current": key == current}
        for key, name in items
    ]


def _links(query: str) -> dict[str, str]:
    names = ("method", "codebook", "glossary", "data", "changes", "brief", "about")
    links = {name: reverse(f"pages:{name}") + query for name in names}
    return links | {"feed": reverse("pages:data") + "#feeds"}


def _clock(request: HttpRequest, page: Page, clock: Clock, coverage: Mapping[str, Any]) -> dict[str, Any]:
    past = querystring.banner(clock)
    return {
        "as_of": clock.as_of.isoformat(),
        "known_at": clock.known_at.isoformat() if clock.known_at else "",
        "as_of_text": sentences.day(clock.as_of),
        "read_on_text": coverage.get("read_on", ""),
        "today": clock.today.isoformat(),
        "action": request.path,
        "kept": page.kept,
        "open": False,
        "past": past,
        "reconstruction": coverage.get("reconstruction", "") if past else "",
        "back": request.path,
        "coverage": coverage["sentence"],
        "silence": coverage["silence"],
        "method": gettext("Method %(version)s") % {"version": parameters.method_of(clock.method).version},
    }


def structured(data: Mapping[str, Any]) -> SafeString:
    """schema.org data for a script element of type ld+json: no `<`, `>` or `&` survives to end it early."""
    text = json.dumps(data, ensure_ascii=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return mark_safe(text)  # noqa: S308  # nosec B308


def citation(page: Page, clock: Clock, path: str) -> tuple[Citation, dict[str, Any]]:
    """The citation of a page, and what the template shows of it."""
    cited = Citation(
        key=f"scorecard-{page.key}-{clock.as_of.isoformat()}",
        title=page.title,
        address=absolute(path + clock.permanent(**page.asked)),
        as_of=clock.as_of,
        read_on=clock.today,
        version=parameters.method_of(clock.method).version,
        figures=standings.read_on(clock.as_of, clock.known_at, clock.method),
        rev=str(footing.pin(clock.as_of, clock.known_at) or ""),
    )
    pinned = clock.permanent(page=page.key, **page.asked)
    links = [
        {"href": path + clock.permanent(**page.asked), "name": gettext("Permanent address")},
        {"href": reverse("pages:citation", args=["bib"]) + pinned, "name": "BibTeX"},
        {"href": reverse("pages:citation", args=["ris"]) + pinned, "name": "RIS"},
    ]
    return cited, {"text": cited.text(), "links": links}


def key() -> list[tuple[str, str, str, str]]:
    """Anchor, mark, word and meaning of every label (METHOD.md, section 4)."""
    meanings = {
        "advancing": gettext("the whole band is above zero"),
        "undermined": gettext("the whole band is below zero"),
    }
    rules = method_of(None).parameters
    if rules.lean < rules.verdict:
        meanings = {
            "advancing": gettext("above zero with 97.5 % probability"),
            "leaning advancing": gettext("the whole band is above zero, short of a verdict"),
            "leaning undermined": gettext("the whole band is below zero, short of a verdict"),
            "undermined": gettext("below zero with 97.5 % probability"),
        }
    meanings |= {
        "contested": gettext("much evidence, but the band spans zero"),
        "unclear": gettext("some evidence, and the band spans zero"),
        "too little evidence": gettext("evidence worth less than %(acts)s of an act in operation")
        % {"acts": number_format(rules.enough_evidence)},
    }
    return [
        (anchor(label), vocabulary.LABEL_MARKS[label], vocabulary.label(label), words)
        for label, words in meanings.items()
    ]


def anchor(label: str) -> str:
    """Where the meaning of a label stands on a page, and in the glossary."""
    return "w-" + label.replace(" ", "-")


def downloads(name: str, query: str) -> list[dict[str, str]]:
    """Links to the series of a recommendation (or `all`) in every format."""
    words = {
        "svg": gettext("Chart as SVG"),
        "png": gettext("Chart as PNG"),
        "csv": gettext("Figures as CSV"),
        "xlsx": gettext("Figures for Excel (XLSX)"),
        "parquet": gettext("Figures as Parquet"),
        "json": gettext("Figures as JSON"),
        "zip": gettext("CSV with dictionary and citation (zip)"),
    }
    return [
        {"href": reverse("pages:take", args=[name, ending]) + query, "name": word, "ending": ending.upper()}
        for ending, word in words.items()
        if writable(ending)
    ]


def embed_code(name: str, query: str = "") -> str:
    """The iframe that puts a card on another page."""
    address = absolute(reverse("pages:embed", args=[name]) + query)
    title = prose.title()
    # Tall enough for a phone where nothing listens to what the card says of its height (`embed.js`).
    height = 380 + 110 * len(current()) if name == "all" else 420
    return (
        f'<iframe src="{escape(address)}" title="{escape(title)}" width="100%" height="{height}" '
        'loading="lazy"></iframe>'
    )


LISTENER = """<script>
addEventListener("message", function (event) {
  if (event.origin !== "%s" || !event.data || event.data.type !== "scorecard:height") return;
  document.querySelectorAll("iframe").forEach(function (frame) {
    if (frame.contentWindow === event.source) frame.height = event.data.height;
  });
});
</script>"""


def listener() -> str:
    """What a page may add once, so that the frames of its cards fit them."""
    return LISTENER % settings.SITE_URL.rstrip("/")


def embeds(name: str) -> list[dict[str, str]]:
    """Card, badge and sparkline, ready to paste."""
    badge = absolute(reverse("pages:badge", args=[name]))
    spark = absolute(reverse("pages:sparkline", args=[name]))
    word = escape(vocabulary.short_name(name))
    return [
        {"name": gettext("Card"), "code": embed_code(name)},
        {"name": gettext("Badge"), "code": f'<img src="{escape(badge)}" alt="{word}" height="20">'},
        {
            "name": gettext("Sparkline"),
            "code": f'<img src="{escape(spark)}" alt="{word}" width="240" height="64">',
        },
    ]


def stem(*parts: str) -> str:
    """The address of a feed without its ending."""
    return reverse("pages:feed", args=["/".join(parts), "atom"]).removesuffix(".atom")


def feed_of(view: str, *args: str, asked: str = "") -> str:
    """The address of a feed of its own (`feed_of_act`, `feed_of_search`, `feed_of_next`) without its ending."""
    found = reverse(f"pages:{view}", args=[*args, "atom"]).removesuffix(".atom")
    return f"{found}?{asked}" if asked else found


def feeds() -> list[tuple[str, str]]:
    """Every feed: (name, address without its ending)."""
    listed = [(gettext("All changes"), stem("all"))]
    listed += [(vocabulary.short_name(slug), stem("recommendations", slug)) for slug in current().slugs]
    listed += [(vocabulary.actor(actor), stem("actors", actor)) for actor in current().actor_slugs]
    return listed
