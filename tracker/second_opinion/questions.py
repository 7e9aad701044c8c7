"""What a model is asked about a report, with the labelled reports most like it, and the digest of it: the same is
never asked twice.

The law: the whole codebook is the instruction, and the instruction alone; whatever a feed said travels as JSON data in
a message of its own, spelled so that nothing in it can end the message or begin another. Precedents, near misses among
them, come from the record, the seeds and what people decided. Likeness is that of pieces of words, in any language.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.conf import settings
from django.utils import timezone

from tracker import tagger_examples, text
from tracker.codebook import current
from tracker.codebook.schema import Recommendation
from tracker.models import Article, Event, Report
from tracker.second_opinion import answers
from tracker.tagging.training import Example

LONGEST_TEXT = 3000
MOST_OTHERS = 5  # further reports of the act, by their titles

ACTS, NEAR = 4, 2  # precedents of each kind that are shown
MOST_LOOKED_AT = 400  # of the precedents most alike
KINDS = ("act", "near miss", "decision", "near decision")
_lock = threading.Lock()
_kept: dict[str, Any] = {"hour": None, "index": None}


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
    near = known_precedents().nearest(told.title, told.summary, without)
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


class Precedents:
    """Labelled reports, ready to be compared with others."""

    def __init__(self, examples: Sequence[Example]):
        # Here and not above: scikit-learn takes seconds to import, and only who asks a model needs it.
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._examples = list({one.title: one for one in examples if _is_precedent(one)}.values())
        self._spelling = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=2, dtype=np.float32
        )
        words = [_plain(one.title) for one in self._examples]
        self._rows = self._spelling.fit_transform(words) if len(words) > 1 else None

    def nearest(self, title: str, summary: str = "", without: Collection[str] = ()) -> list[dict[str, Any]]:
        """The most alike, the nearest first: some acts and some that are none. `without`: groups left out."""
        if self._rows is None:
            return []
        row = self._spelling.transform([_plain(f"{title} {summary[:300]}")])
        likeness = (self._rows @ row.T).toarray().ravel()
        chosen: list[int] = []
        for wanted, is_act in ((ACTS, True), (NEAR, False)):
            told: set[str] = set(without)  # of each act one report
            for at in np.argsort(-likeness)[:MOST_LOOKED_AT].tolist():
                one = self._examples[at]
                if len(told) - len(set(without)) == wanted or likeness[at] <= 0:
                    break
                if bool(one.labels) is is_act and one.group not in told:
                    told.add(one.group)
                    chosen.append(at)
        return [_told(self._examples[at]) for at in sorted(chosen, key=lambda at: -likeness[at])]


def known_precedents() -> Precedents:
    """Those of the record, of the seeds and of all decisions, gathered anew every hour."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    with _lock:
        if _kept["hour"] != hour:
            decided = tagger_examples.decided()
            groups = {one.group for one in decided}
            seeded = tagger_examples.without(tagger_examples.seeded(), groups)
            _kept.update(hour=hour, index=Precedents([*seeded, *decided, *_on_record()]))
        index: Precedents = _kept["index"]
        return index


def _on_record() -> list[Example]:
    """The events on record by their titles, as they are coded now."""
    rows = Event.objects.accepted().prefetch_related("assessments").only("pk", "title", "title_zh")
    return [
        Example(
            event.title or event.title_zh,
            tuple((each.recommendation_id, each.direction) for each in event.assessments.all()),
            event.pk,
            strengths=tuple(each.strength for each in event.assessments.all()),
            asks=tuple(each.ask or None for each in event.assessments.all()),
        )
        for event in rows
    ]


def _is_precedent(one: Example) -> bool:
    return one.kind in KINDS and (bool(one.labels) or one.is_near)


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


def _plain(words: str) -> str:
    return text.lower(text.fold(words, 600))
