"""What a model is asked about a report, and what counts as its answer, in the codebook's terms or not at all.

The law of questions: the whole codebook is the instruction, and the instruction alone; whatever a feed said travels as
JSON data in a message of its own, spelled so that nothing in it can end the message or begin another. A question has a
digest: the same is never asked twice.

The law of answers: one counts only if what it says of relevance and of recommendations is something the codebook
allows. What it says beside that (ask, actors, certainty, day, same act, words) is left out where the codebook or the
question does not know it, and the answer says what was left out.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.conf import settings

from tracker import record, tagger_examples, text
from tracker.codebook import current
from tracker.codebook.schema import Recommendation
from tracker.models import Article, Event, Report
from tracker.tagging.training import Example

LONGEST_TEXT = 3000
MOST_OTHERS = 5  # further reports of the act, by their titles
MOST = 3  # assessments of one event, as the codebook says
LONGEST_WORDS = 500  # characters of a title or a sentence
YES, NO = 0.9, 0.1  # what a plain true or false counts as
MOST_BRACES = 60  # places at which an object is looked for among words


@dataclass(frozen=True, slots=True)
class Told:
    """A report as it is told: its words, and which known events it may be the same act as."""

    title: str
    summary: str = ""
    text: str = ""
    publisher: str = ""
    date: str = ""
    language: str = ""
    others: tuple[str, ...] = ()
    offered: tuple[tuple[str, str, str], ...] = ()  # id, day, title


@dataclass(frozen=True, slots=True)
class Question:
    """The two messages, which model they are for, which events are offered, and the digest of it all."""

    digest: str
    model: str
    instruction: str
    report: str
    offered: frozenset[str]


def is_on() -> bool:
    """Whether an endpoint is set and the instance says what to ask it."""
    return bool(settings.SECOND_OPINION_URL and settings.SECOND_OPINION_MODEL and current().prompt)


def question(told: Told, without: Collection[str] = ()) -> Question:
    """What is asked about a report, to the model that is set. `without`: groups that are no precedents for it."""
    model, said = settings.SECOND_OPINION_MODEL, instruction()
    near = [
        _told(one) for one in tagger_examples.known_precedents().nearest(told.title, told.summary, without)
    ]
    report = as_data(
        {
            "precedents": near,
            "known_events": [{"id": key, "date": day, "title": title} for key, day, title in told.offered],
            "report": {
                name: value
                for name in ("title", "summary", "text", "publisher", "date", "language")
                if (value := text.lenient(getattr(told, name), LONGEST_TEXT, lines=True))
            }
            | ({"other_reports": list(told.others)} if told.others else {}),
        }
    )
    digest = hashlib.sha256("\n".join((model, said, report)).encode("utf-8", "replace")).hexdigest()
    return Question(digest, model, said, report, frozenset(key for key, _, _ in told.offered))


def about_event(event: Event) -> Told:
    """A proposal as its first report tells it, with the events that grouping offered as the same act."""
    reports = Report.objects.filter(event=event).select_related("article").defer("article__html")
    articles = [report.article for report in reports.order_by("id")[: MOST_OTHERS + 1]]
    offered = _offered(event)
    if not articles:
        chinese = not event.title
        title, summary = (event.title_zh, event.summary_zh) if chinese else (event.title, event.summary)
        day = event.date.isoformat()
        return Told(title, summary, date=day, language="zh" if chinese else "en", offered=offered)
    others = tuple(article.title for article in articles[1:])
    return about_article(articles[0], others, offered)


def about_article(
    article: Article, others: Sequence[str] = (), offered: Sequence[tuple[str, str, str]] = ()
) -> Told:
    day = article.published_at.date().isoformat() if article.published_at else ""
    words = (article.title, article.summary, article.text, article.publisher)
    return Told(*words, day, article.language, tuple(others), tuple(offered))


def as_data(value: Any) -> str:
    """JSON in which no text can look like the marks by which model servers tell messages apart (`<|im_end|>`,
    `</s>`, `[INST]`): what could open one is spelled by its number, and reads back the same."""
    plain = json.dumps(value, ensure_ascii=False, indent=1)
    return (
        plain.replace("<", "\\u003c")
        .replace("＜", "\\uff1c")
        .replace("[/", "\\u005b/")
        .replace("[INST", "\\u005bINST")
    )


def instruction() -> str:
    """The instance's own words with its recommendations and their rules put in, and the form of an answer."""
    offered = current().offered()
    listed = "\n".join(_in_full(one) for one in offered)
    rules = "\n".join(f"{one.slug}: {' '.join(map(str, one.rules))}" for one in offered if one.rules)
    own = (current().prompt or "").replace("{rules}", rules).replace("{recommendations}", listed)
    return f"{own.strip()}\n\n{_form()}"


def _in_full(one: Recommendation) -> str:
    asks = "; ".join(f"{ask.slug}: {ask.name}" for ask in one.asks if not ask.retired)
    return f"{one.slug} ({one.name}): + {one.advances} - {one.undermines} Asks: {asks}"


def _form() -> str:
    """What an answer looks like, for endpoints that take no schema; all slugs with their meaning."""
    book = current()
    strengths = "; ".join(f"{step} {term.name}: {term.help}" for step, term in book.strengths.items())
    certainties = "; ".join(f"{slug}: {term.help}" for slug, term in book.certainties.items())
    actors = ", ".join(f"{one.slug} ({one.name})" for one in book.offered_actors())
    words = json.dumps(dict.fromkeys(book.languages, "…"), ensure_ascii=False)
    return f"""The answer is one JSON object with these keys and no other:
"relevant": the probability from 0 to 1 that the report tells of an act that bears on a recommendation;
"assessments": at most {MOST} objects {{"rec", "direction", "strength", "ask", "p"}}: the recommendation's slug,
1, -1 or 0, the step, the slug of that recommendation's ask or null, and the probability from 0 to 1 of this code;
"actors": whose act it is, of {actors};
"certainty": of {certainties};
"date": the day of the act as YYYY-MM-DD, null where the report does not tell it;
"same": the id of the one of known_events that is the very same act, else null;
"title": what was done, as a headline of your own, {words};
"rationale": why it is coded so, one sentence of your own, {words}.
Steps of strength: {strengths}."""


def _offered(event: Event) -> tuple[tuple[str, str, str], ...]:
    listed = [str(offer.get("event")) for offer in (event.suggestion or {}).get("same") or ()][:5]
    rows = Event.objects.in_bulk(listed)
    known = [rows[key] for key in listed if key in rows]
    return tuple((one.pk, one.date.isoformat(), str(one)[:200]) for one in known)


def _told(one: Example) -> dict[str, Any]:
    """A precedent as the model is told it."""
    codes = []
    for at, (rec, direction) in enumerate(one.labels):
        code: dict[str, Any] = {"rec": rec, "direction": direction}
        if at < len(one.strengths):
            code["strength"] = one.strengths[at]
        if at < len(one.asks) and one.asks[at]:
            code["ask"] = one.asks[at]
        codes.append(code)
    return {"title": one.title[:200], "relevant": bool(codes), "codes": codes}


class NoOpinion(RuntimeError):
    """There is no second opinion; the message says why, for the person at the desk."""


@dataclass(frozen=True, slots=True)
class Assessed:
    rec: str
    direction: int
    strength: int
    ask: str | None
    p: float


@dataclass(frozen=True, slots=True)
class Opinion:
    """An answer that was checked. `relevant` and each `p` are probabilities; empty: nothing was said of it.

    `same` is the id of the offered event that the model takes for the same act; `title` and `rationale` are in the
    codebook's languages, by code; `left_out` says what of the answer the codebook does not know.
    """

    model: str
    relevant: float
    assessments: tuple[Assessed, ...] = ()
    actors: tuple[str, ...] = ()
    certainty: str = ""
    date: str = ""
    same: str = ""
    title: dict[str, str] = field(default_factory=dict)
    rationale: dict[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def answer_schema() -> dict[str, Any]:
    """The form of an answer as JSON Schema, from the codebook."""
    book = current()
    asks = sorted({ask.slug for one in book.offered() for ask in book.offered_asks(one.slug)})
    share = {"type": "number", "minimum": 0, "maximum": 1}
    words = _object({language: {"type": "string"} for language in book.languages})
    assessment = {
        "rec": {"enum": [one.slug for one in book.offered()]},
        "direction": {"enum": list(record.DIRECTIONS)},
        "strength": {"enum": list(record.STRENGTHS)},
        "ask": {"enum": [*asks, None]},
        "p": share,
    }
    return _object(
        {
            "relevant": share,
            "assessments": {"type": "array", "maxItems": MOST, "items": _object(assessment)},
            "actors": {"type": "array", "items": {"enum": [one.slug for one in book.offered_actors()]}},
            "certainty": {"enum": [*record.CERTAINTIES, None]},
            "date": {"type": ["string", "null"]},
            "same": {"type": ["string", "null"]},
            "title": words,
            "rationale": words,
        }
    )


def _object(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def found_in(said: str) -> Any:
    """The JSON object in what a model said, bare, fenced or with words around; `NoOpinion` where there is none."""
    plain = re.sub(r"<think>.*?</think>", " ", said, flags=re.DOTALL).strip()
    whole = _parsed(plain)
    if isinstance(whole, dict):
        return whole
    decoder, objects = json.JSONDecoder(), []
    for brace in [found.start() for found in re.finditer(r"\{", plain)][:MOST_BRACES]:
        try:
            one, _end = decoder.raw_decode(plain, brace)
        except (ValueError, RecursionError):
            continue
        if "relevant" in one:
            return one
        objects.append(one)
    if not objects:
        raise NoOpinion("The endpoint's answer is not the JSON that was asked for.")
    return objects[0]


def _parsed(said: str) -> Any:
    try:
        return json.loads(said)
    except (ValueError, RecursionError):
        return None


def checked_answer(raw: Any, model: str, offered: Collection[str] = ()) -> Opinion:
    """An answer in the codebook's terms, or `NoOpinion` with what is wrong with it. `offered`: ids of known events."""
    relevant = _share(raw.get("relevant")) if isinstance(raw, Mapping) else None
    if relevant is None:
        raise NoOpinion("The answer does not say how likely the report is relevant, from 0 to 1.")
    left_out: list[str] = []
    assessed = _assessments(raw.get("assessments"), relevant, left_out)
    return Opinion(
        model,
        relevant,
        assessed,
        _actors(raw.get("actors"), left_out),
        _one_of(raw.get("certainty"), record.CERTAINTIES, "certainty", left_out),
        _day(raw.get("date"), left_out),
        _one_of(raw.get("same"), offered, "same", left_out),
        _words(raw.get("title"), "title", left_out),
        _words(raw.get("rationale"), "rationale", left_out),
        tuple(left_out),
    )


def _assessments(raw: Any, relevant: float, left_out: list[str]) -> tuple[Assessed, ...]:
    """The likeliest few, one a recommendation."""
    if not isinstance(raw, list):
        raise NoOpinion("The answer holds no list of assessments.")
    found: dict[str, Assessed] = {}
    for one in sorted((_assessed(each, relevant, left_out) for each in raw), key=lambda one: -one.p):
        if one.rec in found or len(found) == MOST:
            left_out.append(f"assessment {one.rec} {one.direction:+d}")
        else:
            found[one.rec] = one
    return tuple(found.values())


def _assessed(raw: Any, relevant: float, left_out: list[str]) -> Assessed:
    if not isinstance(raw, Mapping):
        raise NoOpinion("An assessment of the answer is not an object.")
    allowed = {
        "rec": tuple(one.slug for one in current().offered()),
        "direction": record.DIRECTIONS,
        "strength": tuple(record.STRENGTHS),
    }
    for name, choices in allowed.items():
        if isinstance(raw.get(name), bool) or raw.get(name) not in choices:
            raise NoOpinion(
                f"The answer's {name} is {raw.get(name)!r:.40}, which the codebook does not know."
            )
    chance = _share(raw.get("p"))
    if chance is None:
        raise NoOpinion(f"The answer's p is {raw.get('p')!r:.40}, not a probability from 0 to 1.")
    asks = [ask.slug for ask in current().offered_asks(raw["rec"])]
    ask = _one_of(raw.get("ask"), asks, "ask", left_out) or None
    # What touches nothing advances nothing.
    return Assessed(raw["rec"], int(raw["direction"]), int(raw["strength"]), ask, min(chance, relevant))


def _share(raw: Any) -> float | None:
    if isinstance(raw, bool):
        return YES if raw else NO
    return float(raw) if isinstance(raw, int | float) and 0 <= raw <= 1 else None


def _one_of(raw: Any, allowed: Collection[str], name: str, left_out: list[str]) -> str:
    if isinstance(raw, str) and raw in allowed:
        return raw
    if raw not in (None, ""):
        left_out.append(f"{name} {raw!r:.60}")
    return ""


def _actors(raw: Any, left_out: list[str]) -> tuple[str, ...]:
    allowed = [one.slug for one in current().offered_actors()]
    listed = raw if isinstance(raw, list) else [raw]
    named = [_one_of(one, allowed, "actor", left_out) for one in listed[: len(allowed)]]
    return tuple(slug for slug in allowed if slug in named)


def _day(raw: Any, left_out: list[str]) -> str:
    if raw in (None, ""):
        return ""
    try:
        return datetime.date.fromisoformat(raw).isoformat()
    except (TypeError, ValueError):
        left_out.append(f"date {raw!r:.60}")
        return ""


def _words(raw: Any, name: str, left_out: list[str]) -> dict[str, str]:
    """One line a language; what is plain text is taken for the first language."""
    languages = current().languages
    listed = raw if isinstance(raw, Mapping) else {languages[0]: raw}
    found = {}
    for language in languages:
        said = listed.get(language)
        if isinstance(said, str) and (line := text.lenient(" ".join(said.split()), LONGEST_WORDS)):
            found[language] = line
        elif said not in (None, ""):
            left_out.append(f"{name} {said!r:.60}")
    return found
