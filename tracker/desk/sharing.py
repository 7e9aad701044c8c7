"""What two reports share, in the reader's language: grouping gives kinds and values, never sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import get_language, gettext, ngettext

from tracker.clustering.names import gazetteer

SHOWN = 3
LONGEST = 80


def in_words(reasons: Iterable[Any]) -> list[str]:
    """The first few reasons as words; what was stored as a sentence by an earlier version stays one."""
    told = [_told(each) if isinstance(each, Mapping) else str(each) for each in list(reasons)[:SHOWN]]
    return [each[:LONGEST] for each in told if each]


def _told(reason: Mapping[str, Any]) -> str:
    kind, value = str(reason.get("kind") or ""), str(reason.get("value") or "")
    if kind == "name":
        return gazetteer().shown(value, chinese=(get_language() or "").startswith("zh"))
    if kind == "days" and value.isascii() and value.isdigit():
        return _apart(int(value))
    plain = {
        "page": gettext("the same page"),
        "title": gettext("the same title"),
        "near title": gettext("nearly the same title"),
        "number": gettext("the number %(value)s") % {"value": value},
        "word": gettext("“%(value)s”") % {"value": value},
    }
    return plain.get(kind, value)


def _apart(days: int) -> str:
    if days == 0:
        return gettext("the same day")
    return ngettext("%(days)s day apart", "%(days)s days apart", days) % {"days": days}
