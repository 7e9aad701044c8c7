"""What the desk's work comes to: the editor's page of all of it, and the coder's mirror of one analyst's.

The editor sees how long the queue is, how fast the work, how good the machine, how far coders agree, what we saw. The
mirror is shown to that analyst and to editors alone, and compares nobody with anybody else. The law: every figure says
on how many cases it rests, and looks at a bounded number of rows.
"""

from __future__ import annotations

import datetime
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from tracker import agreement, wording
from tracker.codebook import current
from tracker.desk import history
from tracker.desk.people import desk_view, languages
from tracker.models import Article, Coding, Completeness, CoverageDay, Decision, Event, Report
from tracker.triage import coding, double_coding
from tracker.triage.steps import DECIDE, REVIEW, name_of

DAYS = 30
LOOKED_THROUGH = 5000
HUMAN = ("accept", "dismiss", "snooze", "merge", "review", "split")
MOST_OF_ONE = 2000
OVERTURNED_SHOWN = 20
OVERTURNING = ("edit", "retract", "merge", "undo")


def queue_now() -> dict[str, Any]:
    """How many wait, and how long the oldest and the middle one have waited, in days."""
    waiting = Event.objects.waiting()
    ages = sorted(
        (timezone.now() - at).total_seconds() / 86400
        for at in waiting.order_by("-priority", "pk").values_list("proposed_at", flat=True)[:LOOKED_THROUGH]
    )
    return {
        "length": len(ages),
        "more": len(ages) == LOOKED_THROUGH,
        "oldest": round(ages[-1], 1) if ages else None,
        "median": round(statistics.median(ages), 1) if ages else None,
    }


def days(number: int = DAYS) -> list[dict[str, Any]]:
    """Decisions of each of the last days, with the median seconds spent on one."""
    since = timezone.now() - datetime.timedelta(days=number)
    rows = Decision.objects.filter(at__gte=since, action__in=HUMAN, by__isnull=False)
    counted: dict[Any, Counter[str]] = defaultdict(Counter)
    for row in rows.annotate(day=TruncDate("at")).values("day", "action").annotate(n=Count("id")).order_by():
        counted[row["day"]][row["action"]] = row["n"]
    seconds: dict[Any, list[float]] = defaultdict(list)
    timed = rows.filter(seconds__isnull=False).annotate(day=TruncDate("at"))
    for day, spent in timed.order_by("-id").values_list("day", "seconds")[:LOOKED_THROUGH]:
        seconds[day].append(spent or 0.0)
    return [
        {
            "day": day,
            "total": sum(counts.values()),
            "accepted": counts["accept"],
            "dismissed": counts["dismiss"],
            "median_seconds": round(statistics.median(seconds[day]), 1) if seconds[day] else None,
            "timed": len(seconds[day]),
        }
        for day, counts in sorted(counted.items(), reverse=True)
    ]


def seconds_each() -> dict[str, Any]:
    """Median seconds for an acceptance with the suggestion unchanged, and for any other coding."""
    unchanged: list[float] = []
    recoded: list[float] = []
    for decision in _decided("accept"):
        if decision.seconds is not None:
            (unchanged if _as_suggested(decision) else recoded).append(decision.seconds)
    return {
        name: {"n": len(values), "median": round(statistics.median(values), 1) if values else None}
        for name, values in (("unchanged", unchanged), ("recoded", recoded))
    }


def acceptance_by_recommendation() -> list[dict[str, Any]]:
    """For each model version and recommendation: of the codes suggested, how many stood after the
    decision."""
    counted: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for decision in _decided("accept", "dismiss"):
        if not decision.suggestion_shown:
            continue
        kept = _codes(decision)
        for line in coding.suggested(decision.event):
            key = (decision.event.model_version, line["rec"])
            counted[key]["suggested"] += 1
            counted[key]["kept"] += kept.get(line["rec"], (None,))[0] == line["direction"]
            counted[key]["exact"] += kept.get(line["rec"]) == (line["direction"], line["strength"])
    order = {slug: place for place, slug in enumerate(current().slugs)}
    return [
        {
            "model": model,
            "rec": rec,
            "n": counts["suggested"],
            "kept": counts["kept"] / counts["suggested"],
            "exact": counts["exact"] / counts["suggested"],
        }
        for (model, rec), counts in sorted(counted.items(), key=lambda each: (each[0][0], order[each[0][1]]))
    ]


def pull() -> dict[str, Any]:
    """How often analysts end at the machine's directions when they see them, and when they do not: the
    difference is the pull of suggestions. Intervals are Wilson's, 95 %."""
    counted: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for decision in _decided("accept", "dismiss"):
        if not coding.ticked(decision.event.suggestion):
            continue
        counted[decision.suggestion_shown]["n"] += 1
        counted[decision.suggestion_shown]["same"] += _as_suggested(decision)
    found: dict[str, Any] = {
        name: {"n": counts["n"], **wilson(counts["same"], counts["n"])}
        for name, counts in (("shown", counted[True]), ("hidden", counted[False]))
    }
    both = all(entry["n"] for entry in found.values())
    return found | {"difference": found["shown"]["rate"] - found["hidden"]["rate"] if both else None}


def wilson(hits: int, n: int, z: float = 1.96) -> dict[str, float | None]:
    """A rate with its Wilson interval; None where nothing was counted."""
    if not n:
        return {"rate": None, "low": None, "high": None}
    rate, square = hits / n, z * z
    middle = (rate + square / (2 * n)) / (1 + square / n)
    half = z * ((rate * (1 - rate) / n + square / (4 * n * n)) ** 0.5) / (1 + square / n)
    return {"rate": rate, "low": max(0.0, middle - half), "high": min(1.0, middle + half)}


def coverage(number: int = 14) -> list[CoverageDay]:
    """What we saw on the last days."""
    return list(CoverageDay.objects.order_by("-day")[:number])


def sources(number: int = 14, most: int = 20) -> list[dict[str, Any]]:
    """The outlets that brought most articles lately, and how many of these were relevant."""
    since = timezone.now() - datetime.timedelta(days=number)
    recent = Article.objects.filter(first_seen_at__gte=since).exclude(publisher="")
    rows = list(recent.order_by("-first_seen_at").values_list("publisher", "state")[:50_000])
    total, filed = Counter(row[0] for row in rows), Counter(row[0] for row in rows if row[1] == "filed")
    return [
        {"publisher": name, "articles": count, "filed": filed[name]}
        for name, count in total.most_common(most)
    ]


def waiting_by_publisher(most: int = 15) -> list[dict[str, Any]]:
    """Whose reports the first thousand proposals of the queue rest on, and how long the oldest of each has waited."""
    waiting = Event.objects.waiting().order_by("-priority", "pk")
    asked = dict(waiting.values_list("pk", "proposed_at")[:1000])
    since: dict[str, list[Any]] = defaultdict(list)
    reports = (
        Report.objects.filter(event__in=asked).order_by("id").values_list("event_id", "article__publisher")
    )
    first: dict[str, str] = {}
    for event, publisher in reports:
        first.setdefault(event, publisher or "–")
    for event, publisher in first.items():
        since[publisher].append(asked[event])
    ranked = sorted(since.items(), key=lambda pair: (-len(pair[1]), pair[0]))[:most]
    return [
        {"publisher": name, "n": len(times), "oldest": (timezone.now() - min(times)).days}
        for name, times in ranked
    ]


def noise_by_publisher(number: int = DAYS, most: int = 15) -> list[dict[str, Any]]:
    """Of what was decided lately, by the outlet that reported it first: how much was rejected."""
    since = timezone.now() - datetime.timedelta(days=number)
    decided = Decision.objects.filter(at__gte=since, action__in=("accept", "dismiss"), undone_by=None)
    actions = dict(
        decided.filter(by__isnull=False).order_by("-id").values_list("event_id", "action")[:LOOKED_THROUGH]
    )
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    seen: set[str] = set()
    reports = Report.objects.filter(event__in=list(actions)[:2000]).order_by("id")
    for event, publisher in reports.values_list("event_id", "article__publisher"):
        if event not in seen and publisher:
            seen.add(event)
            counted[publisher][actions[event]] += 1
    rows: list[dict[str, Any]] = [
        {"publisher": name, "n": counts.total(), "rejected": counts["dismiss"] / counts.total()}
        for name, counts in counted.items()
    ]
    return sorted(rows, key=lambda row: (-row["rejected"] * row["n"], row["publisher"]))[:most]


def passed_over(number: int = 14) -> dict[str, Any]:
    """What the knob of the queue hides: the articles of the last days that were proposed nowhere."""
    since = timezone.now() - datetime.timedelta(days=number)
    recent = Article.objects.filter(first_seen_at__gte=since).order_by("-first_seen_at")
    states = Counter(recent.values_list("state", flat=True)[:50_000])
    return {"may_lose": settings.QUEUE_MAY_LOSE, "hidden": states["background"], "filed": states["filed"]}


def _decided(*actions: str) -> Iterable[Decision]:
    """The latest decisions of people that still stand."""
    found = Decision.objects.filter(action__in=actions, by__isnull=False, undone_by=None)
    return found.select_related("event").defer("before").order_by("-id")[:LOOKED_THROUGH]


def _codes(decision: Decision) -> dict[str, tuple[int, int]]:
    after: Mapping[str, Any] = decision.after or {}
    return {
        line["recommendation_id"]: (line["direction"], line["strength"])
        for line in after.get("assessments") or ()
    }


def _as_suggested(decision: Decision) -> bool:
    """Whether the directions that stand are exactly those suggested."""
    wanted = {line["rec"]: line["direction"] for line in coding.suggested(decision.event)}
    return {rec: code[0] for rec, code in _codes(decision).items()} == wanted


@desk_view("tracker.view_decision")
@require_GET
def figures(request):
    acceptance = [row | {"name": wording.short(row["rec"])} for row in acceptance_by_recommendation()]
    return render(
        request,
        "desk/figures.html",
        {
            "queue": queue_now(),
            "days": days(),
            "seconds": seconds_each(),
            "acceptance": acceptance,
            "pull": pull(),
            "agreement": [_named(row) for row in agreement.figures()],
            "coverage": coverage(),
            "coded": coded(),
            "sources": sources(),
            "by_publisher": waiting_by_publisher(),
            "noise": noise_by_publisher(),
            "hidden": passed_over(),
            "languages": languages(request),
            "title": _("Figures"),
        },
    )


def coded() -> dict[str, Any]:
    """The day to which coding was last declared complete, and how many days ago that is; nothing before any was."""
    standing = Completeness.objects.standing()
    if not standing:
        return {}
    stated = standing[-1].day
    return {"day": stated, "behind": (timezone.now().date() - stated).days}


def _named(row):
    fields = {
        "relevant": _("relevant or not"),
        "actors": _("actors"),
        "certainty": _("certainty"),
        "direction": _("direction"),
        "strength": _("strength"),
    }
    return row | {
        "field": fields[row["field"]],
        "recommendation": wording.short(row["recommendation"])
        if row["recommendation"] in current()
        else _("all"),
    }


@desk_view(DECIDE)
@require_GET
def mirror(request):
    """One's own mirror; an editor may look into anybody's."""
    person, asked = request.user, request.GET.get("analyst", "")
    if asked and asked != str(request.user.pk):
        if not request.user.has_perm(REVIEW):
            raise PermissionDenied
        person = get_object_or_404(get_user_model(), pk=asked if asked.isascii() and asked.isdigit() else 0)
    colleagues = get_user_model().objects.filter(is_staff=True, is_active=True).order_by("username")[:100]
    return render(
        request,
        "desk/mirror.html",
        {
            "person": name_of(person),
            "person_id": person.pk,
            "colleagues": colleagues if request.user.has_perm(REVIEW) else [],
            "days": days_of(person),
            "overturned": overturned(person, request.user),
            "agreed": agreed(person),
            "languages": languages(request),
            "title": _("Mirror"),
        },
    )


def days_of(person: Any) -> list[dict[str, Any]]:
    """The person's decisions of each of the last days, and the median seconds spent on one."""
    since = timezone.now() - datetime.timedelta(days=DAYS)
    rows = Decision.objects.filter(by=person, at__gte=since, action__in=HUMAN)
    counted: dict[Any, Counter[str]] = defaultdict(Counter)
    seconds: dict[Any, list[float]] = defaultdict(list)
    told = rows.annotate(day=TruncDate("at")).order_by("-id").values_list("day", "action", "seconds")
    for day, action, spent in told[:MOST_OF_ONE]:
        counted[day][action] += 1
        if spent is not None:
            seconds[day].append(spent)
    return [
        {
            "day": day,
            "total": sum(counts.values()),
            "accepted": counts["accept"],
            "dismissed": counts["dismiss"],
            "median": round(statistics.median(seconds[day]), 1) if seconds[day] else None,
        }
        for day, counts in sorted(counted.items(), reverse=True)
    ]


def overturned(person: Any, reader: Any) -> dict[str, Any]:
    """Of the person's acceptances those that somebody else changed, took back or joined later; the latest first,
    without what the reader may still code blind."""
    mine = Decision.objects.filter(by=person, action="accept", undone_by=None).order_by("-id")
    accepted = dict(mine.values_list("event_id", "id")[:MOST_OF_ONE])
    later = (
        Decision.objects.filter(event__in=accepted, action__in=OVERTURNING, by__isnull=False)
        .exclude(by=person)
        .exclude(event__in=double_coding.withheld(reader).order_by().values("event_id"))
        .select_related("event", "by")
        .defer("before", "after")
        .order_by("-id")[:MOST_OF_ONE]
    )
    found = [each for each in later if each.id > accepted[each.event_id]]
    return {
        "n": len(accepted),
        "events": len({each.event_id for each in found}),
        "rows": [
            {
                "event": each.event,
                "deed": history.DEEDS.get(each.action, each.action),
                "by": name_of(each.by),
                "at": each.at,
                "why": each.reason,
            }
            for each in found[:OVERTURNED_SHOWN]
        ],
    }


def agreed(person: Any) -> dict[str, Any]:
    """How often the person and a second coder, blind to each other, chose the same codes."""
    parts = (Coding.Part.FIRST, Coding.Part.SECOND)
    mine = Coding.objects.filter(coder=person, part__in=parts, done_at__isnull=False).order_by("-id")
    events = list(mine.values_list("event_id", flat=True)[:MOST_OF_ONE])
    bodies: dict[str, dict[str, Any]] = defaultdict(dict)
    done = Coding.objects.filter(event__in=events, part__in=parts, done_at__isnull=False)
    for event, part, body in done.values_list("event_id", "part", "body"):
        bodies[event][part] = body
    pairs = [pair for pair in bodies.values() if len(pair) == 2]
    same = [not agreement.differences(pair[parts[0]], pair[parts[1]]) for pair in pairs]
    return {"n": len(same), "share": sum(same) / len(same) if same else None}
