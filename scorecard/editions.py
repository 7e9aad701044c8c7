"""What anyone can check the record by: editions, frozen once a day, chained and signed; and heads of the log,
countersigned by whoever mirrors it.

Make one day's edition: freeze the log, work out its figures, chain it to the edition before, sign it.

The law of editions: an edition is made once. The file is complete under its own name before the row that announces it
exists, so a reader never meets half an edition and a killed maker leaves nothing but a file that the next one
replaces.

The Ed25519 key that signs editions: from the setting, or a file of the data folder made on first use.

The law of countersignatures: one is kept only if a key that the operator trusts made it and this log has the head it
speaks of. One that is genuine and speaks of a head that this log has not is refused and is an alarm: a mirror has seen
what is gone from here. The service may lose countersignatures, so that each mirror keeps its own (`mirror.py`).
"""

from __future__ import annotations

import datetime
import hashlib
import json
import logging
import os
import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import mail_admins
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from scorecard import downloads, footing, method, standings, tables, verify, vocabulary
from scorecard.method.readings import Report
from scorecard.models import Countersignature, Edition, Witness
from tracker import log
from tracker.codebook import Codebook
from tracker.models import AskSetting, CodebookVersion, Completeness, Head, Revision

logger = logging.getLogger(__name__)
ONE_MAIL_IN = 3600  # seconds between mails about one witness


def key() -> Ed25519PrivateKey:
    seed = settings.SIGNING_KEY or _from_file(Path(settings.DATA_FOLDER) / "editions" / "signing-key")
    if not re.fullmatch(r"[0-9a-fA-F]{64}", seed):
        raise ImproperlyConfigured(
            "SIGNING_KEY: 64 hexadecimal digits, for instance of `openssl rand -hex 32`."
        )
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))


def public(private: Ed25519PrivateKey) -> str:
    """The public key, hexadecimal."""
    return private.public_key().public_bytes_raw().hex()


def pem(private: Ed25519PrivateKey) -> str:
    return (
        private.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def _from_file(path: Path) -> str:
    """The seed in the file; a new one, readable by its owner alone, where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # O_EXCL: of two processes that start at once, one makes the key and both read the same.
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "w") as file:
            file.write(os.urandom(32).hex())
    except FileExistsError:
        pass
    return path.read_text().strip()


DESCRIBED = ("events", "assessments", "sources", "articles", "scores", "series")
EPOCH = (1980, 1, 1, 0, 0, 0)
README = """# {title}: edition of {day}

The whole record as it stood at the end of {day} (UTC), with the figures that follow from it. Nothing that was
written later is in it.

- `changes.jsonl`: the log, one revision a line; each digest covers the one before it.
- `settings.jsonl`, `completeness.jsonl`: asks set by hand; to which day coding is complete. A line with `withdraws`
  takes back the line of that number, counted from 1, from its own `recorded_at` on.
- `recommendations.json`: the recommendations, and what each asks for. `dictionary.json`: what the columns mean.
- `codebook.json`: every version of the codebook that was in force, chained by digests.
- `scores.json`: all readings as of and as known at {day}. `series.csv`: day by day.
- `manifest.json`: SHA-256 of every file and of the manifest of the edition before. `manifest.sig`: Ed25519.

Check it, without network and without anything but Python: `python verify.py edition-{day}.zip --key KEY`.
Licence: {licence}.
"""


def folder() -> Path:
    found = Path(settings.DATA_FOLDER) / "editions"
    found.mkdir(parents=True, exist_ok=True)
    return found


def make_due() -> Edition | None:
    """Yesterday's edition, made now unless it stands; None while nothing was on record by its end."""
    yesterday = timezone.now().date() - datetime.timedelta(1)
    return make(yesterday) if log.written_by_the_end_of(yesterday) else None


def make(day: datetime.date | None = None) -> Edition:
    """The edition of a day (None: yesterday), made now unless it stands: what was written by the end of that day
    (UTC), and nothing later. ValueError: the day is not over, or a later edition stands already."""
    day = day or timezone.now().date() - datetime.timedelta(1)
    if standing := Edition.objects.filter(day=day).first():
        return standing
    if day >= timezone.now().date():
        raise ValueError(f"{day} is not over; its edition can be made from tomorrow on")
    before = Edition.objects.order_by("-day").first()
    if before and before.day > day:
        raise ValueError(
            f"the edition of {before.day} stands already; an earlier one cannot be put before it"
        )
    handle, name = tempfile.mkstemp(dir=folder(), prefix=".making-")
    # The figures and the log are of one and the same state: the one that stood when the day ended.
    last = log.written_by_the_end_of(day)
    with footing.ended(day, last), os.fdopen(handle, "wb") as file:
        head = _head(last)
        manifest, signature, key = _write(file, day, head, before)
    digest = hashlib.sha256(manifest.encode()).hexdigest()
    final = f"edition-{day}-{digest[:12]}.zip"
    size = Path(name).stat().st_size
    Path(name).chmod(0o644)
    Path(name).replace(folder() / final)
    try:
        with transaction.atomic():
            made = Edition.objects.create(
                day=day, sequence=head.sequence, manifest=manifest, digest=digest, signature=signature,
                previous=before.digest if before else "", key=key, file=final, size=size,
            )  # fmt: skip
            log.turn()
            return made
    except IntegrityError:  # another worker made it meanwhile
        return Edition.objects.get(day=day)


def _head(sequence: int) -> Head:
    """Where the log ended when it had so many revisions."""
    last = Revision.objects.filter(sequence=sequence).first()
    return Head(sequence=sequence, digest=last.digest if last else "")


def _write(file: Any, day: datetime.date, head: Head, before: Edition | None) -> tuple[str, str, str]:
    """Write the zip; its manifest, signature and public key."""
    private, books, book = key(), codebooks(day), footing.book(day)
    entries: dict[str, dict[str, Any]] = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, chunks in _files(day, head.sequence, books, book):
            entries[name] = _add(archive, name, chunks)
        manifest = _json(
            {
                "title": str(book.title),
                "day": day.isoformat(),
                "sequence": head.sequence,
                "head": head.digest,
                "previous": before.digest if before else "",
                "method": method.CURRENT,
                "codebook": books[-1]["version"],
                "codebook_digest": books[-1]["digest"],
                "licence": book.licence.spdx,
                "key": public(private),
                "files": entries,
            }
        )
        signature = private.sign(manifest.encode()).hex()
        _add(archive, "manifest.json", [manifest.encode()])
        _add(archive, "manifest.sig", [f"{signature}\n".encode()])
    return manifest, signature, public(private)


def _add(archive: zipfile.ZipFile, name: str, chunks: Iterable[bytes]) -> dict[str, Any]:
    """Stream one file into the zip; its size and digest."""
    digest, size = hashlib.sha256(), 0
    about = zipfile.ZipInfo(name, date_time=EPOCH)
    about.compress_type, about.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    with archive.open(about, "w", force_zip64=True) as inside:
        for chunk in chunks:
            inside.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    return {"sha256": digest.hexdigest(), "bytes": size}


def _files(
    day: datetime.date, sequence: int, books: list[dict[str, Any]], book: Codebook
) -> Iterator[tuple[str, Iterable[bytes]]]:
    readme = README.format(day=day, title=book.title, licence=book.licence.name)
    yield "README.md", [readme.encode()]
    yield "verify.py", [verifier().encode()]
    yield "changes.jsonl", downloads.gathered(_changes(sequence))
    settings_ = AskSetting.objects.filter(recorded_at__lte=day).select_related("ask").placed()
    yield "settings.jsonl", downloads.gathered(_line(row.line(place)) for row, place in settings_)
    known = Q(recorded_at=None) | Q(recorded_at__lte=day)
    stated = Completeness.objects.filter(known).placed()
    yield "completeness.jsonl", downloads.gathered(_line(row.line(place)) for row, place in stated)
    yield "recommendations.json", [_json(_recommendations(book)).encode()]
    yield "codebook.json", [_json({"versions": books}).encode()]
    yield "dictionary.json", [_json(_dictionary()).encode()]
    yield "scores.json", [_json(scores(day)).encode()]
    series = tables.TABLES["series"]
    yield "series.csv", downloads.csv(series.columns, series.rows(tables.Asked(as_of=day, known_at=day)))


def _changes(until: int) -> Iterator[str]:
    for revision in Revision.objects.filter(sequence__lte=until).order_by("sequence").iterator(1000):
        envelope = log.envelope(revision)
        yield _line({**envelope, "previous": revision.previous, "digest": revision.digest})


def scores(day: datetime.date) -> Report:
    """The report of the day as known at its end, without the acts, which follow from the log."""
    return standings.report(day, day, acts=False)


def codebooks(day: datetime.date) -> list[dict[str, Any]]:
    """Every version of the codebook in force by that day, the last one in force on it; ours while none is."""
    rows = [row for row in CodebookVersion.objects.all() if row.in_force is None or row.in_force <= day]
    rows = rows or [log.unserved_version()]
    return [{**row.envelope(), "previous": row.previous, "digest": row.digest} for row in rows]


def verifier() -> str:
    """The text of `verify.py`, as it is served and as it lies in every edition."""
    return (Path(__file__).parent / "verify.py").read_text()


def _recommendations(book: Codebook) -> list[dict[str, Any]]:
    found = []
    for one in book:
        asks = [
            {"slug": entry["slug"], "position": number, **entry}
            for number, entry in enumerate(vocabulary.asks_for_programs(one, book), start=1)
        ]
        found.append({**vocabulary.recommendation_for_programs(one, book), "asks": asks})
    return found


def _dictionary() -> dict[str, Any]:
    return {
        name: {column.name: column.meaning for column in table.columns}
        for name, table in tables.TABLES.items()
        if name in DESCRIBED
    }


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str) + "\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


class UnknownKey(ValueError):
    """The key is none of those that the operator trusts."""


class Unsigned(ValueError):
    """The signature is not one of this statement with this key."""


class Parted(ValueError):
    """The mirror has seen a head that this log has not."""


def take_countersignature(given: dict[str, Any]) -> tuple[Countersignature, bool]:
    """Keep a countersignature (`key`, `sequence`, `digest`, `seen`, `signature`); it, and whether it is new. Of one
    head the latest day stays. `Unknown`, `Unsigned` or `Parted` says why it is not taken."""
    witness = Witness.objects.filter(key=given["key"], ended_at=None).first()
    if witness is None:
        raise UnknownKey(
            "key: the operator of this service does not trust this key, or no longer; ask for it."
        )
    said = {**given, "seen": given["seen"].isoformat()}
    if not verify.signed(
        bytes.fromhex(given["key"]), verify.statement(said), bytes.fromhex(given["signature"])
    ):
        raise Unsigned("signature: it is not one of this revision, digest and day with this key.")
    if given["seen"] > timezone.now().date() + datetime.timedelta(1):
        raise Unsigned("seen: this day is to come.")
    try:
        log.check_held(str(given["sequence"]), given["digest"])
    except log.BrokenLog as broken:
        _sound_the_alarm(witness, said)
        raise Parted(
            f"digest: {broken}. Keep what you hold: it is the proof. The operator has been told."
        ) from None
    with transaction.atomic():
        log.lock()
        values = {name: given[name] for name in ("digest", "seen", "signature")}
        row, is_new = Countersignature.objects.get_or_create(
            witness=witness, sequence=given["sequence"], defaults=values
        )
        if is_new or given["seen"] > row.seen:
            Countersignature.objects.filter(pk=row.pk).update(**values)
            row.refresh_from_db()
            log.turn()
    return row, is_new


def _sound_the_alarm(witness: Witness, said: dict[str, Any]) -> None:
    words = (
        f"The witness {witness.name} has signed that on {said['seen']} revision {said['sequence']} of the log had the "
        f"digest {said['digest']}. This log has no such revision"
    )
    logger.critical("the record was set back or rewritten: %s", words)
    if cache.add(f"witness-alarm:{witness.pk}", 1, ONE_MAIL_IN):
        mail_admins(
            "A witness has seen revisions that are gone",
            f"{words}: it was set back, by a restore for instance, or rewritten.\n\nIf you restored a backup, tell "
            "those who mirror. If not, take writers off (stop web and workers), keep the database as it is, and "
            "compare it with the last backup, the last edition and what the witness holds.\n",
        )


def countersignatures(sequences: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """For each of these revisions: of every witness the first countersignature that covers it, which is one of it or of
    a later one, as each digest covers all before it."""
    wanted = sorted(set(sequences))
    found: dict[int, list[dict[str, Any]]] = {each: [] for each in wanted}
    if not wanted:
        return found
    held: dict[int, list[Countersignature]] = {}
    rows = Countersignature.objects.filter(sequence__gte=wanted[0]).select_related("witness")
    for row in rows.order_by("witness", "sequence"):
        held.setdefault(row.witness_id, []).append(row)
    for own in held.values():
        place = 0
        for each in wanted:
            while place < len(own) and own[place].sequence < each:
                place += 1
            if place < len(own):
                found[each].append(published(own[place]))
    return found


def published(row: Countersignature) -> dict[str, Any]:
    """A countersignature as it is published; `verify.py` checks it."""
    return {
        "witness": row.witness.name,
        "key": row.witness.key,
        "sequence": row.sequence,
        "digest": row.digest,
        "seen": row.seen.isoformat(),
        "signature": row.signature,
    }


def mirror() -> str:
    """The text of `mirror.py`, as it is served."""
    return (Path(__file__).parent / "mirror.py").read_text()
