"""Small lists that several pages share: the key of the labels, downloads, embed code, lists of feeds."""

from __future__ import annotations

from html import escape
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext

from scorecard import vocabulary
from scorecard.pages import frame


def key() -> list[tuple[str, str, str]]:
    """Mark, word and meaning of every label (METHOD.md, section 4)."""
    meanings = {
        "advancing": gettext("the whole band is above zero"),
        "undermined": gettext("the whole band is below zero"),
        "contested": gettext("much evidence, but the band spans zero"),
        "unclear": gettext("some evidence, and the band spans zero"),
        "too little evidence": gettext("less than one law's worth"),
    }
    return [
        (vocabulary.LABEL_MARKS[label], vocabulary.label(label), words) for label, words in meanings.items()
    ]


def downloads(name: str, query: str) -> list[dict[str, str]]:
    """Links to the series of a recommendation (or `all`) in every format."""
    words = {
        "svg": gettext("Chart as SVG"),
        "png": gettext("Chart as PNG"),
        "csv": gettext("Figures as CSV"),
        "json": gettext("Figures as JSON"),
        "zip": gettext("CSV with dictionary and citation (zip)"),
    }
    return [
        {"href": reverse("pages:take", args=[name, ending]) + query, "name": word}
        for ending, word in words.items()
    ]


def embed_code(name: str, query: str = "") -> str:
    """The iframe that puts a card on another page."""
    address = frame.absolute(reverse("pages:embed", args=[name]) + query)
    title = gettext("US–China AI Policy Scorecard")
    height = 620 if name == "all" else 260
    return (
        f'<iframe src="{escape(address)}" title="{escape(title)}" width="100%" height="{height}" '
        'loading="lazy"></iframe>'
    )


def embeds(name: str) -> list[dict[str, str]]:
    """Card, badge and sparkline, ready to paste."""
    badge = frame.absolute(reverse("pages:badge", args=[name]))
    spark = frame.absolute(reverse("pages:sparkline", args=[name]))
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


def feeds() -> list[tuple[str, str]]:
    """Every feed: (name, address without its ending)."""
    listed = [(gettext("All changes"), stem("all"))]
    listed += [
        (vocabulary.short_name(slug), stem("recommendations", slug)) for slug in vocabulary.SHORT_NAMES
    ]
    listed += [(vocabulary.actor(actor), stem("actors", actor)) for actor in vocabulary.ACTORS]
    return listed


def actor_links(query: str) -> list[dict[str, Any]]:
    return [
        {"name": vocabulary.actor(actor), "href": reverse("pages:actor", args=[actor]) + query}
        for actor in vocabulary.ACTORS
    ]
