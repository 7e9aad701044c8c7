"""What is forgotten: the full texts of old articles, where ARTICLE_TEXT_DAYS says so.

The law: title, summary, address and dates stay, and so do the texts of articles that an event on record
cites; the log, the decisions and the codings are never touched.
"""

import datetime

from django.conf import settings
from django.db.models import DurationField, Exists, OuterRef, Q, Value
from django.db.models.functions import Now

from tracker.models import Article, ArticleVersion, Event, Report

BATCH = 1000


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
