"""Editions: what a citation can rest on. The list with the heads of the log, and a page for each edition."""

from __future__ import annotations

import datetime
import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

from scorecard import conditional, editions, sentences
from scorecard.models import Edition, Witness
from scorecard.pages import frame, reading
from scorecard.pages.frame import Citation
from tracker import log

SHOWN = 60


@conditional.page
def listed(request: HttpRequest) -> HttpResponse:
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


def find(day: str) -> Edition:
    try:
        return Edition.objects.get(day=datetime.date.fromisoformat(day))
    except (ValueError, Edition.DoesNotExist):
        raise Http404 from None


def cited(row: Edition, today: datetime.date) -> Citation:
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
    read, row = reading.open_(request), find(day)
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
        "text": cited(row, read.clock.today).text(),
        "bibtex": cited(row, read.clock.today).bibtex(),
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
