"""The log of revisions, the codebook's versions and keys, and what else is stated once beside the log.

Migration 0002 makes the database itself refuse any change of the log. A later row may take one back that is stated
beside it (an ask set by hand, to which day coding is complete), or put it back.
"""

import json

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker import record, wording

LONGEST_REASON = 2_000


class Revision(models.Model):
    """One version of one event: the whole canonical record, who wrote it, when and why.

    `digest` is SHA-256 over `previous` and everything else in the row that readers can see, so that nothing
    can be changed, dropped or put in between without breaking every digest after it.
    """

    class Kind(models.TextChoices):
        CREATE = "create", _("created")
        UPDATE = "update", _("changed")
        MERGE = "merge", _("merged")
        SPLIT = "split", _("split")
        SUPERSEDE = "supersede", _("superseded")
        RETRACT = "retract", _("retracted")
        RESTORE = "restore", _("restored")

    sequence = models.PositiveBigIntegerField(
        _("number"), primary_key=True, help_text=_("1, 2, 3 … without gaps.")
    )
    event = models.ForeignKey(
        "tracker.Event", models.PROTECT, related_name="revisions", verbose_name=_("event")
    )
    kind = models.CharField(_("kind"), max_length=9, choices=Kind)
    body = models.TextField(_("record"), help_text=_("The canonical record, one line of JSON."))
    related = models.JSONField(
        _("related events"),
        default=list,
        blank=True,
        help_text=_("Merged from or into, split from, superseded."),
    )
    why = models.CharField(_("why"), max_length=1000, blank=True)
    who = models.CharField(_("who"), max_length=150, help_text=_("The name readers see."))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("account"),
    )
    written_at = models.DateTimeField(_("written"))
    previous = models.CharField(_("digest before"), max_length=64, unique=True)
    digest = models.CharField(_("digest"), max_length=64, unique=True)

    class Meta:
        ordering = ["sequence"]
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        indexes = [models.Index(fields=["event", "sequence"], name="revisions_of_an_event")]

    def __str__(self):
        return f"{self.sequence} {self.event_id} {self.kind}"

    @property
    def record(self):
        """The record of this version as a plain dict."""
        return json.loads(self.body)


class Head(models.Model):
    """Where the log ends: the one row that every writer locks. `aside` rises with what stands beside the log
    and moves what readers see (hand-set asks, coverage, completeness, agreement)."""

    sequence = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    aside = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("head of the log")
        verbose_name_plural = _("heads of the log")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="the_log_has_one_head")]

    def __str__(self):
        return f"{self.sequence} {self.digest[:12]}"


class StatedQuerySet(models.QuerySet):
    def statements(self):
        """Without the rows that take others back."""
        return self.filter(withdraws=None)

    def placed(self):
        """Every row in order, with the place, from 1, of the row that it takes back, or None. A row that takes back one
        that is not among these is left out."""
        places, found = {}, []
        for row in self.order_by("pk"):
            if row.withdraws_id is None or row.withdraws_id in places:
                found.append((row, places.get(row.withdraws_id)))
                places[row.pk] = len(found)
        return found

    def standing(self, turned=None):
        """The statements that hold: not taken back, or put back since. With `turned` as if that row, the last word on
        one of them, were taken back too."""
        placed = self.placed()
        rows = [row for row, _place in placed]
        chain = [(place, 0) for _row, place in placed]
        if turned in rows:
            chain.append((rows.index(turned) + 1, 0))
        held = record.held_spans(chain)
        return [row for row, spans in zip(rows, held, strict=False) if row.withdraws_id is None and spans]


class Stated(models.Model):
    withdraws = models.OneToOneField(
        "self",
        models.PROTECT,
        related_name="withdrawal",
        null=True,
        blank=True,
        editable=False,
        verbose_name=_("takes back"),
        help_text=_("The earlier row that does not hold from the day of this one on."),
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
    )

    reason_field = ""  # why it is stated or taken back; readers see it

    class Meta:
        abstract = True

    def later(self):
        """The rows that took this one back, put it back, and so on, in their order."""
        found, row = [], self
        while row := getattr(row, "withdrawal", None):
            found.append(row)
        return found

    @property
    def last_word(self):
        return self.later()[-1] if self.later() else self

    def holds(self):
        return len(self.later()) % 2 == 0


def stated_or_taking_back(*fields):
    """A statement has these fields, a taking back has none of them."""
    stated, taking_back = Q(withdraws=None), Q(withdraws__isnull=False)
    for field in fields:
        stated &= Q(**{f"{field}__isnull": False})
        taking_back &= Q(**{field: None})
    return stated | taking_back


class Completeness(Stated):
    """A statement that coding is complete to a day. Never changed; the latest known holds that was not taken back."""

    day = models.DateField(_("complete to"), null=True)
    recorded_at = models.DateField(
        _("stated on"), null=True, blank=True, help_text=_("Empty for the first import.")
    )
    note = models.CharField(_("note"), max_length=500, blank=True)

    objects = StatedQuerySet.as_manager()
    reason_field = "note"

    class Meta:
        ordering = ["id"]
        verbose_name = _("statement of completeness")
        verbose_name_plural = _("statements of completeness")
        constraints = [
            models.CheckConstraint(
                condition=stated_or_taking_back("day"), name="completeness_states_or_takes_back"
            )
        ]

    def __str__(self):
        return f"{self.day}"

    def line(self, withdraws=None):
        """The row as editions hold it; `withdraws` is the place in the list of the row that it takes back."""
        said = {"recorded_at": self.recorded_at, "note": self.note}
        return {"day": self.day, **said} if self.withdraws_id is None else {"withdraws": withdraws, **said}

    def clean(self):
        self.note = wording.cleaned(self.note, "note", 500)
        if self.day and self.day > timezone.now().date():
            raise ValidationError({"day": _("A day that is not over cannot have been coded.")})


class CoverageDay(models.Model):
    """How much of the world we saw on one day."""

    day = models.DateField(_("day"), primary_key=True)
    feeds_total = models.PositiveIntegerField(_("feeds"), default=0)
    feeds_alive = models.PositiveIntegerField(
        _("feeds alive"), default=0, help_text=_("Fewest seen that day.")
    )
    articles = models.PositiveIntegerField(_("articles kept"), default=0)
    oldest_unreviewed = models.DateField(_("oldest unreviewed proposal"), null=True, blank=True)
    waiting = models.PositiveIntegerField(_("proposals waiting"), default=0)

    class Meta:
        ordering = ["-day"]
        verbose_name = _("day of coverage")
        verbose_name_plural = _("days of coverage")

    def __str__(self):
        return f"{self.day}: {self.feeds_alive}/{self.feeds_total}"


class CodebookVersion(models.Model):
    """One version of the codebook as it was taken into service. Never changed; the last one is in force.

    `digest` is SHA-256 over `previous` and everything else that readers can see, as in the log.
    """

    version = models.CharField(_("version"), max_length=20, unique=True)
    in_force = models.DateField(
        _("in force from"), null=True, help_text=_("Empty: from the beginning of the record.")
    )
    body = models.TextField(_("codebook"), help_text=_("The codebook's content, one line of JSON."))
    content = models.CharField(_("digest of the content"), max_length=64)
    previous = models.CharField(_("digest before"), max_length=64, unique=True)
    digest = models.CharField(_("digest"), max_length=64, unique=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("version of the codebook")
        verbose_name_plural = _("versions of the codebook")

    def __str__(self):
        return self.version

    def envelope(self):
        """The version as readers see it; what its digest covers."""
        return {
            "version": self.version,
            "in_force": self.in_force.isoformat() if self.in_force else None,
            "codebook": json.loads(self.body),
        }


class Recommendation(models.Model):
    slug = models.SlugField(_("slug"), primary_key=True, help_text=_("The codebook's short name."))
    number = models.PositiveSmallIntegerField(
        _("number"), unique=True, help_text=_("Place in the codebook, counted from 1.")
    )
    name_en = models.CharField(_("name in English"), max_length=200)
    name_zh = models.CharField(_("name in Chinese"), max_length=200, blank=True)
    summary_en = models.TextField(_("summary in English"))
    summary_zh = models.TextField(_("summary in Chinese"), blank=True)
    advances_en = models.TextField(_("what advances it, in English"))
    advances_zh = models.TextField(_("what advances it, in Chinese"), blank=True)
    undermines_en = models.TextField(_("what undermines it, in English"))
    undermines_zh = models.TextField(_("what undermines it, in Chinese"), blank=True)

    class Meta:
        ordering = ["number"]
        verbose_name = _("recommendation")
        verbose_name_plural = _("recommendations")

    def __str__(self):
        return f"{self.number} {self.name_en}"


class Ask(models.Model):
    class Mode(models.TextChoices):
        JOINT = "joint", _("joint: the lower of the two sides")
        EACH = "each", _("each: the mean of the two sides")
        ANY = "any", _("any: the highest of all actors")

    recommendation = models.ForeignKey(
        Recommendation, models.CASCADE, related_name="asks", verbose_name=_("recommendation")
    )
    slug = models.SlugField(_("slug"), help_text=_("The codebook's short name."))
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    name_en = models.CharField(_("name in English"), max_length=200)
    name_zh = models.CharField(_("name in Chinese"), max_length=200, blank=True)
    description_en = models.TextField(_("description in English"))
    description_zh = models.TextField(_("description in Chinese"), blank=True)
    mode = models.CharField(_("mode"), max_length=5, choices=Mode)
    actors = models.JSONField(_("actors"), default=list, blank=True, help_text=_("Whose acts count for it."))

    class Meta:
        ordering = ["recommendation__number", "position"]
        verbose_name = _("ask")
        verbose_name_plural = _("asks")
        constraints = [
            models.UniqueConstraint(
                fields=["recommendation", "slug"], name="one_ask_per_recommendation_and_slug"
            )
        ]

    def __str__(self):
        return self.name_en


class AskSetting(Stated):
    """An ask set by hand (METHOD.md, section 7). Never changed: a later row for the same ask wins, or takes it back."""

    ask = models.ForeignKey(Ask, models.PROTECT, related_name="settings", verbose_name=_("ask"))
    rung = models.PositiveSmallIntegerField(
        _("rung"), null=True, help_text=_("0 (nothing), or a strength from 1 (words) to 5 (operating).")
    )
    reason = models.TextField(_("reason"), help_text=_("Why the rule's value is wrong here; readers see it."))
    start = models.DateField(_("from"), null=True, help_text=_("First day it holds."))
    until = models.DateField(_("to"), null=True, blank=True, help_text=_("First day it no longer holds."))
    recorded_at = models.DateField(_("recorded on"))
    name = models.CharField(_("name shown to readers"), max_length=150)

    objects = StatedQuerySet.as_manager()
    reason_field = "reason"

    class Meta:
        ordering = ["id"]
        verbose_name = _("ask set by hand")
        verbose_name_plural = _("asks set by hand")
        constraints = [
            models.CheckConstraint(condition=models.Q(rung__lte=5), name="rung_is_0_to_5"),
            models.CheckConstraint(
                condition=stated_or_taking_back("rung", "start"), name="setting_states_or_takes_back"
            ),
            models.CheckConstraint(
                condition=models.Q(until=None) | models.Q(until__gt=models.F("start")),
                name="setting_ends_after_it_starts",
            ),
        ]

    def __str__(self):
        return f"{self.ask}: {self.rung}"

    def clean(self):
        self.reason = wording.cleaned(self.reason, "reason", LONGEST_REASON, lines=True)
        if self.rung is not None and self.rung > 5:
            raise ValidationError({"rung": _("0 (nothing), or a strength from 1 (words) to 5 (operating).")})
        if self.start and self.until and self.until <= self.start:
            raise ValidationError({"until": _("It must be after the first day.")})

    def line(self, withdraws=None):
        """The row as the method reads it; `withdraws` is the place in the list of the row that it takes back."""
        if self.withdraws_id is not None:
            return {
                "withdraws": withdraws,
                "rec": self.ask.recommendation_id,
                "ask": self.ask.slug,
                "reason": self.reason,
                "name": self.name,
                "recorded_at": self.recorded_at.isoformat(),
            }
        return {
            "rec": self.ask.recommendation_id,
            "ask": self.ask.slug,
            "rung": self.rung,
            "reason": self.reason,
            "name": self.name,
            "from": self.start.isoformat(),
            "to": self.until.isoformat() if self.until else None,
            "recorded_at": self.recorded_at.isoformat(),
        }
