"""What a model is asked about a report, and the digest of it: the same is never asked twice.

The law: the whole codebook is the instruction, and the instruction alone; whatever a feed said travels as JSON data in
a message of its own, spelled so that nothing in it can end the message or begin another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from tracker import text
from tracker.codebook import current
from tracker.codebook.schema import Recommendation
from tracker.models import Article, Event, Report
from tracker.second_opinion import answers, precedents

LONGEST_TEXT = 3000
MOST_OTHERS = 5  # further reports of the act, by their titles


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
    near = precedents.known().nearest(told.title, told.summary, without)
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
"assessments": at most {answers.MOST} objects {{"rec", "direction", "strength", "ask", "p"}}: the recommendation's slug,
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
