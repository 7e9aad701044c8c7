"""What is forgotten: the full texts of old articles, where ARTICLE_TEXT_DAYS says so; sessions that are over; who
tried to sign in, and from where.

The law: title, summary, address and dates stay, and so do the texts of articles that an event on record
cites; the log, the decisions and the codings are never touched.
"""

import datetime

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import DurationField, Exists, OuterRef, Q, Value
from django.db.models.functions import Now

from tracker.models import Article, ArticleVersion, Event, Report

BATCH = 1000
SIGN_INS_KEPT = datetime.timedelta(days=90)


def forget_texts() -> int:
    """Empty the texts of articles that are too old; how many. May be stopped and run again at any time."""
    days = settings.ARTICLE_TEXT_DAYS
    if not days:
        return 0
    horizon = Now() - Value(datetime.timedelta(days=days), output_field=DurationField())
    cited = Report.objects.filter(article=OuterRef("pk"), event__status__in=Event.ON_RECORD)
    old = Article.objects.filter(~Q(text="") | ~Q(html=""), ~Exists(cited), first_seen_at__lt=horizon)
    forgotten = 0
    while batch := list(old.order_by("id").values_list("pk", flat=True)[:BATCH]):
        ArticleVersion.objects.filter(article__in=batch).update(html="")
        forgotten += Article.objects.filter(pk__in=batch).update(text="", html="")
    return forgotten


def forget_sessions() -> int:
    """Delete sessions that have ended, and what is known of tries to sign in after three months; how many."""
    horizon = Now() - Value(SIGN_INS_KEPT, output_field=DurationField())
    gone = Session.objects.filter(expire_date__lt=Now()).delete()[0]
    for tries in (AccessAttempt, AccessLog, AccessFailureLog):
        gone += tries.objects.filter(attempt_time__lt=horizon).delete()[0]
    return gone
