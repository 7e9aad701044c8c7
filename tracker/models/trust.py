"""Trust in codes: what a person confirmed, what a machine read a second time, what was drawn to be coded twice."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tracker.models.events import Event


class Confirmation(models.Model):
    """A person stands behind the codes of an event: wrote them, or read them beside the sources and confirmed them.

    It holds for those codes alone (`tracker.record.signature`): codes that change later are confirmed anew or not.
    """

    class How(models.TextChoices):
        WRITTEN = "written", _("coded by an analyst")
        CONFIRMED = "confirmed", _("confirmed by an analyst")

    event = models.ForeignKey(Event, models.PROTECT, related_name="confirmations", verbose_name=_("event"))
    signature = models.CharField(_("signature of the codes"), max_length=24)
    how = models.CharField(_("how"), max_length=9, choices=How)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    day = models.DateField(_("day"))
    # Kept when it is taken back, as addresses that were given out in between show it for ever.
    withdrawn_on = models.DateField(_("taken back on"), null=True, blank=True)
    at = models.DateTimeField(_("at"), db_default=Now())

    class Meta:
        ordering = ["id"]
        verbose_name = _("confirmation")
        verbose_name_plural = _("confirmations")
        constraints = [
            models.UniqueConstraint(
                fields=["event", "signature", "by", "how"],
                condition=models.Q(withdrawn_on=None),
                name="one_confirmation_per_person_and_codes",
            )
        ]

    def __str__(self):
        return f"{self.event_id} {self.how} {self.day}"


class MachineCoding(models.Model):
    """A second reading of an event by a language model, beside the codes that it was a second reading of."""

    event = models.ForeignKey(Event, models.PROTECT, related_name="machine_codings", verbose_name=_("event"))
    reader = models.CharField(_("reader"), max_length=150)
    release = models.PositiveSmallIntegerField(_("release"))
    blind = models.BooleanField(_("blind"), default=False)
    seen = models.JSONField(_("what the reader saw"), default=list, blank=True)
    unsure = models.JSONField(_("what the reader was unsure of"), default=list, blank=True)
    first = models.JSONField(_("first coding"))
    body = models.JSONField(_("second coding"))

    class Meta:
        ordering = ["event"]
        verbose_name = _("coding by a language model")
        verbose_name_plural = _("codings by language models")
        constraints = [
            models.UniqueConstraint(
                fields=["event", "reader"], name="one_machine_coding_per_event_and_reader"
            )
        ]

    def __str__(self):
        return f"{self.event_id} {self.reader}"


class Draw(models.Model):
    """Events of the record that an editor had drawn by chance, stratum by stratum, to be coded again blind."""

    asked = models.PositiveIntegerField(_("asked for"))
    strata = models.JSONField(_("strata"), default=dict, help_text=_("How many of each stratum were drawn."))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), db_default=Now())

    class Meta:
        ordering = ["id"]
        verbose_name = _("draw for double coding")
        verbose_name_plural = _("draws for double coding")

    def __str__(self):
        return f"{self.pk}: {self.asked}"
