"""The codebook's versions in service, the keys of recommendations and asks, and asks set by hand."""

import json

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from tracker import record, wording
from tracker.models.log import Stated, StatedQuerySet, stated_or_taking_back

LONGEST_REASON = 2_000


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


STRENGTHS = [
    (1, _("1 words")),
    (2, _("2 proposal")),
    (3, _("3 commitment")),
    (4, _("4 enacted")),
    (5, _("5 operating")),
]
DIRECTIONS = [(1, _("advances")), (-1, _("undermines")), (0, _("mixed"))]
assert {value for value, _label in STRENGTHS} == set(record.STRENGTHS)
