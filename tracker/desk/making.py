"""What a person brings: an event by hand, a report for an event, any article proposed, also one that was passed over.

The law: whatever comes this way is a proposal like any other. It is coded, previewed, accepted and undone at the desk.
"""

from __future__ import annotations

import datetime
import hashlib
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import Max
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from tracker import addresses, record, text, triage, wording
from tracker.desk import item, queue
from tracker.desk.people import desk_view, languages
from tracker.models import Article, Event, Report
from tracker.triage.steps import DECIDE

SHOWN = 12
LOOKED_THROUGH = 200_000  # of the newest articles, when words are searched
MOST_SOURCES = 12
FIELDS = ("title", "title_zh", "summary", "date", "date_precision")


@desk_view(DECIDE)
@require_http_methods(["GET", "POST"])
def new(request):
    """An event by hand: its sources first, each fetched or known, then title and day; it opens at the desk."""
    given = request.POST if request.method == "POST" else request.GET
    articles, troubles = _sources(given)
    asked = {name: given.get(name, "").strip() for name in FIELDS}
    if articles and not (asked["title"] or asked["title_zh"]):
        asked |= _told_by(articles[0])
    if request.method == "POST" and "make" in request.POST and not troubles:
        try:
            event = made(asked, articles, request.user)
        except (triage.Refused, text.BadText, record.RecordError) as error:
            troubles.append(str(error) if isinstance(error, triage.Refused) else wording.refusal(error))
        else:
            messages.success(request, _("Proposed. Now code it; undo takes it back."))
            return redirect("desk:event", event.pk)
    return render(
        request,
        "desk/new.html",
        asked
        | {
            "articles": [described(article) for article in articles],
            "address": "" if not troubles else given.get("address", ""),
            "by_hand": bool(troubles) and bool(given.get("address")),
            "troubles": troubles,
            "near": _near(asked["title"] or asked["title_zh"], request.user),
            "precisions": wording.PRECISIONS,
            "languages": languages(request),
            "title_of_page": _("A new event by hand"),
            "today": timezone.localdate(),
            "words": {name: given.get(f"source_{name}", "") for name in ("title", "publisher", "date")},
        },
        status=409 if troubles and request.method == "POST" else 200,
    )


def made(asked: dict[str, str], articles: list[Article], by: Any) -> Event:
    """The proposal, with its reports."""
    title = text.strict(" ".join(asked["title"].split()), "title", 500)
    chinese = text.strict(" ".join(asked["title_zh"].split()), "title_zh", 500)
    if not asked["date"]:
        raise triage.Refused(_("Say the day of the act."))
    day = record.day(asked["date"], "date")
    more = {"title_zh": chinese if title else "", "date_precision": asked["date_precision"] or "day"}
    told = next((article for article in articles if article.suggestion), None)
    with transaction.atomic():
        event = triage.propose(
            title=title or chinese,
            date=day,
            language="" if title else "zh-Hans",
            summary=asked["summary"],
            articles=articles,
            suggestion=dict(told.suggestion or {}) if told else None,
            relevance=max([article.relevance or 0.0 for article in articles], default=0.0),
            by=by,
            how=Report.How.ANALYST,
        )
        triage.free(article.pk for article in articles)
        if more != {"title_zh": "", "date_precision": "day"}:
            triage.edit(event, by, more)
    return event


@desk_view(DECIDE, answers=True)
@require_http_methods(["GET", "POST"])
def articles(request):
    """Articles to attach, by words of their titles or by address; POST fetches an address that nobody knows."""
    asked = (request.POST if request.method == "POST" else request.GET).get("q", "").strip()[:2000]
    trouble, found = "", []
    if request.method == "POST":
        try:
            found = [import_string(settings.ARTICLE_AT)(asked)]
        except ValueError as error:
            trouble = str(error)
    else:
        found = _found(asked)
    return render(
        request,
        "desk/articles.html",
        {
            "articles": [described(article) for article in found],
            "trouble": trouble,
            "fetch": not found and not trouble and _is_address(asked),
            "asked": asked,
        },
    )


@desk_view(answers=True)
@require_GET
def reports(request, event_id):
    """All reports of an event, for the split and for whoever wants to see them."""
    found = Report.objects.filter(event=event_id).select_related("article")
    found = found.defer("article__html", "article__text", "article__suggestion").order_by("id")[:500]
    return render(
        request, "desk/reports.html", {"reports": [item.report_row(report, []) for report in found]}
    )


def described(article: Article) -> dict[str, Any]:
    """An article as a line to choose from: what it is, and what became of it."""
    event = Event.objects.filter(reports__article=article).exclude(status="dismissed").order_by("pk").first()
    return {
        "id": article.pk,
        "title": article.title,
        "lang": article.language or "und",
        "publisher": article.publisher,
        "url": article.url,
        "day": article.day,
        "dated": article.published_at is not None,
        "state": article.get_state_display(),
        "event": event,
    }


def _sources(given: Any) -> tuple[list[Article], list[str]]:
    """The articles that the form names, by number and by address; what could not be read in sentences."""
    keys = [int(key) for key in given.getlist("article") if key.isascii() and key.isdigit() and len(key) < 12]
    found = Article.objects.defer("html", "text").in_bulk(keys)
    chosen, troubles = [found[key] for key in keys if key in found], []
    for line in given.get("address", "").split()[:MOST_SOURCES]:
        try:
            article = import_string(settings.ARTICLE_AT)(line, **_by_hand(given))
        except text.BadText as error:
            troubles.append(wording.refusal(error))
        except ValueError as error:
            troubles.append(str(error))
        else:
            if article.pk not in keys:
                chosen.append(article)
                keys.append(article.pk)
    return chosen[:MOST_SOURCES], troubles


def _by_hand(given: Any) -> dict[str, Any]:
    """What somebody wrote of a page that could not be read."""
    title, day = given.get("source_title", "").strip(), given.get("source_date", "").strip()
    if not title:
        return {}
    try:
        when = datetime.date.fromisoformat(day) if day else None
    except ValueError:
        raise ValueError(_("“%(day)s” is no day; write it as 2026-05-31.") % {"day": day[:40]}) from None
    title = text.strict(title, "title", 500)
    return {"title": title, "publisher": given.get("source_publisher", "").strip()[:300], "day": when}


def _near(title, user):
    return queue.described(item.alike(title, queue.not_set_aside(user)), user)


def _told_by(article: Article) -> dict[str, str]:
    chinese = article.language.startswith("zh")
    return {
        "title": "" if chinese else article.title,
        "title_zh": article.title if chinese else "",
        "summary": "" if chinese else article.summary[:2000],
        "date": article.published_day.isoformat() if article.published_day else "",
    }


def _is_address(asked: str) -> bool:
    return "." in asked and " " not in asked and bool(addresses.canonical_or_empty(_spelled(asked)))


def _spelled(asked: str) -> str:
    return asked if "://" in asked else f"https://{asked}"


def _found(asked: str) -> list[Article]:
    rows = Article.objects.defer("html", "text", "suggestion")
    if _is_address(asked):
        spelled = addresses.canonical_or_empty(_spelled(asked))
        return list(rows.filter(url_key=hashlib.sha256(spelled.encode()).hexdigest()))
    words = asked.split()[:8]
    if not words:
        return []
    newest = Article.objects.aggregate(newest=Max("pk"))["newest"] or 0
    rows = rows.filter(pk__gt=newest - LOOKED_THROUGH)
    for word in words:
        rows = rows.filter(title__icontains=word)
    return list(rows.order_by("-pk")[:SHOWN])
