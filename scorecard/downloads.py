"""A table as a file, the same at every address that offers it."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from scorecard import formats, method, standings, stored, tidy
from scorecard.tables import Asked, Table
from tracker import recoding
from tracker.codebook import current
from tracker.models import Article, Report

PACKED = ("jsonl", "csv")  # worth compressing on the way


def answer(request: HttpRequest, table: Table, ending: str, asked: Asked, name: str = "") -> HttpResponseBase:
    """The answer to a GET or HEAD for a table; `formats.Missing` where this server cannot write the format."""
    formats.library_of(ending)
    rests = version(table, asked)

    def make() -> Iterable[bytes]:
        about = _about(table, asked) | {"rests_on": rests}
        chunks = formats.written(ending, table.typed(asked), table.answered(asked), about)
        # Read now: the state is left before an answer that cannot be stored is streamed.
        return list(chunks) if asked.rev else chunks

    return stored.answer(
        request,
        f"{settings.RELEASE}:{current().version}:{table.name}.{ending}:{asked}:{rests}",
        make,
        media_type=formats.MEDIA_TYPES[ending],
        name=name or f"scorecard-{table.name}.{ending}",
        packs=ending in PACKED,
    )


def version(table: Table, asked: Asked) -> str:
    """What the rows rest on; of figures only that which may move those of the day."""
    if "method" in table.takes:
        return f"{asked.day}:{tidy.present()}:{standings.rests(asked.day, asked.known_at)}"
    if table.name == "codings":
        return recoding.state()
    if table.name != "articles":
        # Confirmations stand beside the log; of a state that an address names they are those of before its day.
        return standings.record_head() if asked.rev else standings.head()
    return f"{standings.record_head()}:{Article.objects.state()}:{Report.objects.count()}"


def _about(table: Table, asked: Asked) -> dict[str, str]:
    """What a file says of itself; of a pinned state nothing that another day or a new codebook would change."""
    book, figures = standings.book(asked.known_at), "method" in table.takes
    day = tidy.present() if asked.rev and asked.as_of is None else asked.day
    return {
        "title": f"{book.title}: {table.name}",
        "description": table.meaning,
        "licence": book.licence.spdx,
        "source": f"{settings.SITE_URL.rstrip('/')}/api/v1/exports/",
        "as_of": day.isoformat(),
        "known_at": (asked.known_at or tidy.present()).isoformat(),
        **({"method": method.method_of(asked.method).version} if figures else {}),
        "codebook": book.version,
    }
