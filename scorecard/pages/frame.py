"""What stands around every page: its addresses in both languages, menu, clock, feeds, citation, structured
data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse, translate_url
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from scorecard import sentences
from scorecard.method import parameters
from scorecard.pages import clock as clocks
from scorecard.pages.citations import Citation
from scorecard.pages.clock import Clock

TAGS = {"en": "en", "zh-hans": "zh-Hans"}
NAMES = {"en": "English", "zh-hans": "中文"}
OPED = {
    "name": "“There can be no winners in a US-China AI arms race”, MIT Technology Review, 21 January 2025",
    "url": "https://www.technologyreview.com/2025/01/21/1110269/there-can-be-no-winners-in-a-us-china-ai-arms-race/",
}


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
    structured: Mapping[str, Any] | None = None
    noindex: bool = False
    kept: Sequence[tuple[str, str]] = field(default_factory=tuple)


def absolute(path: str) -> str:
    """The public address of a path: from the setting, never from the request's Host header."""
    return settings.SITE_URL.rstrip("/") + path


def language() -> str:
    return get_language() or settings.LANGUAGE_CODE


def around(request: HttpRequest, page: Page, clock: Clock, coverage: Mapping[str, Any]) -> dict[str, Any]:
    """The template's `page`, and `citation` for pages that can be cited."""
    here = language()
    query = clock.query()
    other = next(code for code in TAGS if code != here)
    return {
        "language_tag": TAGS[here],
        "title": f"{page.title} | {gettext('US–China AI Policy Scorecard')}",
        "headline": page.title,
        "description": page.description,
        "canonical": absolute(request.path + query),
        "alternates": _alternates(request.path, query),
        "other_language": {
            "href": translate_url(request.path, other) + query,
            "tag": TAGS[other],
            "name": NAMES[other],
        },
        "feeds": _feeds(page.feeds),
        "menu": _menu(page.current, query),
        "home": reverse("pages:overview") + query,
        "links": _links(query),
        "card": absolute(page.card + query) if page.card else "",
        "structured": structured(page.structured) if page.structured else "",
        "noindex": page.noindex or clock.pinned or clock.known_at is not None,
        "method_version": parameters.CURRENT,
        "clock": _clock(request, page, clock, coverage),
    }


def _alternates(path: str, query: str) -> list[tuple[str, str]]:
    found = [(tag, absolute(translate_url(path, code) + query)) for code, tag in TAGS.items()]
    return [*found, ("x-default", found[0][1])]


def _feeds(feeds: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    types = {"atom": "application/atom+xml", "json": "application/feed+json"}
    listed = []
    for name, stem in feeds:
        for ending, kind in types.items():
            word = "Atom" if ending == "atom" else "JSON Feed"
            listed.append(
                {"type": kind, "href": f"{stem}.{ending}", "title": name, "name": f"{name} ({word})"}
            )
    return listed


def _menu(current: str, query: str) -> list[dict[str, Any]]:
    items = (
        ("overview", gettext("Overview")),
        ("events", gettext("Events")),
        ("actors", gettext("Actors")),
        ("method", gettext("Method")),
        ("data", gettext("Data")),
        ("changes", gettext("Changes")),
        ("about", gettext("About")),
    )
    return [
        {"href": reverse(f"pages:{key}") + query, "name": name, "current": key == current}
        for key, name in items
    ]


def _links(query: str) -> dict[str, str]:
    names = ("method", "data", "changes", "about")
    links = {name: reverse(f"pages:{name}") + query for name in names}
    return links | {"feed": reverse("pages:data") + "#feeds"}


def _clock(request: HttpRequest, page: Page, clock: Clock, coverage: Mapping[str, Any]) -> dict[str, Any]:
    past = clocks.banner(clock)
    return {
        "as_of": clock.as_of.isoformat(),
        "known_at": clock.known_at.isoformat() if clock.known_at else "",
        "as_of_text": sentences.day(clock.as_of),
        "today": clock.today.isoformat(),
        "action": request.path,
        "kept": page.kept,
        "open": False,
        "past": past,
        "reconstruction": coverage.get("reconstruction", "") if past else "",
        "back": request.path,
        "coverage": coverage["sentence"],
        "silence": coverage["silence"],
        "method": gettext("Method %(version)s") % {"version": parameters.CURRENT},
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
        address=absolute(path + clock.permanent()),
        as_of=clock.as_of,
        read_on=clock.today,
        version=parameters.CURRENT,
    )
    pinned = clock.permanent(page=page.key)
    links = [
        {"href": path + clock.permanent(), "name": gettext("Permanent address")},
        {"href": reverse("pages:citation", args=["bib"]) + pinned, "name": "BibTeX"},
        {"href": reverse("pages:citation", args=["ris"]) + pinned, "name": "RIS"},
    ]
    return cited, {"text": cited.text(), "links": links}
