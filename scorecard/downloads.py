"""Files for download: written once for each state of what they rest on, then sent with their length, in parts if a
reader wants parts, and with a digest; a table is the same file at every address that offers it.

The law: a file has its whole content under its name or is not there, and its name holds the digest of its bytes, so
the same tag always means the same bytes. What is stored is only a copy: any of it may be deleted at any time.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from scorecard import conditional, footing, formats, limits, method, standings
from scorecard.tables import Asked, Table
from tracker import agreement
from tracker.codebook import current
from tracker.models import Article, Report

MOST = 500_000_000  # bytes of copies; the oldest go first
LEFT_BEHIND = 3600  # seconds; whoever was writing the file is dead by then
CHUNK = 64 * 1024
PACKED = ("jsonl", "csv")  # worth compressing on the way
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
NAMED = re.compile(r"[0-9a-f]{32}-[0-9a-f]{64}")
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stored:
    """A whole file on the disk; `digest` is the SHA-256 of its bytes, hexadecimal."""

    path: Path
    digest: str
    size: int


def folder() -> Path:
    found = Path(settings.DATA_FOLDER) / "downloads"
    found.mkdir(parents=True, exist_ok=True)
    return found


def kept(key: str, make: Callable[[], Iterable[bytes]]) -> Stored:
    """The file of this key, written now unless it stands. OSError where there is no room for it."""
    if standing := _standing(key):
        return standing
    name, place = conditional.digest(key), folder()
    handle, made = tempfile.mkstemp(dir=place, prefix=".making-")
    digest, size = hashlib.sha256(), 0
    try:
        with os.fdopen(handle, "wb") as file:
            for chunk in make():
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        path = place / f"{name}-{digest.hexdigest()}"
        Path(made).replace(path)
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise
    _prune(place)
    return Stored(path, digest.hexdigest(), size)


def _standing(key: str) -> Stored | None:
    for path in folder().glob(f"{conditional.digest(key)}-*"):
        with suppress(OSError):
            os.utime(path)  # the newest are kept
            return Stored(path, path.name.partition("-")[2], path.stat().st_size)
    return None


def _for(request: HttpRequest, key: str, make: Callable[[], Iterable[bytes]]) -> Stored:
    """The same for a reader: to write a file takes a place among the downloads, and from the reader's share of the
    minute as long as it takes; `TooMany` where there is none."""
    if standing := _standing(key):
        return standing
    give_back = limits.downloads.take()
    try:
        with limits.spend_page(request, of_its_own=False):
            return kept(key, make)
    finally:
        give_back()


def _prune(place: Path) -> None:
    """Let go of the copies that were asked for longest ago, beyond what may lie there."""
    found = []
    for path in place.iterdir():
        with suppress(OSError):  # another process may have deleted it
            about = path.stat()
            if NAMED.fullmatch(path.name):
                found.append((about.st_mtime, about.st_size, path))
            elif about.st_mtime < time.time() - LEFT_BEHIND:
                path.unlink(missing_ok=True)
    left = MOST
    for _at, size, path in sorted(found, reverse=True):
        left -= size
        if left < 0:
            path.unlink(missing_ok=True)


def at(path: Path) -> Stored:
    """A file that never changes under its name; its digest is worked out once."""

    def worked() -> str:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    size = path.stat().st_size
    return Stored(path, cache.get_or_set(f"digest:{path.name}:{size}", worked, 24 * 3600) or worked(), size)


def answer(
    request: HttpRequest,
    key: str,
    make: Callable[[], Iterable[bytes]],
    *,
    media_type: str,
    name: str,
    packs: bool = False,
) -> HttpResponseBase:
    """The answer to a GET or HEAD for a file; `packs` if it is worth compressing for whoever accepts gzip.

    Where nothing can be stored (a full disk) it is streamed without its length, as it is made.
    """
    # A part is a part of the plain bytes, and who asks for the head alone wants to know how long they are.
    packed = packs and request.method == "GET" and "Range" not in request.headers
    packed = packed and conditional.accepts_gzip(request)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    try:
        plain = _for(request, key, make)
        tag = plain.digest[:32]
        if conditional.holds(request, tag):
            return conditional.unchanged(conditional.quoted(tag, packed))
        packing = lambda: formats.compressed(_read(plain.path))  # noqa: E731
        sent = _for(request, f"{key}:gzip", packing) if packed else plain
    except limits.TooMany as problem:
        return conditional.later(problem)
    except OSError as error:
        logger.warning("downloads cannot be stored: %s", error)
        return conditional.in_turn(
            lambda: StreamingHttpResponse(make(), content_type=media_type, headers=headers)
        )
    if packed:
        headers["Content-Encoding"] = "gzip"
    tag = conditional.quoted(tag, packed)
    made = conditional.in_turn(lambda: file(request, sent, media_type=media_type, headers=headers, tag=tag))
    return made if made.status_code == 503 else conditional.dressed(made, tag)


def file(
    request: HttpRequest, stored: Stored, *, media_type: str, headers: dict[str, str], tag: str
) -> HttpResponseBase:
    """The file, or the part of it that `Range` asks for, with length and digest."""
    headers = headers | {"Accept-Ranges": "bytes", "Repr-Digest": repr_digest(stored.digest)}
    part = None if "Content-Encoding" in headers else asked_part(request, stored.size, tag)
    if part is None:
        whole = FileResponse(stored.path.open("rb"), content_type=media_type)
        whole.headers["Content-Length"] = str(stored.size)
        return _with(whole, headers)
    first, last = part
    if first > last:
        return _with(HttpResponse(status=416), {"Content-Range": f"bytes */{stored.size}"})
    body = StreamingHttpResponse(
        _read(stored.path, first, last + 1 - first), status=206, content_type=media_type
    )
    length = {"Content-Length": str(last + 1 - first)}
    return _with(body, headers | length | {"Content-Range": f"bytes {first}-{last}/{stored.size}"})


def cut(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The same for an answer that is held in memory."""
    if response.status_code != 200:
        return response
    body = response.content
    response.headers["Repr-Digest"] = repr_digest(hashlib.sha256(body).hexdigest())
    response.headers["Accept-Ranges"] = "bytes"
    if "Content-Encoding" in response.headers:
        return response
    part = asked_part(request, len(body), response.headers.get("ETag", ""))
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


def asked_part(request: HttpRequest, size: int, tag: str) -> tuple[int, int] | None:
    """First and last byte of the one part asked for; None: the whole. A first after the last: there is no such part.

    Several parts at once, and anything else that is no range of bytes, get the whole, as HTTP allows.
    """
    matched = RANGE.fullmatch(request.headers.get("Range", "").strip())
    unchanged = request.headers.get("If-Range", tag) == tag
    if request.method != "GET" or not matched or not any(matched.groups()) or not unchanged:
        return None
    first, last = matched.groups()
    if not first:  # so many bytes from the end
        return (max(0, size - int(last)), size - 1) if int(last) else (size, size - 1)
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) if last else size - 1, size - 1)


def repr_digest(digest: str) -> str:
    """A SHA-256 as the header `Repr-Digest` has it (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(digest)).decode()}:"


def _read(path: Path, first: int = 0, length: int | None = None) -> Iterator[bytes]:
    left = length
    with path.open("rb") as opened:
        opened.seek(first)
        while chunk := opened.read(CHUNK if left is None else min(CHUNK, left)):
            yield chunk
            left = None if left is None else left - len(chunk)


def _with(response: HttpResponseBase, headers: dict[str, str]) -> HttpResponseBase:
    for name, value in headers.items():
        response.headers[name] = value
    return response


def answer_table(
    request: HttpRequest, table: Table, ending: str, asked: Asked, name: str = ""
) -> HttpResponseBase:
    """The answer to a GET or HEAD for a table; `formats.Missing` where this server cannot write the format."""
    formats.library_of(ending)
    rests = table_version(table, asked)

    def make() -> Iterable[bytes]:
        about = _about(table, asked) | {"rests_on": rests}
        chunks = formats.written(ending, table.typed(asked), table.answered(asked), about)
        # Read now: the state is left before an answer that cannot be stored is streamed.
        return list(chunks) if asked.rev else chunks

    return answer(
        request,
        f"{settings.RELEASE}:{current().version}:{table.name}.{ending}:{asked}:{rests}",
        make,
        media_type=formats.MEDIA_TYPES[ending],
        name=name or f"scorecard-{table.name}.{ending}",
        packs=ending in PACKED,
    )


def table_version(table: Table, asked: Asked) -> str:
    """What the rows rest on; of figures only that which may move those of the day."""
    if "method" in table.takes:
        return f"{asked.day}:{standings.day_of_knowledge()}:{standings.rests(asked.day, asked.known_at)}"
    if table.name == "codings":
        return agreement.raw_state()
    if table.name != "articles":
        # Confirmations stand beside the log; of a state that an address names they are those of before its day.
        return footing.record_head() if asked.rev else footing.head()
    return f"{footing.record_head()}:{Article.objects.state()}:{Report.objects.count()}"


def _about(table: Table, asked: Asked) -> dict[str, str]:
    """What a file says of itself; of a pinned state nothing that another day or a new codebook would change."""
    book, figures = footing.book(asked.known_at), "method" in table.takes
    day = standings.day_of_knowledge() if asked.rev and asked.as_of is None else asked.day
    return {
        "title": f"{book.title}: {table.name}",
        "description": table.meaning,
        "licence": book.licence.spdx,
        "source": f"{settings.SITE_URL.rstrip('/')}/api/v1/exports/",
        "as_of": day.isoformat(),
        "known_at": (asked.known_at or standings.day_of_knowledge()).isoformat(),
        **({"method": method.method_of(asked.method).version} if figures else {}),
        "codebook": book.version,
    }
