"""Series as files, charts as pictures, and social cards, for readers to take along. Text cells are safe in
spreadsheets.

The law of the files (CSV, JSON, and a zip with data dictionary and citation): a column keeps its name and place for
ever; new ones come after those that were there. From `actor` on they are those of the long table (`exports/figures`),
whose `day` and `value` are `date` and `score` here.
"""

from __future__ import annotations

import datetime
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext

from scorecard import (
    catalogue,
    conditional,
    downloads,
    footing,
    querystring,
    reliability,
    sentences,
    standings,
    tables,
    vocabulary,
)
from scorecard.acts import Act
from scorecard.charts import lines, pictures
from scorecard.method.readings import Measure, word
from scorecard.pages import figures, frame, prose, reading
from scorecard.pages.frame import Citation
from scorecard.pages.reading import Reading
from scorecard.pages.views.recommendations import chart_acts, pinned, slug_of
from tracker.codebook import current
from tracker.rows import csv_lines

TOP = 94
LONG = ("jsonl", "parquet", "xlsx")
TYPES = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "zip": "application/zip",
}
START = current().start.isoformat()
COLUMNS = {
    "recommendation": "slug of the recommendation",
    "date": "calendar day, UTC, end of day (YYYY-MM-DD)",
    "score": f"balance, -100 to +100; 0 is where the recommendation stood on {START}",
    "low": "lower end of the 80 % evidence band",
    "high": "upper end of the 80 % evidence band",
    "then": "the score as it was known on that day; a reconstruction before the record was opened",
    "coded": "1 if the day is within the coded period; 0 after it, where the score only fades (method 1.0 alone)",
    "actor": f"whose acts are counted: {standings.EVERYBODY} for those of everybody, or the slug of an actor",
    "reading": "balance",
    "word": "what the method calls it; empty on days after the last coded one",
    "method": "version of the method",
    "vintage": "the day of knowledge that the score rests on",
}


def named(name: str) -> str:
    """A recommendation's slug from its slug or number, or `all`; 404 otherwise."""
    return name if name == "all" else slug_of(name)


def take(request: HttpRequest, name: str, ending: str) -> HttpResponseBase:
    """`/r/3.csv`: the series of a recommendation, or of all of them, as a file."""
    answer = (
        _long(request, name, ending)
        if ending in LONG
        else cut_to_part(request, _taken(request, name, ending))
    )
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@conditional.asked_with("actor", *querystring.NAMES)
def _taken(request: HttpRequest, name: str, ending: str) -> HttpResponse:
    slug, read = named(name), reading.open_(request)
    slugs = read.slugs if slug == "all" else (slug,)
    actor = _actor(request)
    if actor and ending != "csv":
        raise querystring.BadDate(
            gettext("actor: only the files of figures (csv, jsonl, parquet, xlsx) know views.")
        )
    if ending in ("svg", "png"):
        svg = _picture_of_all(read) if slug == "all" else _picture(read, slug)
        body: Any = svg if ending == "svg" else pictures.render(svg)
    elif ending == "csv":
        body = as_csv(read, slugs, actor)
    elif ending == "json":
        body = json.dumps(as_document(read, slugs), ensure_ascii=False, indent=1)
    else:
        body = as_bundle(read, slugs)
    response = HttpResponse(body, content_type=TYPES[ending])
    day = read.clock.as_of.isoformat()
    kind = "inline" if ending in ("svg", "png", "json") else "attachment"
    response.headers["Content-Disposition"] = f'{kind}; filename="scorecard-{slug}-{day}.{ending}"'
    return response


def _actor(request: HttpRequest) -> str | None:
    """The actor whose view is asked for; None: everybody's."""
    actor = request.GET.get("actor")
    if actor is not None and actor not in standings.ACTORS:
        allowed = {"name": "actor", "allowed": ", ".join(standings.ACTORS)}
        raise querystring.BadDate(gettext("%(name)s must be one of: %(allowed)s.") % allowed)
    return None if actor in (None, standings.EVERYBODY) else actor


def _long(request: HttpRequest, name: str, ending: str) -> HttpResponseBase:
    """The long table of figures, as `exports/figures` has it: of one recommendation or of all."""
    slug, table = named(name), tables.TABLES["figures"]
    try:
        conditional.check_names(request.GET, ("actor", *querystring.NAMES))
        actor, day = _actor(request), reading.open_(request).clock
        asked = tables.Asked(
            as_of=day.as_of,
            known_at=day.known_at,
            method=day.method,
            rev=day.rev,
            recommendation=None if slug == "all" else (slug,),
            actor=(actor or standings.EVERYBODY,),
        )
        file = f"scorecard-{slug}-{day.as_of}.{ending}"
        with footing.at_rev(day.rev):
            return catalogue.answer_table(request, table, ending, asked, file)
    except (querystring.BadDate, conditional.UnknownName, downloads.Missing) as problem:
        return conditional.refusal(request, gettext("That address cannot be read"), problem, 400)


def _picture(read: Reading, slug: str) -> str:
    run = read.run(slug)
    title = read.finding(slug)
    words = figures.chart_words(title, run)
    chart = lines.series(
        run,
        chart_acts(read, slug, pinned(read, slug), ""),
        words,
        sentences.tick,
        coded_to=read.coded_to,
        blind=figures.blind(read),
        turns=figures.turns(read),
        ghosts=figures.ghosts(read, slug),
        standalone=True,
        top=TOP,
    )
    subtitle = gettext(
        "“%(name)s”: balance from −100 to +100 with its 80 %% band. Zero is where it stood on %(day)s."
    ) % {"name": read.name(slug), "day": prose.started()}
    notes = [
        f"{note.number} · {note.words()} · {note.act.title}" for note in figures.numbered_moves(read, slug)
    ]
    caption = pictures.Caption(title, subtitle, read.source_line(), read.licence_line(), notes)
    return pictures.series_picture(chart, caption, TOP)


def _picture_of_all(read: Reading) -> str:
    headline = read.headline()
    return pictures.card(prose.title(), headline, read.card_line(), _faces(read))


def _faces(read: Reading, slugs: Any = (), actor: str = "") -> list[pictures.Face]:
    return [
        face(slug, read.by_actor(actor or None, slug), bool(actor) or read.firm(slug))
        for slug in slugs or read.slugs
    ]


def face(slug: str, balance: Measure, firm: bool = True) -> pictures.Face:
    label = word(balance)
    said = vocabulary.label(label)
    return pictures.Face(
        name=vocabulary.short_name(slug),
        score=balance["score"],
        low=balance["low"],
        high=balance["high"],
        label=label,
        score_text=sentences.signed(balance["score"]),
        band_text=sentences.band(balance["low"], balance["high"]),
        label_text=said if firm else reliability.marked(said),
    )


@conditional.asked_with(*querystring.NAMES)
def card(request: HttpRequest, name: str) -> HttpResponse:
    """The 1200 × 630 picture that others show when a page is shared."""
    read = reading.open_(request)
    kind, _dash, key = name.partition("-")
    headline, faces = read.headline(), _faces(read)
    if name in current():
        headline = read.finding(name)
        faces = _faces(read, (name,))
    elif kind == "actor" and key in current().actor_slugs:
        headline, faces = vocabulary.actor(key), _faces(read, actor=key)
    elif kind == "event" and (record := read.record(key)) is not None:
        return _picture_response(_picture_of_act(read, read.act(record)))
    elif name not in ("overview", "actors"):
        raise Http404
    return _picture_response(pictures.card(prose.title(), headline, read.card_line(), faces))


def _picture_of_act(read: Reading, act: Act) -> str:
    rows = [
        pictures.Row(code.words, code.effect, figures.effect(code)["look"], figures.effect(code)["mark"])
        for code in act.codes
    ]
    site = prose.title()
    return pictures.act_card(site, act.title, f"{act.when} · {act.facts}", read.card_line(), rows)


def _picture_response(svg: str) -> HttpResponse:
    return HttpResponse(pictures.render(svg), content_type="image/png")


def series_rows(read: Reading, slugs: Sequence[str], actor: str | None = None) -> Iterator[tuple[Any, ...]]:
    """One row for each recommendation and day, in the order of `COLUMNS`."""
    then = figures.as_told_then(read, actor)
    clock = read.clock
    for row in standings.long_rows(
        clock.as_of,
        clock.known_at,
        version=clock.method,
        recommendations=slugs,
        actors=(actor or standings.EVERYBODY,),
        readings=("balance",),
    ):
        day, slug, view, reading, value, low, high, word, method, coded, vintage = row
        place = (datetime.date.fromisoformat(day) - current().start).days
        known = (slug, day, value, low, high, then[slug]["score"][place], int(coded))
        yield (*known, view, reading, word, method, vintage)


def as_csv(read: Reading, slugs: Sequence[str], actor: str | None = None) -> str:
    return "".join(csv_lines(COLUMNS, series_rows(read, slugs, actor)))


def as_document(read: Reading, slugs: Sequence[str]) -> dict[str, Any]:
    """Figures and daily series as one JSON document that says what it is."""
    return about_series(read) | {
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


def about_series(read: Reading) -> dict[str, Any]:
    clock = read.clock
    pin = footing.pin(clock.as_of, clock.known_at)
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


def as_bundle(read: Reading, slugs: Sequence[str]) -> bytes:
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
        str(footing.pin(read.clock.as_of, read.clock.known_at) or ""),
    )
    readme = (
        f"# {prose.publisher()}: daily series\n\n"
        f"{_reach(read)}\n\n"
        "## Columns\n\n"
        + "".join(f"- `{name}`: {meaning}\n" for name, meaning in COLUMNS.items())
        + f"\n## Citation\n\n{cited.text()}\n\n```bibtex\n{cited.bibtex()}```\n\nLicence: {current().licence.name}\n"
    )
    metadata = about_series(read) | {"columns": COLUMNS, "citation": cited.text()}
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (
            ("series.csv", as_csv(read, slugs)),
            ("metadata.json", json.dumps(metadata, ensure_ascii=False, indent=1)),
            ("readme.md", readme),
        ):
            archive.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), text)
    return written.getvalue()


def cut_to_part(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The same for an answer that is held in memory."""
    if response.status_code != 200:
        return response
    body = response.content
    response.headers["Repr-Digest"] = downloads.repr_digest(hashlib.sha256(body).hexdigest())
    response.headers["Accept-Ranges"] = "bytes"
    if "Content-Encoding" in response.headers:
        return response
    part = downloads.asked_part(request, len(body), response.headers.get("ETag", ""))
    if part is None:
        return response
    first, last = part
    if first > last:
        refused = HttpResponse(status=416)
        refused.headers["Content-Range"] = f"bytes */{len(body)}"
        return refused
    response.status_code, response.content = 206, body[first : last + 1]
    response.headers["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
    return response
