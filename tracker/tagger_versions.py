"""Which model serves, and how a better one takes its place.

The law: a new model serves only if, on decisions that neither it nor its predecessor was trained on, it is
not worse. Every version that ever served is kept, suggestions name theirs, and one step goes back. Without
any stored version the seeds are trained from, once; the result lies in the data folder.
"""

from __future__ import annotations

import fcntl
import logging
import os
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Count, Max
from django.utils import timezone

from tracker import model_servers, tagger_examples, tagging, text
from tracker.models import Cue, TaggerVersion
from tracker.tagging import calibration, tagger, training
from tracker.tagging.training import Example, fold_of

HELD_BACK = 0  # this fifth of the decided events trains no version, so that versions can be compared on it
FEWEST_ACTS = 30  # acts among delivered items, below which their order says too little
FEWEST = 10  # decided events held back, below which the cross-validated figures decide
SHIPPED, MEANINGS = "tagger.npz", "meanings.npz"  # beside the seeds
FEWEST_LABELLED = 200  # texts with a label, below which no weights are learnt and the rules serve alone
WORSE = 0.02  # how much lower micro-F1 may be and still count as not worse

log = logging.getLogger(__name__)

_NO_NEWS = "nothing has been decided since this version was trained"
_lock = threading.Lock()
_served: dict[str, Any] = {"key": None, "tagger": None}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a retraining came to: the version's name, both figures, whether it serves now, and why."""

    name: str
    measures: dict[str, Any]
    promoted: bool
    why: str


def cues() -> tagging.cues.Cues:
    """The active cues of the database; those of the seeds while it has none."""
    rows = [{"kind": row.kind, "name": row.key, **row.body} for row in Cue.objects.filter(active=True)]
    return tagging.cues.build(rows) if rows else _seeded_cues()


def serving() -> tagging.Tagger:
    """The tagger that serves: made once in this process, anew when the version or a cue has changed."""
    key = _key()
    with _lock:
        if _served["key"] != key or _served["tagger"] is None:
            _served.update(tagger=_make(key), key=key)
        return _served["tagger"]


def with_cues(listed: tagging.cues.Cues) -> tagging.Tagger:
    """The model that serves, reading with other cues."""
    return _tagger(listed, serving().model)


def from_seeds() -> tagging.Tagger:
    """A tagger from the seeds alone, without a database: the one that comes with them, else trained once.

    What is trained here is then read from the data folder.
    """
    listed = _seeded_cues()
    if shipped := _shipped():
        return _tagger(listed, shipped)
    path = Path(settings.DATA_FOLDER) / f"tagger-{_digest_of_seeds()}.npz"
    with _one_process_at_a_time(path):
        if path.exists():
            try:
                return _tagger(listed, tagging.model.from_bytes(path.read_bytes()))
            except (tagging.model.ModelError, OSError) as error:
                log.warning("%s cannot be used: %s", path.name, error)
        name = f"seeds-{_digest_of_seeds()}"
        model = _learnt(tagger_examples.seeded(), listed, name)
        _keep(path, tagging.model.to_bytes(model))
    return _tagger(listed, model)


def _shipped() -> tagging.model.Model | None:
    """The model that lies beside the seeds, made of them by `python -m tests.evaluate.queue --write`."""
    path = tagger_examples.FOLDER / SHIPPED
    try:
        return tagging.model.from_bytes(path.read_bytes()) if path.exists() else None
    except (tagging.model.ModelError, OSError) as error:
        log.warning("%s cannot be used: %s", path.name, error)
        return None


def _learnt(examples: Sequence[Example], listed: tagging.cues.Cues, name: str) -> tagging.model.Model:
    """What these teach; where they are too few, the rules alone."""
    if _labelled(examples) < FEWEST_LABELLED:
        return tagger.rules_alone(name)
    try:
        return training.train(examples, listed, name=name, encode=_encoder())
    except tagging.vectors.NoEmbeddings as error:
        log.warning("the tagger learns from words alone: %s", error)
        return training.train(examples, listed, name=name)


def _labelled(examples: Sequence[Example]) -> int:
    return sum(bool(one.labels) for one in examples)


def retrain() -> Outcome:
    """Train on the seeds and all decisions but those held back, compare, and promote if not worse."""
    last = TaggerVersion.objects.order_by("-trained_at").values_list("name", "trained_at").first()
    if not tagger_examples.decided_since(last and last[1]) and not _waits_for_meaning():
        return Outcome(last[0] if last else "the version of the seeds", {}, False, _NO_NEWS)
    listed, decided = cues(), tagger_examples.decided()
    held = [one for one in decided if fold_of(one.group) == HELD_BACK]
    known = {one.group for one in decided}
    learnt = [
        *tagger_examples.without(tagger_examples.seeded(), known),
        *(one for one in decided if fold_of(one.group) != HELD_BACK),
        *tagger_examples.unrelated(),
    ]
    if (labelled := _labelled(learnt)) < FEWEST_LABELLED:
        why = f"{labelled} texts have a label, weights are learnt from {FEWEST_LABELLED} on: the rules serve alone"
        return Outcome(last[0] if last else "the version of the seeds", {}, False, why)
    try:
        model = tagging.training.train(learnt, listed, encode=_encoder())
    except tagging.vectors.NoEmbeddings as error:
        return Outcome(last[0] if last else "the version of the seeds", {}, False, str(error))
    _remember_publishers(model)
    model.name = f"{timezone.now():%Y-%m-%d}-{tagging.training.digest(learnt)}"
    if model.meaning not in ("", tagging.vectors.OWN):
        model.name += f"-{tagging.model.digest(model.meaning.encode())[:4]}"
    if TaggerVersion.objects.filter(name=model.name).exists():
        return Outcome(model.name, {}, False, _NO_NEWS)
    measures, is_worse, why = _compare(_tagger(listed, model), serving(), held)
    with transaction.atomic():
        row = TaggerVersion.objects.create(
            name=model.name, body=tagging.model.to_bytes(model), measures=measures | {"why": why}
        )
        if not is_worse:
            serve(row)
    return Outcome(model.name, measures, not is_worse, why)


def _waits_for_meaning() -> bool:
    """Whether embeddings are set that what serves did not learn from, and no version was trained with yet."""
    encode = _encoder()
    if encode is None:
        return False
    name, version = tagging.vectors.name_of(encode), current()
    if name == (version.measures.get("meaning") if version else tagging.vectors.OWN):
        return False
    measures = TaggerVersion.objects.values_list("measures", flat=True)
    return all((told or {}).get("meaning") != name for told in measures)


def _remember_publishers(model: tagging.model.Model) -> None:
    """Add what the labelled stream says of publishers, which no seed file names: only the model that ships knows it."""
    shipped = _shipped()
    if shipped is None:
        return
    for one, own in ((model, shipped), (model.first, shipped.first)):
        if one is not None and own is not None:
            known = one.facts.setdefault("publishers", {})
            for publisher, (acts, others) in (own.facts.get("publishers") or {}).items():
                before = known.get(publisher, (0.0, 0.0))
                known[publisher] = [before[0] + acts, before[1] + others]


def serve(version: TaggerVersion) -> None:
    """Let this stored version serve from now on."""
    tagging.model.from_bytes(bytes(version.body))
    version.serving_since = timezone.now()
    version.save(update_fields=["serving_since"])


def back() -> TaggerVersion | None:
    """Go back to the version that served before; None when that is the one trained from the seeds."""
    with transaction.atomic():
        now = current()
        if now is None:
            return None
        now.serving_since = None
        now.save(update_fields=["serving_since"])
        return current()


def current() -> TaggerVersion | None:
    """The stored version that serves: the one put in service last."""
    return TaggerVersion.objects.exclude(serving_since=None).order_by("-serving_since").defer("body").first()


def seed_cues() -> tuple[int, int]:
    """Add the cues of the seeds that are missing: how many were added, how many stand now."""
    known = set(Cue.objects.values_list("kind", "key"))
    new = [
        Cue(kind=line.pop("kind"), key=line.pop("name"), body=line)
        for line in tagger_examples.lines("cues.jsonl")
        if (line["kind"], line["name"]) not in known
    ]
    Cue.objects.bulk_create(new)
    return len(new), len(known) + len(new)


def _compare(candidate, serving_now, held: Sequence[Example]) -> tuple[dict[str, Any], bool, str]:
    groups = {one.group for one in held}
    if len(groups) < FEWEST:
        new, old = (each.model.facts.get("held_out_f1", 0.0) for each in (candidate, serving_now))
        where = f"cross-validated, as only {len(groups)} decided events are held back"
        lost = _order_lost(candidate, serving_now)
    else:
        (new, order), (old, order_before) = (_figures(each, held) for each in (candidate, serving_now))
        where = f"on {len(held)} reports of {len(groups)} decided events held back"
        lost = order_before - order
    measures = {
        "micro_f1": round(new, 4),
        "micro_f1_of_predecessor": round(old, 4),
        "predecessor": serving_now.model.name,
        "events_held_back": len(groups),
        **{name: fact for name, fact in candidate.model.facts.items() if name != "publishers"},
    }
    why = f"micro-F1 {new:.3f} after {old:.3f}, {where}"
    if lost > WORSE:
        why += f"; the order of the queue loses {lost:.3f} of average precision"
    return measures, new < old - WORSE or lost > WORSE, why


def _figures(tagger: tagging.Tagger, examples: Sequence[Example]) -> tuple[float, float]:
    """Micro-F1 of the ticked labels over (recommendation, direction) pairs; average precision of relevance, which is 0
    where all are acts or none is."""
    suggestions = tagger.tag_many([(one.title, one.summary, one.publisher) for one in examples])
    ticked = [{(each.rec, each.direction) for each in one.labels if each.ticked} for one in suggestions]
    right = np.array([bool(one.labels) for one in examples])
    order = 0.0
    if right.any() and not right.all():
        chance = np.array([one.relevance for one in suggestions])
        order = calibration.average_precision(chance, right, np.ones(len(right)))
    return calibration.f1(ticked, [set(one.labels) for one in examples]), order


def _order_lost(candidate: tagging.Tagger, serving_now: tagging.Tagger) -> float:
    """How much average precision over delivered items is lost, as far as both know enough acts among them."""
    new, old = (each.model.facts for each in (candidate, serving_now))
    if min(each.get("delivered_acts", 0) for each in (new, old)) < FEWEST_ACTS:
        return 0.0
    return float(old["delivered_ap"] - new["delivered_ap"])


def _key() -> tuple[Any, ...]:
    try:
        version = current()
        changed = Cue.objects.aggregate(Max("changed_at"), Count("id"))
    except DatabaseError:
        return (None,)
    return (version and version.pk, version and version.serving_since, *changed.values())


def _make(key: tuple[Any, ...]) -> tagging.Tagger:
    if key[0] is None:
        made = from_seeds()
        return made if key == (None,) else _tagger(cues(), made.model)
    body = TaggerVersion.objects.values_list("body", flat=True).get(pk=key[0])
    try:
        return _tagger(cues(), tagging.model.from_bytes(bytes(body)))
    except tagging.model.ModelError as error:
        log.warning("the stored version cannot be used (%s); the one from the seeds serves", error)
        return _tagger(cues(), from_seeds().model)


def _tagger(listed: tagging.cues.Cues, model: tagging.model.Model) -> tagging.Tagger:
    encode = _encoder()
    if encode is not None and model.meaning not in ("", name := tagging.vectors.name_of(encode)):
        log.warning(
            "%s learnt from the embeddings “%s” and is never asked with “%s”: it reads words alone until it is "
            "retrained, tonight or by `manage.py retrain`",
            *(model.name, model.meaning, name),
        )
    return tagging.Tagger(listed, model, encode)


@cache
def _encoder() -> tagging.vectors.Encoder | None:
    """Sentence embeddings, unless they are off: the endpoint's that is set, else the package's. A missing package is
    said, never fatal."""
    if settings.TAGGER_EMBEDDINGS is False:
        return None
    if (embedder := model_servers.embedder()) is not None:
        return embedder
    try:
        encode = tagging.vectors.encoder()
    except tagging.vectors.NoEmbeddings as error:
        log.warning("The tagger reads words alone: %s", error)
        return None
    return tagging.vectors.remembering(encode, _kept_meanings())


def _kept_meanings() -> dict[bytes, Any]:
    """The meanings of the seeds' titles, so that no retraining asks for them again."""
    path = tagger_examples.FOLDER / MEANINGS
    return tagging.vectors.from_bytes(path.read_bytes()) if path.exists() else {}


def _seeded_cues() -> tagging.cues.Cues:
    path = tagger_examples.FOLDER / "cues.jsonl"
    if not path.exists():
        return tagging.cues.build(())
    with path.open("rb") as binary:
        return tagging.cues.read(binary)


@cache
def _digest_of_seeds() -> str:
    """Changes with any seed file and any line of what tagging reads with, so that no stale model is ever
    used."""
    seeds = [tagger_examples.FOLDER / name for name in tagger_examples.FILES]
    program = [*sorted(Path(tagging.__file__).parent.glob("*.py")), Path(text.__file__)]
    encode = _encoder()
    voice = tagging.vectors.name_of(encode).encode() if encode else b""
    return tagging.model.digest(voice, *(path.read_bytes() for path in [*seeds, *program] if path.exists()))


@contextmanager
def _one_process_at_a_time(path: Path) -> Iterator[None]:
    """Workers that start together must not all train the same model; where no lock can be had, they do."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_suffix(".lock").open("w")
    except OSError:
        yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _keep(path: Path, body: bytes) -> None:
    """Write beside and rename, so that a half-written model is never read; a read-only folder is no failure."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(body)
        os.replace(file.name, path)
    except OSError as error:
        log.warning("the trained model could not be kept in %s: %s", path.parent, error.strerror)
