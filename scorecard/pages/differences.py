"""What one version of an event changed against the version before it, in words. Pure but for the language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from scorecard import sentences, vocabulary
from tracker import codebook

Record = Mapping[str, Any]
ARROW = "→"


def words(before: Record | None, record: Record) -> list[str]:
    """One short line for each thing that changed; empty for the first version."""
    if before is None:
        return []
    return [*_facts(before, record), *_assessments(before, record), *_rest(before, record)]


def _facts(before: Record, record: Record) -> list[str]:
    found = []
    if _moment(before) != _moment(record):
        found.append(_changed(gettext("date"), _moment(before), _moment(record)))
    if before["certainty"] != record["certainty"]:
        one, other = (str(vocabulary.CERTAINTIES[each["certainty"]]) for each in (before, record))
        found.append(_changed(gettext("certainty"), one, other))
    if before["actors"] != record["actors"]:
        one, other = (
            sentences.enumerated([vocabulary.actor(actor) for actor in each["actors"]]) or "–"
            for each in (before, record)
        )
        found.append(_changed(gettext("actors"), one, other))
    if before["supersedes"] != record["supersedes"]:
        one, other = (", ".join(each["supersedes"]) or "–" for each in (before, record))
        found.append(_changed(gettext("what it ends"), one, other))
    return found


def _assessments(before: Record, record: Record) -> list[str]:
    old, new = ({item["rec"]: item for item in each["assessments"]} for each in (before, record))
    found = []
    for slug in codebook.RECOMMENDATIONS:
        one, other = old.get(slug), new.get(slug)
        if one is None and other is None:
            continue
        name = vocabulary.short_name(slug)
        if one is None or other is None or _code(one) != _code(other):
            nothing = gettext("no code")
            found.append(_changed(name, _code(one) if one else nothing, _code(other) if other else nothing))
        elif one["ask"] != other["ask"]:
            found.append(_changed(f"{name}, {gettext('ask')}", one["ask"] or "–", other["ask"] or "–"))
        elif one["rationale"] != other["rationale"]:
            found.append(gettext("%(name)s: reason reworded") % {"name": name})
    return found


def _rest(before: Record, record: Record) -> list[str]:
    found = []
    if any(before[key] != record[key] for key in ("title", "title_zh")):
        found.append(gettext("title reworded"))
    if any(before[key] != record[key] for key in ("summary", "summary_zh")):
        found.append(gettext("summary reworded"))
    if before["sources"] != record["sources"]:
        found.append(_changed(gettext("sources"), str(len(before["sources"])), str(len(record["sources"]))))
    return found


def _code(item: Mapping[str, Any]) -> str:
    return f"{vocabulary.DIRECTIONS[item['direction']]}, {vocabulary.STRENGTHS[item['strength']]}"


def _moment(record: Record) -> str:
    return sentences.when(codebook.day(record["date"], "date"), record["date_precision"])


def _changed(name: str, one: str, other: str) -> str:
    return f"{name}: {one} {ARROW} {other}"
