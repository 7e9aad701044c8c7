"""Citations, embeds and badges for whoever quotes the scorecard, and the editions on which a citation can rest: their
list with the heads of the log, and a page for each.
"""

from __future__ import annotations

import datetime
import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext, pgettext

from scorecard import acts, conditional, editions, querystring, reliability, sentences, vocabulary
from scorecard.charts import pictures
from scorecard.models import Edition, Witness
from scorecard.pages import figures, frame, prose, reading
from scorecard.pages.frame import Citation
from scorecard.pages.reading import Reading
from scorecard.pages.views import timeline
from scorecard.pages.views.take import named
from tracker import log
from tracker.codebook import current

EVERYWHERE = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "frame-ancestors *"
)
SHOWN = 60


@conditional.asked_with("page", *querystring.NAMES, "period", "earlier", "later")
def citation(request: HttpRequest, ending: str) -> HttpResponse:
    """The citation of the page named by `?page=`, as BibTeX or RIS."""
    read = reading.open_(request)
    key = request.GET.get("page", "overview")
    title, path = _cited_page(read, key)
    asked = timeline.named(*timeline.days(request.GET, read)) if key == "changed" else {}
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


@conditional.asked_with(*querystring.NAMES)
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


@conditional.asked_with(*querystring.NAMES)
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


@conditional.asked_with(*querystring.NAMES)
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


@conditional.page
def every_edition(request: HttpRequest) -> HttpResponse:
    read = reading.open_(request)
    title = gettext("Editions: the record, frozen day by day")
    page = frame.Page(
        key="editions",
        title=title,
        description=gettext(
            "Frozen and signed copies of the record and its scores, for a citation that must last."
        ),
        current="data",
        card=reverse("pages:card", args=["overview"]),
    )
    query = read.clock.query()
    context = {
        "page": frame.around(request, page, read.clock, read.coverage()),
        "headline": title,
        "up": {"href": reverse("pages:data") + query, "name": gettext("Data")},
        "editions": [_line(row) for row in Edition.objects.defer("manifest")[:SHOWN]],
        "heads": _heads(),
        "heads_address": reverse("api:heads"),
        "witnesses": Witness.objects.all(),
        "mirror": reverse("api:mirror"),
    }
    return render(request, "pages/editions.html", context)


def _heads() -> list[dict[str, Any]]:
    heads = log.heads(SHOWN)
    signed = editions.countersignatures(sequence for _day, sequence, _digest in heads)
    return [
        {
            "day": sentences.day(day),
            "sequence": sequence,
            "digest": digest,
            "signed": "; ".join(
                gettext("%(witness)s, %(day)s")
                % {"witness": one["witness"], "day": sentences.day(datetime.date.fromisoformat(one["seen"]))}
                for one in signed[sequence]
            ),
        }
        for day, sequence, digest in heads
    ]


def _line(row: Edition) -> dict[str, Any]:
    return {
        "href": reverse("pages:edition", args=[row.day]),
        "day": sentences.day(row.day),
        "revisions": number_format(row.sequence),
        "digest": row.digest,
        "doi": row.doi,
    }


def find_edition(day: str) -> Edition:
    try:
        return Edition.objects.get(day=datetime.date.fromisoformat(day))
    except (ValueError, Edition.DoesNotExist):
        raise Http404 from None


def cite_edition(row: Edition, today: datetime.date) -> Citation:
    """The citation of an edition: by its DOI where it has one, otherwise by its page."""
    manifest = json.loads(row.manifest)
    title = gettext("Edition of %(day)s") % {"day": row.day.isoformat()}
    address = (
        f"https://doi.org/{row.doi}" if row.doi else frame.absolute(reverse("pages:edition", args=[row.day]))
    )
    return Citation(
        f"scorecard-edition-{row.day}",
        title,
        address,
        row.day,
        today,
        manifest["method"],
        rev=str(row.sequence),
    )


@conditional.page
def edition(request: HttpRequest, day: str) -> HttpResponse:
    read, row = reading.open_(request), find_edition(day)
    manifest, spelled = json.loads(row.manifest), sentences.day(row.day)
    title = gettext("Edition of %(day)s") % {"day": spelled}
    page = frame.Page(
        key=f"edition-{row.day}",
        title=title,
        description=gettext(
            "The record and its scores as they stood at the end of %(day)s (UTC), frozen and signed."
        )
        % {"day": spelled},
        current="data",
        card=reverse("pages:card", args=["overview"]),
    )
    name = f"edition-{row.day}"
    context = {
        "page": frame.around(request, page, read.clock, read.coverage()),
        "headline": title,
        "up": {"href": reverse("pages:editions"), "name": gettext("Editions")},
        "lede": ngettext(
            "The record as it stood at the end of %(day)s (UTC), %(count)s revision, and the figures that follow from "
            "it. Nothing that was written later is in it, and it never changes.",
            "The record as it stood at the end of %(day)s (UTC), %(count)s revisions, and the figures that follow from "
            "it. Nothing that was written later is in it, and it never changes.",
            row.sequence,
        )
        % {"day": spelled, "count": number_format(row.sequence)},
        "facts": _facts(row, manifest),
        "files": _files(row, manifest),
        "zip": reverse("api:edition_zip", args=[row.day]),
        "size": number_format(row.size),
        "verify": f"python verify.py {name}.zip --key {row.key}",
        "verifier": reverse("api:verifier"),
        "text": cite_edition(row, read.clock.today).text(),
        "bibtex": cite_edition(row, read.clock.today).bibtex(),
        "doi": row.doi,
    }
    return render(request, "pages/edition.html", context)


def _facts(row: Edition, manifest: dict[str, Any]) -> list[tuple[str, str]]:
    facts = [
        (gettext("Method"), manifest["method"]),
        (gettext("Codebook"), manifest.get("codebook", "–")),
        (gettext("Head of the log"), gettext("revision %(number)d") % {"number": row.sequence}),
        (gettext("Digest of that head"), manifest["head"] or "–"),
        (gettext("Digest of the edition"), row.digest),
        (gettext("Edition before"), row.previous or gettext("none, this is the first")),
        (gettext("Signature (Ed25519)"), row.signature),
        (gettext("Public key"), row.key),
    ]
    return [*facts, ("DOI", row.doi or gettext("none yet"))]


def _files(row: Edition, manifest: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {
            "href": reverse("api:edition_file", args=[row.day, name]),
            "name": name,
            "size": number_format(entry["bytes"]),
            "digest": entry["sha256"],
        }
        for name, entry in manifest["files"].items()
    ]
