"""What was delivered, one row for one page however often, its earlier versions, and copies of sources at an archive.

A copy is a fact about a page, known later than the act that cites it, so it stands beside the log: no event gets a new
revision by it, and lines and digests stay as they are.
"""

import datetime
import hashlib

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ArticleQuerySet(models.QuerySet):
    def to_file(self):
        """Articles that wait to be tagged and grouped, oldest first, whose lease is free."""
        free = models.Q(leased_until=None) | models.Q(leased_until__lte=Now())
        return self.filter(free, state__in=Article.WAITING).order_by("id")

    def state(self):
        """A short text that changes when an article comes or is edited; two looks into indexes, however many there
        are."""
        last = self.order_by("-id").values_list("id", flat=True).first()
        return f"{last}:{self.edited().first()}"

    def edited(self):
        """When articles were edited, the latest first. That there was an edit is said for the sake of the index."""
        return (
            self.filter(changed_at__isnull=False).order_by("-changed_at").values_list("changed_at", flat=True)
        )


class Article(models.Model):
    class State(models.TextChoices):
        NEW = "new", _("new: waits to be filed")
        CHANGED = "changed", _("changed after it was filed")
        FILED = "filed", _("filed under an event")
        BACKGROUND = "background", _("not relevant")
        FAILED = "failed", _("could not be filed")

    WAITING = (State.NEW, State.CHANGED)

    url = models.URLField(
        _("address"), max_length=2000, blank=True, help_text=_("As its publisher spells it.")
    )
    url_key = models.CharField(
        _("key"),
        max_length=64,
        unique=True,
        help_text=_("SHA-256 of the address in its one spelling; without one, of publisher, title and day."),
    )
    unresolved = models.BooleanField(
        _("unresolved"), default=False, help_text=_("The address is an aggregator's redirect, not the page.")
    )
    title = models.CharField(_("title"), max_length=500)
    title_key = models.CharField(_("title key"), max_length=64, db_index=True, blank=True)
    summary = models.TextField(_("summary"), blank=True, help_text=_("Plain text as delivered."))
    html = models.TextField(_("HTML"), blank=True, help_text=_("Sanitised body as delivered."))
    text = models.TextField(
        _("full text"), blank=True, help_text=_("Extracted from the page, where allowed.")
    )
    author = models.CharField(_("author"), max_length=300, blank=True)
    publisher = models.CharField(_("publisher"), max_length=300, blank=True)
    language = models.CharField(
        _("language"), max_length=20, blank=True, help_text=_("en, zh-Hans, zh-Hant …")
    )
    published_at = models.DateTimeField(_("published"), null=True, blank=True, db_index=True)
    published_offset = models.SmallIntegerField(
        _("offset"),
        null=True,
        blank=True,
        help_text=_("Minutes by which the publisher's clock is ahead of UTC, as it stated them."),
    )
    first_seen_at = models.DateTimeField(_("first seen"), db_default=Now(), db_index=True)
    changed_at = models.DateTimeField(_("changed"), null=True, blank=True)

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.NEW)
    relevance = models.FloatField(_("relevance"), null=True, blank=True)
    suggestion = models.JSONField(_("suggestion"), null=True, blank=True)
    model_version = models.CharField(_("model version"), max_length=60, blank=True)
    filed_at = models.DateTimeField(_("filed"), null=True, blank=True)
    leased_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    trouble = models.CharField(_("trouble"), max_length=500, blank=True)

    objects = ArticleQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        indexes = [
            models.Index(
                fields=["id"], condition=models.Q(state__in=("new", "changed")), name="articles_to_file"
            ),
            models.Index(fields=["state", "-id"], name="articles_by_state"),
            models.Index(
                fields=["-changed_at"],
                condition=models.Q(changed_at__isnull=False),
                name="articles_by_change",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=("new", "changed", "filed", "background", "failed")),
                name="article_state_is_known",
            )
        ]

    def __str__(self):
        return self.title[:120]

    @property
    def published_day(self):
        """The day on the publisher's own calendar on which it was published; None where nobody says when."""
        if self.published_at is None:
            return None
        return (self.published_at + datetime.timedelta(minutes=self.published_offset or 0)).date()

    @property
    def day(self):
        """The day it was published, by its publisher's clock, or else first seen."""
        return self.published_day or self.first_seen_at.date()

    def source(self):
        """The article as a source of an event in the record's format."""
        return {
            "title": self.title,
            "publisher": self.publisher,
            "url": self.url,
            "date": self.published_day.isoformat() if self.published_day else None,
            "lang": self.language,
        }


class ArticleVersion(models.Model):
    """What an article said before it was edited."""

    article = models.ForeignKey(Article, models.CASCADE, related_name="versions", verbose_name=_("article"))
    title = models.CharField(_("title"), max_length=500)
    summary = models.TextField(_("summary"), blank=True)
    html = models.TextField(_("HTML"), blank=True)
    digest = models.CharField(_("digest"), max_length=64)
    seen_at = models.DateTimeField(_("seen until"), db_default=Now())

    class Meta:
        ordering = ["article", "-id"]
        verbose_name = _("version of an article")
        verbose_name_plural = _("versions of articles")
        constraints = [
            models.UniqueConstraint(fields=["article", "digest"], name="one_row_per_article_and_version")
        ]

    def __str__(self):
        return f"{self.title[:80]} ({self.seen_at:%Y-%m-%d})"


class ArchivedCopyQuerySet(models.QuerySet):
    def of(self, urls, before=None):
        """{address of a source: its copy} of those whose copy is known; made before a moment, where one is given."""
        keys = {key_of(url) for url in urls if url}
        rows = self.filter(key__in=keys).exclude(copy="")
        if before is not None:
            rows = rows.filter(found_at__lt=before)
        return {row.url: row for row in rows}


def key_of(url):
    return hashlib.sha256(url.encode()).hexdigest()


class ArchivedCopy(models.Model):
    """One source, and its copy at an archive once there is one. Without `next_at` it is not asked for any more."""

    url = models.URLField(_("source"), max_length=2000, help_text=_("As the record spells it."))
    key = models.CharField(_("key"), max_length=64, unique=True, editable=False)
    copy = models.URLField(_("archived copy"), max_length=2000, blank=True)
    made_on = models.DateField(_("made on"), null=True, blank=True, help_text=_("Day of the copy, UTC."))
    found_at = models.DateTimeField(_("known since"), null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, editable=False)
    next_at = models.DateTimeField(_("next attempt"), db_default=Now(), null=True, editable=False)
    trouble = models.CharField(_("trouble"), max_length=300, blank=True, editable=False)

    objects = ArchivedCopyQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("archived copy")
        verbose_name_plural = _("archived copies")
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(copy=""), name="copies_to_ask_for"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(copy="") | models.Q(found_at__isnull=False), name="copy_is_known_since"
            )
        ]

    def __str__(self):
        return self.url[:100]

    def save(self, *args, **more):
        """What a person enters is known from now on."""
        self.key = key_of(self.url)
        if self.copy and self.found_at is None:
            self.found_at = timezone.now()
        super().save(*args, **more)
