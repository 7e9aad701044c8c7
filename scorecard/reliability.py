"""How far figures, words and codes can be relied on: whether the word of a balance would survive other choices, who
coded an act, whether a person stands behind its codes, and how far two coders agree.

A word that is not firm (METHOD.md, section 9) says so wherever it stands: pages, cards, badges, embeds, mails. Language
models are called what they are. What is said of a day of knowledge is what was so on that day.

Below 0.80 agreement (METHOD.md, section 14) a score says so; below 0.667 its label is withheld. Before thirty units
have been coded twice there is no alpha: then the words beside a score say that it was coded once. People and language
models each stand under their own name.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext

from scorecard import footing, sentences, standings, vocabulary
from scorecard.method import describe
from scorecard.method.readings import Balance, Pulse, Report, WhatIfReading
from tracker import importing, log
from tracker import record as record_format
from tracker.agreement import KINDS, LEAST_UNITS, MACHINES
from tracker.codebook import current
from tracker.models import Revision, decisions
from tracker.record import Record

KEPT_SECONDS = 24 * 3600
MACHINE, ANALYST, FILE = "language model", "analyst", "file"
CODERS = (MACHINE, ANALYST, FILE)
LEAST = 0.8  # share of draws in which a word must hold
LIMITS = describe()["agreement"]
WITHHELD = "withheld"


def firm(balance: Balance) -> bool:
    """Whether the word holds in most of the draws, and without any single act."""
    return _share(balance) >= LEAST and not balance["fragile"]


def _share(balance: Balance) -> float:
    """In what share of the draws the word holds."""
    return balance["sensitivity"]["same_word"] or 0.0


def doubt(balance: Balance) -> str:
    """Why the word is not firm, in a sentence; empty where it is."""
    share, found = _share(balance), []
    if share < LEAST:
        words = {"share": sentences.percent(share)}
        found.append(gettext("the word holds in %(share)s of 1,000 other weightings") % words)
    if balance["fragile"]:
        found.append(gettext("a single act decides it"))
    return gettext("Not firm: %(reasons)s.") % {"reasons": sentences.listed(found)} if found else ""


def marked(words: str) -> str:
    """A word, or a sentence that ends with one, that is not firm."""
    return gettext("%(label)s (not firm)") % {"label": words}


def shaky(slugs: Sequence[str]) -> str:
    """The recommendations whose words are not firm, as the end of a headline."""
    names = sentences.listed([vocabulary.short_name(slug) for slug in slugs])
    return gettext(" Not firm: %(names)s.") % {"names": names}


@dataclass(frozen=True, slots=True)
class Review:
    """Who gave the codes of a version of an act, and since when a person stands behind them (None: nobody yet)."""

    coded_by: str
    confirmed_on: datetime.date | None

    @property
    def words(self) -> str:
        """One sentence for a reader."""
        if self.confirmed_on is None:
            return {
                MACHINE: gettext(
                    "Compiled and coded by a language model under the published codebook; not yet reviewed by an "
                    "analyst."
                ),
                FILE: gettext("Entered from a file; not yet reviewed by an analyst."),
            }.get(self.coded_by, gettext("Not yet reviewed by an analyst."))
        told = {"day": sentences.day(self.confirmed_on)}
        return {
            MACHINE: gettext("Coded by a language model; confirmed by an analyst on %(day)s."),
            FILE: gettext("Entered from a file; confirmed by an analyst on %(day)s."),
        }.get(self.coded_by, gettext("Coded by an analyst on %(day)s.")) % told


Writers = Mapping[str, tuple[str, Any]]  # of each event: the name beside its latest version, and the account


def reviews(
    records: Iterable[Record], writers: Writers | None = None, known_at: datetime.date | None = None
) -> dict[str, Review]:
    """The review of each of these records, by id, as known on a day (None: now). Where `writers` says who wrote a
    version, the log is asked only of those that a person reworded. In a state that an address names, what that state
    shows for ever: what its own revisions say, and the confirmations of the days before the address was given out."""
    if before := _before_the_state():
        return _of_state(records, min(before, known_at or before))
    found, confirmed = list(records), standing_codes()
    standing = {line["id"]: decisions.standing(line, confirmed, known_at) for line in found}
    written = {key for key, stands in standing.items() if stands and stands.how == "written"}
    hands = dict.fromkeys(written, ANALYST)
    for key, (who, account) in (writers or {}).items():
        if key not in hands and account is None:
            hands[key] = _hand(who, account)
    rest = [line for line in found if line["id"] not in hands]
    hands |= {key: hand for key, (hand, _day) in _hands(rest).items()} if rest else {}
    return {
        key: Review(hands.get(key, FILE), stands.day if stands else None) for key, stands in standing.items()
    }


def _before_the_state() -> datetime.date | None:
    """The last day whose confirmations the state that is being read shows; None for the present one."""
    day = footing.pinned_day()
    return day - datetime.timedelta(1) if day else None


def _of_state(records: Iterable[Record], until: datetime.date) -> dict[str, Review]:
    found, confirmed = list(records), standing_codes()
    hands, reviews = _hands(found), {}
    for line in found:
        coded_by, wrote = hands.get(line["id"], (FILE, None))
        stands = decisions.standing(line, confirmed, until)
        days = [each for each in (wrote, stands.day if stands else None) if each]
        reviews[line["id"]] = Review(coded_by, min(days, default=None))
    return reviews


def review(line: Record, who: str, known_at: datetime.date | None = None) -> Review:
    """The review of a record whose latest version has this name beside it."""
    by_machine = who in importing.coded_by_machine()
    return reviews([line], {line["id"]: (who, None)} if by_machine else None, known_at)[line["id"]]


def confirmed_ids(records: Iterable[Record], known_at: datetime.date | None = None) -> set[str]:
    """Those whose codes a person stands behind; costs as much as there are confirmations."""
    confirmed, before = standing_codes(), _before_the_state()
    until = min(before, known_at or before) if before else known_at
    return {line["id"] for line in records if decisions.standing(line, confirmed, until)}


def standing_codes() -> decisions.Confirmed:
    """The codes that people stand behind, by event (`decisions.confirmations`); as they are now, whatever is pinned."""
    name = f"confirmations:{log.head() if footing.pinned_as() else footing.head()}"
    found: decisions.Confirmed | None = cache.get(name)
    if found is None:
        found = decisions.confirmations()
        cache.set(name, found, KEPT_SECONDS)
    return found


def weights(as_of: datetime.date | None = None) -> dict[str, float]:
    """What each act carries of the weight of all balances; the desk finds this by a setting."""
    found: dict[str, float] = {}
    for entry in standings.report(as_of or timezone.now().date())["recommendations"].values():
        for act in entry["balance"]["acts"]:
            found[act["id"]] = found.get(act["id"], 0.0) + act["advancing"] + act["undermining"]
    return found


def weighed(report: Mapping[str, Any], confirmed: set[str]) -> tuple[float, float]:
    """The weight of all acts behind the balances of a day, and of those that are confirmed."""
    acts = [act for entry in report["recommendations"].values() for act in entry["balance"]["acts"]]
    weights = [(act["id"], act["advancing"] + act["undermining"]) for act in acts]
    return sum(weight for _key, weight in weights), sum(weight for key, weight in weights if key in confirmed)


def _hands(records: list[Record]) -> dict[str, tuple[str, datetime.date | None]]:
    """Who gave these codes first, and an analyst on which day: the hand behind the oldest of the versions in a row that
    say the same."""
    signs = {line["id"]: record_format.signature(line) for line in records}
    last = {line["id"]: line["sequence"] for line in records if "sequence" in line}
    found: dict[str, tuple[str, datetime.date | None]] = {}
    ended: set[str] = set()
    # Lean on purpose: one query for all, and only what tells whose codes they are.
    versions = Revision.objects.filter(event__in=list(signs)).order_by("-sequence")
    for row in versions.only("event_id", "body", "who", "by_id", "written_at"):
        key = row.event_id
        if key in ended or row.sequence > last.get(key, row.sequence):
            continue
        if record_format.signature(row.record) == signs[key]:
            hand = _hand(row.who, row.by_id)
            found[key] = hand, decisions.day_of(row) if hand == ANALYST else None
        elif key in found:
            ended.add(key)
    return found


def _hand(who: str, account: Any) -> str:
    if account is not None:
        return ANALYST
    return MACHINE if who in importing.coded_by_machine() else FILE


@dataclass(frozen=True)
class Agreement:
    """The figures of `tracker.agreement.by_kind` and the number of events on record."""

    kinds: Mapping[str, Mapping[str, Any]]
    events: int

    @property
    def twice(self) -> int:
        """How many events a person has coded a second time, blind."""
        return sum(self.kinds[kind]["events"] for kind in KINDS if kind != MACHINES and kind in self.kinds)

    @property
    def by_machines(self) -> int:
        """How many events two language models have coded without seeing each other's codes."""
        return self.kinds[MACHINES]["events"] if MACHINES in self.kinds else 0

    def alpha(self, slug: str) -> float | None:
        """The lowest of direction and strength of one recommendation, among coders of any kind; None while it says
        nothing."""
        found = [
            item["alpha"]
            for kind in self.kinds.values()
            for item in kind["results"]
            if item["recommendation"] == slug and item["alpha"] is not None and item["n"] >= LEAST_UNITS
        ]
        return min(found, default=None)

    def withheld(self, slug: str) -> bool:
        alpha = self.alpha(slug)
        return alpha is not None and alpha < LIMITS["withhold_labels_below"]

    def note(self, slug: str) -> str:
        """What stands next to a score: that it was coded once, or that coders agree too little; empty while people
        agree well enough."""
        alpha = self.alpha(slug)
        if alpha is not None and alpha < LIMITS["reliable"]:
            words = {"alpha": number_format(alpha, 2), "count": self.twice + self.by_machines}
            if self.withheld(slug):
                return (
                    gettext("Label withheld: two coders agree too little (α = %(alpha)s, %(count)d events).")
                    % words
                )
            return gettext("Two coders agree only so far (α = %(alpha)s, %(count)d events).") % words
        return self.once

    @property
    def once(self) -> str:
        """That people have coded it once, as long as too few events were coded twice by them; else empty."""
        if self.twice >= LEAST_UNITS:
            return ""
        if not self.twice:
            return gettext(
                "Coded once: people have coded none of %(events)d events a second time, blind."
            ) % {"events": self.events}
        return gettext(
            "Coded once: people have coded %(twice)d of %(events)d events a second time, blind."
        ) % {
            "twice": self.twice,
            "events": self.events,
        }

    def notes(self, slugs: Iterable[str]) -> str:
        """The recommendations whose scores carry a note, in one sentence."""
        low = [
            slug for slug in slugs if (alpha := self.alpha(slug)) is not None and alpha < LIMITS["reliable"]
        ]
        if not low:
            return self.once
        names = sentences.listed([vocabulary.short_name(slug) for slug in low])
        return gettext("Below 0.80 agreement between coders: %(names)s.") % {"names": names}

    def hide(self, label: str, slug: str) -> str:
        return WITHHELD if self.withheld(slug) else label


def with_labels_hidden(report: Report, agreement: Agreement) -> Report:
    """The report with the labels that must be withheld taken out; the figures stay as they are."""
    slugs = [slug for slug in report["recommendations"] if agreement.withheld(slug)]
    if not slugs:
        return report
    found = dict(report["recommendations"])
    for slug in slugs:
        entry = found[slug]
        balance: Balance = {**entry["balance"], "label": WITHHELD, "since": None}
        pulse: Pulse = {**entry["pulse"], "label": WITHHELD, "since": None}
        found[slug] = {**entry, "balance": balance, "pulse": pulse}
    return {**report, "recommendations": found}


def agreement_shown(agreement: Agreement) -> dict[str, Any]:
    """The section of the method page: a sentence, and a table for each kind of coders that was measured."""
    words = {"twice": agreement.twice, "events": agreement.events, "least": LEAST_UNITS}
    if agreement.twice:
        sentence = gettext("%(twice)d of %(events)d events have been coded blind by a second person.") % words
    else:
        sentence = gettext(
            "Not yet measured between people: no event has been coded blind by a second person so far. Until at "
            "least a tenth has been, read every score as coded once."
        )
    sentence += (
        " "
        + gettext(
            "Krippendorff's α is 1 for full agreement and 0 for chance; it is published with its interval from "
            "%(least)d coded units on. Below 0.80 we say so next to the scores; below 0.667 we withhold the labels."
        )
        % words
    )
    return {
        "sentence": sentence,
        "tables": [_table(agreement, kind) for kind in KINDS if _measured(agreement, kind)],
    }


def _measured(agreement: Agreement, kind: str) -> bool:
    return kind in agreement.kinds and agreement.kinds[kind]["events"] > 0


def _table(agreement: Agreement, kind: str) -> dict[str, Any]:
    found = agreement.kinds[kind]
    words = {"twice": found["events"], "events": agreement.events}
    titles = {
        "people": gettext("Two people, blind: %(twice)d events"),
        "record": gettext(
            "The record's first coding, by a language model, and a person, blind: %(twice)d events"
        ),
        "machines": gettext(
            "Two language models, the second blind, from title and summary alone: %(twice)d events. Two readers of "
            "one kind agree more than people would"
        ),
    }
    return {"title": titles[kind] % words, "rows": [_row(item) for item in found["results"] if item["n"]]}


def _row(item: Mapping[str, Any]) -> dict[str, Any]:
    fields = {
        "relevant": gettext("relevance"),
        "actors": gettext("actors"),
        "certainty": gettext("certainty"),
        "direction": gettext("direction"),
        "strength": gettext("strength"),
    }
    name = str(fields.get(item["field"], item["field"]))
    if item["recommendation"]:
        name = f"{vocabulary.short_name(item['recommendation'])}: {name}"
    alpha, low, high = (
        "–" if item[key] is None else number_format(item[key], 2) for key in ("alpha", "low", "high")
    )
    return {"name": name, "value": alpha, "low": low, "high": high, "items": item["n"]}


def robustness(report: Report, slug: str) -> str:
    """What a thousand draws say about one score."""
    spread = report["recommendations"][slug]["balance"]["sensitivity"]
    figures = {
        "low": sentences.signed(spread["p10"]),
        "high": sentences.signed(spread["p90"]),
        "same": sentences.percent(spread["same_sign"]),
        "factors": sentences.listed([vocabulary.factor(item["factor"]) for item in spread["factors"]]),
    }
    text = gettext(
        "In a thousand draws with other weights, half-lives and constants the balance lies between "
        "%(low)s and %(high)s in eight of ten, and keeps its sign in %(same)s."
    )
    if spread["factors"]:
        text += gettext(" What moves it most: %(factors)s.")
    return text % figures


def same_sign(report: Report, slug: str) -> str:
    spread = report["recommendations"][slug]["balance"]["sensitivity"]
    words = {
        "sign": sentences.percent(spread["same_sign"]),
        "word": sentences.percent(spread["same_word"] or 0.0),
    }
    return gettext("Same sign in %(sign)s, same word in %(word)s of 1,000 other weightings") % words


def what_if_words(item: WhatIfReading) -> str:
    """A named what-if as the end of “If …”; that of the views beside names them."""
    if item["slug"] == "mean-of-views":
        return sentences.averaged([vocabulary.short_actor(actor) for actor in current().beside])
    return vocabulary.what_if(item["slug"], item["name"])


def what_ifs(report: Report, slug: str) -> list[dict[str, str]]:
    """The named what-ifs for one recommendation."""
    own = report["recommendations"][slug]["balance"]["score"]
    rows = []
    for item in report["what_ifs"]:
        score = item["recommendations"][slug]["score"]
        rows.append(
            {
                "name": what_if_words(item),
                "score": sentences.signed(score),
                "difference": sentences.tenths(score - own),
            }
        )
    return rows
