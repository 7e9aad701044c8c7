"""What readers take along: charts and series as files, citations, embeds, social cards."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, pgettext

from scorecard import (
    acts,
    clock,
    conditional,
    downloads,
    formats,
    pins,
    reliability,
    sentences,
    tables,
    tidy,
    vocabulary,
)
from scorecard.acts import Act
from scorecard.charts import lines, pictures
from scorecard.method.readings import Measure, word
from scorecard.pages import figures, files, frame, prose, reading
from scorecard.pages.reading import Reading
from scorecard.pages.views import changed
from scorecard.pages.views.recommendations import chart_acts, pinned, slug_of
from tracker.codebook import current

TOP = 94
LONG = ("jsonl", "parquet", "xlsx")
EVERYWHERE = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "frame-ancestors *"
)
TYPES = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "zip": "application/zip",
}


def named(name: str) -> str:
    """A recommendation's slug from its slug or number, or `all`; 404 otherwise."""
    return name if name == "all" else slug_of(name)


def take(request: HttpRequest, name: str, ending: str) -> HttpResponseBase:
    """`/r/3.csv`: the series of a recommendation, or of all of them, as a file."""
    answer = (
        _long(request, name, ending)
        if ending in LONG
        else downloads.cut(request, _taken(request, name, ending))
    )
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@conditional.asked_with("actor", *clock.NAMES)
def _taken(request: HttpRequest, name: str, ending: str) -> HttpResponse:
    slug, read = named(name), reading.open_(request)
    slugs = read.slugs if slug == "all" else (slug,)
    actor = _actor(request)
    if actor and ending != "csv":
        raise clock.BadDate(
            gettext("actor: only the files of figures (csv, jsonl, parquet, xlsx) know views.")
        )
    if ending in ("svg", "png"):
        svg = _picture_of_all(read) if slug == "all" else _picture(read, slug)
        body: Any = svg if ending == "svg" else pictures.render(svg)
    elif ending == "csv":
        body = files.csv(read, slugs, actor)
    elif ending == "json":
        body = json.dumps(files.document(read, slugs), ensure_ascii=False, indent=1)
    else:
        body = files.bundle(read, slugs)
    response = HttpResponse(body, content_type=TYPES[ending])
    day = read.clock.as_of.isoformat()
    kind = "inline" if ending in ("svg", "png", "json") else "attachment"
    response.headers["Content-Disposition"] = f'{kind}; filename="scorecard-{slug}-{day}.{ending}"'
    return response


def _actor(request: HttpRequest) -> str | None:
    """The actor whose view is asked for; None: everybody's."""
    actor = request.GET.get("actor")
    if actor is not None and actor not in tidy.ACTORS:
        allowed = {"name": "actor", "allowed": ", ".join(tidy.ACTORS)}
        raise clock.BadDate(gettext("%(name)s must be one of: %(allowed)s.") % allowed)
    return None if actor in (None, tidy.EVERYBODY) else actor


def _long(request: HttpRequest, name: str, ending: str) -> HttpResponseBase:
    """The long table of figures, as `exports/figures` has it: of one recommendation or of all."""
    slug, table = named(name), tables.TABLES["figures"]
    try:
        conditional.check_names(request.GET, ("actor", *clock.NAMES))
        actor, day = _actor(request), reading.open_(request).clock
        asked = tables.Asked(
            as_of=day.as_of,
            known_at=day.known_at,
            method=day.method,
            rev=day.rev,
            recommendation=None if slug == "all" else (slug,),
            actor=(actor or tidy.EVERYBODY,),
        )
        file = f"scorecard-{slug}-{day.as_of}.{ending}"
        with pins.at(day.rev):
            return downloads.answer_table(request, table, ending, asked, file)
    except (clock.BadDate, conditional.UnknownName, formats.Missing) as problem:
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


@conditional.asked_with(*clock.NAMES)
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


@conditional.asked_with("page", *clock.NAMES, "period", "earlier", "later")
def citation(request: HttpRequest, ending: str) -> HttpResponse:
    """The citation of the page named by `?page=`, as BibTeX or RIS."""
    read = reading.open_(request)
    key = request.GET.get("page", "overview")
    title, path = _cited_page(read, key)
    asked = changed.named(*changed.days(request.GET, read)) if key == "changed" else {}
    page = frame.Page(key=key, title=title, description="", asked=asked)
    cited, _links = frame.citation(page, read.clock, path)
    body, kind = (
        (cited.bibtex(), "application/x-bibtex")
        if ending == "bib"
        else (cited.ris(), "application/x-research-info-systems")
    )
    response = HttpResponse(body, content_type=f"{kind}; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="scorecard.{ending}"'
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _cited_page(read: Reading, key: str) -> tuple[str, str]:
    kind, _dash, rest = key.partition("-")
    if key in current():
        return read.name(key), reverse("pages:recommendation", args=[key])
    if kind == "event" and (record := read.record(rest)) is not None:
        return acts.title(record), acts.address(rest)
    if kind == "actor" and rest in current().actor_slugs:
        return vocabulary.actor(rest), reverse("pages:actor", args=[rest])
    titles = {
        "overview": gettext("How the %(count)s stand") % {"count": prose.count()},
        "data": gettext("Data"),
        "changed": pgettext("menu", "What changed"),
        "next": gettext("What comes next"),
        "asks": gettext("The asks"),
    }
    if key not in titles:
        raise Http404
    return titles[key], reverse(f"pages:{key}")


@conditional.asked_with(*clock.NAMES)
def embed(request: HttpRequest, name: str) -> HttpResponse:
    """A card for an iframe: the scores, their bands, the day, and a link back; or one act."""
    if name.startswith("event-"):
        return _embedded_act(request, name.removeprefix("event-"))
    slug, read = named(name), reading.open_(request)
    query = read.clock.query()
    slugs = read.slugs if slug == "all" else (slug,)
    rows = [
        figures.balance(vocabulary.short_name(each), read.report["recommendations"][each]["balance"])
        | {"href": reverse("pages:recommendation", args=[each]) + query, "firm": read.firm(each)}
        for each in slugs
    ]
    context = {"rows": rows, "headline": read.headline() if slug == "all" else read.name(slug)}
    return _embedded(request, read, context)


def _embedded_act(request: HttpRequest, event_id: str) -> HttpResponse:
    read = reading.open_(request)
    record = read.record(event_id)
    if record is None:
        raise Http404
    act = read.act(record)
    context = {
        "headline": act.title,
        "act": act,
        "href": act.address + read.clock.query(),
        "effects": [figures.effect(code) | {"code": code} for code in act.codes],
    }
    return _embedded(request, read, context)


def _embedded(request: HttpRequest, read: Reading, context: dict[str, Any]) -> HttpResponse:
    around = {
        "source": read.source_line(),
        "silence": read.notice(),
        "language_tag": frame.TAGS[frame.language()],
        "home": frame.absolute(reverse("pages:overview") + read.clock.query()),
    }
    return _everywhere(render(request, "pages/embed.html", context | around))


@conditional.asked_with(*clock.NAMES)
def badge(request: HttpRequest, name: str) -> HttpResponse:
    slug, read = named(name), reading.open_(request)
    if slug == "all":
        raise Http404
    shown = figures.balance(slug, read.report["recommendations"][slug]["balance"])
    label = shown["label"] if read.firm(slug) else reliability.marked(shown["label"])
    right = f"{shown['mark']} {label} {shown['score']}"
    if read.stopped:
        right += f" · {sentences.short_day(read.stopped)}"
    look = {"advancing": "up", "undermined": "down"}.get(read.label(slug), "even")
    svg = pictures.badge(vocabulary.short_name(slug), right, look)
    return _everywhere(HttpResponse(svg, content_type="image/svg+xml"))


@conditional.asked_with(*clock.NAMES)
def sparkline(request: HttpRequest, name: str) -> HttpResponse:
    slug, read = named(name), reading.open_(request)
    if slug == "all":
        raise Http404
    run = read.run(slug)
    title = sentences.series_alternative(read.name(slug), run.first, run.last, run.score)
    svg = pictures.spark_picture(run, title, read.coded_to)
    return _everywhere(HttpResponse(svg, content_type="image/svg+xml"))


def _everywhere(response: HttpResponse) -> HttpResponse:
    """Allow other sites to show this answer; it holds no form and no script."""
    response.headers["Content-Security-Policy"] = EVERYWHERE
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


__all__ = ["badge", "card", "citation", "embed", "frame", "sparkline", "take"]
