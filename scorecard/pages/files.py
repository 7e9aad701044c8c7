"""The series as files: CSV, JSON, and a zip with data dictionary and citation. Text cells are safe in
spreadsheets.

The law: a column keeps its name and place for ever; new ones come after those that were there. From `actor` on they
are those of the long table (`exports/figures`), whose `day` and `value` are `date` and `score` here.
"""

from __future__ import annotations

import datetime
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from scorecard import pins, tidy
from scorecard.pages import figures, frame, prose
from scorecard.pages.frame import Citation
from scorecard.pages.reading import Reading
from tracker.codebook import current
from tracker.rows import csv_lines

START = current().start.isoformat()
COLUMNS = {
    "recommendation": "slug of the recommendation",
    "date": "calendar day, UTC, end of day (YYYY-MM-DD)",
    "score": f"balance, -100 to +100; 0 is where the recommendation stood on {START}",
    "low": "lower end of the 80 % evidence band",
    "high": "upper end of the 80 % evidence band",
    "then": "the score as it was known on that day; a reconstruction before the record was opened",
    "coded": "1 if the day is within the coded period; 0 after it, where the score only fades (method 1.0 alone)",
    "actor": f"whose acts are counted: {tidy.EVERYBODY} for those of everybody, or the slug of an actor",
    "reading": "balance",
    "word": "what the method calls it; empty on days after the last coded one",
    "method": "version of the method",
    "vintage": "the day of knowledge that the score rests on",
}


def rows(read: Reading, slugs: Sequence[str], actor: str | None = None) -> Iterator[tuple[Any, ...]]:
    """One row for each recommendation and day, in the order of `COLUMNS`."""
    then = figures.as_told_then(read, actor)
    clock = read.clock
    for row in tidy.rows(
        clock.as_of,
        clock.known_at,
        version=clock.method,
        recommendations=slugs,
        actors=(actor or tidy.EVERYBODY,),
        readings=("balance",),
    ):
        day, slug, view, reading, value, low, high, word, method, coded, vintage = row
        place = (datetime.date.fromisoformat(day) - current().start).days
        known = (slug, day, value, low, high, then[slug]["score"][place], int(coded))
        yield (*known, view, reading, word, method, vintage)


def csv(read: Reading, slugs: Sequence[str], actor: str | None = None) -> str:
    return "".join(csv_lines(COLUMNS, rows(read, slugs, actor)))


def document(read: Reading, slugs: Sequence[str]) -> dict[str, Any]:
    """Figures and daily series as one JSON document that says what it is."""
    return about(read) | {
        "first_day": read.run(slugs[0]).first.isoformat(),
        "recommendations": {
            slug: {
                "balance": {
                    key: value
                    for key, value in read.report["recommendations"][slug]["balance"].items()
                    if key != "acts"
                },
                "series": {
                    "score": list(read.run(slug).score),
                    "low": list(read.run(slug).low),
                    "high": list(read.run(slug).high),
                },
            }
            for slug in slugs
        },
    }


def about(read: Reading) -> dict[str, Any]:
    clock = read.clock
    pin = pins.current(clock.as_of, clock.known_at)
    known = clock.known_at or (pin.day if pin and clock.rev else clock.today)
    return {
        "title": prose.publisher(),
        "as_of": clock.as_of.isoformat(),
        "known_at": known.isoformat(),
        "coded_to": read.coded_to.isoformat(),
        "read_on": read.read_on.isoformat(),
        "days_since": (clock.as_of - read.coded_to).days,
        "method": read.method,
        "rev": str(pin or ""),
        "licence": current().licence.name,
        "source": frame.absolute("/"),
    }


def _reach(read: Reading) -> str:
    """To which day the series goes, and why no further."""
    if read.stopped is None:
        return f"As of {read.clock.as_of}, coded to {read.coded_to}."
    return (
        f"Asked for {read.clock.as_of}; the series ends on {read.stopped}, the last coded day: what happened "
        "since is not coded yet."
    )


def bundle(read: Reading, slugs: Sequence[str]) -> bytes:
    """A zip of series.csv, metadata.json and readme.md. The same question gives the same bytes."""
    address = frame.absolute("/" + read.clock.permanent())
    cited = Citation(
        "scorecard",
        "Daily series",
        address,
        read.clock.as_of,
        read.clock.today,
        read.method,
        read.read_on,
        str(pins.current(read.clock.as_of, read.clock.known_at) or ""),
    )
    readme = (
        f"# {prose.publisher()}: daily series\n\n"
        f"{_reach(read)}\n\n"
        "## Columns\n\n"
        + "".join(f"- `{name}`: {meaning}\n" for name, meaning in COLUMNS.items())
        + f"\n## Citation\n\n{cited.text()}\n\n```bibtex\n{cited.bibtex()}```\n\nLicence: {current().licence.name}\n"
    )
    metadata = about(read) | {"columns": COLUMNS, "citation": cited.text()}
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (
            ("series.csv", csv(read, slugs)),
            ("metadata.json", json.dumps(metadata, ensure_ascii=False, indent=1)),
            ("readme.md", readme),
        ):
            archive.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), text)
    return written.getvalue()
