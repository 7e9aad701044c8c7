"""Records from a file into the log: all of it checked first, then all of it or nothing.

The format is that of the seeds, the export and the log: one record a line, every version of an event in its
order. Importing the same file twice changes nothing the second time.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from tracker import codebook, triage
from tracker.models import Event

LONGEST_LINE = 1_000_000  # characters
SHOWN = 20


class BadFile(ValueError):
    """Lines that cannot be imported. The message lists them with their reasons."""

    def __init__(self, faults: list[tuple[int, str]]):
        self.faults = faults
        listed = [f"line {number}: {reason}" for number, reason in faults[:SHOWN]]
        if len(faults) > SHOWN:
            listed.append(f"and {len(faults) - SHOWN} more")
        super().__init__("\n".join(listed))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import did: events added, events changed, versions that were on record already."""

    added: int
    changed: int
    known: int


def read(lines: Iterable[str]) -> list[dict[str, Any]]:
    """The checked records of JSON Lines; `BadFile` names every line that is none."""
    records, faults = [], []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                records.append(_record(line))
            except codebook.RecordError as error:
                faults.append((number, str(error)))
    if faults:
        raise BadFile(faults)
    return records


@transaction.atomic
def enter(records: Iterable[dict[str, Any]], *, who: str, by: Any = None, why: str = "") -> Outcome:
    """Append what is new, in order. `triage.Refused` stops it and nothing has changed."""
    done: Counter[str] = Counter()
    known = set(Event.objects.values_list("id", flat=True))
    for record, revision in triage.enter_all(records, who=who, by=by, why=why):
        done["known" if revision is None else "changed" if record["id"] in known else "added"] += 1
        known.add(record["id"])
    return Outcome(done["added"], done["changed"], done["known"])


def _record(line: str) -> dict[str, Any]:
    if len(line) > LONGEST_LINE:
        raise codebook.RecordError(f"longer than {LONGEST_LINE:,} characters")
    try:
        return codebook.check(json.loads(line))
    except codebook.RecordError:
        raise
    except (ValueError, RecursionError) as error:
        raise codebook.RecordError(f"not JSON ({error})") from None
