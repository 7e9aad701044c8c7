"""The versions of the method side by side: what each is, and what the change from one did to every score."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext

from scorecard import sentences, standings, vocabulary
from scorecard.method import parameters
from scorecard.pages.reading import Reading


def listed() -> list[dict[str, Any]]:
    """Every version, the newest first, with the parameters in which it departs from the current one."""
    current = parameters.METHODS[parameters.CURRENT].parameters.as_dict()
    return [
        {
            "version": method.version,
            "adopted": sentences.day(method.adopted),
            "summary": gettext(method.summary) if method.summary else "",
            "current": method.version == parameters.CURRENT,
            "differs": [
                f"{name} = {value}"
                for name, value in method.parameters.as_dict().items()
                if current.get(name) != value
            ],
        }
        for method in reversed(parameters.METHODS.values())
    ]


def compared(read: Reading) -> list[dict[str, Any]]:
    """For every version but the current one: each score by it, by the current one, and the difference."""
    return [
        {"version": version, "rows": [_row(read, slug, version) for slug in read.slugs]}
        for version in reversed(parameters.METHODS)
        if version != parameters.CURRENT
    ]


def _row(read: Reading, slug: str, version: str) -> dict[str, str]:
    other = standings.report(read.clock.as_of, read.clock.known_at, version=version)
    before, now = (report["recommendations"][slug]["balance"]["score"] for report in (other, read.report))
    return {
        "name": vocabulary.short_name(slug),
        "before": sentences.signed(before),
        "now": sentences.signed(now),
        "difference": sentences.tenths(now - before),
    }
