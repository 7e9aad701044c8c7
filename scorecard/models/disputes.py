"""Challenge this code: what readers dispute, and what editors answered."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class DisputeQuerySet(models.QuerySet):
    def public(self):
        """All but what an editor marked as spam."""
        return self.exclude(state=Dispute.State.SPAM)

    def open(self):
        return self.filter(state__in=Dispute.OPEN)


class Dispute(models.Model):
    class State(models.TextChoices):
        RECEIVED = "received", _("received: waits for an editor")
        IN_REVIEW = "in_review", _("in review")
        ACCEPTED = "accepted", _("accepted: the record was changed")
        REJECTED = "rejected", _("not accepted")
        SPAM = "spam", _("spam")

    OPEN = (State.RECEIVED, State.IN_REVIEW)

    reference = models.CharField(_("reference"), max_length=16, unique=True)
    event = models.ForeignKey("tracker.Event", models.PROTECT, related_name="+", verbose_name=_("event"))
    recommendation = models.SlugField(_("recommendation"), blank=True, help_text=_("Empty: the whole event."))
    claim = models.TextField(_("what is wrong"), max_length=4000)
    source = models.URLField(_("source"), max_length=2000, help_text=_("A page that shows it."))
    direction = models.SmallIntegerField(_("direction proposed"), null=True, blank=True)
    strength = models.PositiveSmallIntegerField(_("strength proposed"), null=True, blank=True)
    name = models.CharField(_("name"), max_length=100, blank=True, help_text=_("Shown with the dispute."))
    email = models.EmailField(_("e-mail"), blank=True, help_text=_("For the answer only; never shown."))
    language = models.CharField(_("language"), max_length=10, default="en")
    sequence = models.PositiveBigIntegerField(
        _("about revision"), default=0, help_text=_("The version of the event that the reader saw.")
    )
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.RECEIVED)
    answer = models.TextField(_("answer"), max_length=4000, blank=True, help_text=_("Readers see it."))
    changed_by = models.PositiveBigIntegerField(
        _("revision that followed"), null=True, blank=True, help_text=_("The change of the record, if any.")
    )
    received_at = models.DateTimeField(_("received"), db_default=Now())
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("answered by"),
    )

    objects = DisputeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        indexes = [models.Index(fields=["event", "id"], name="disputes_of_an_event")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=("received", "in_review", "accepted", "rejected", "spam")),
                name="dispute_state_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("received", "in_review", "spam")) | ~models.Q(answer=""),
                name="decided_dispute_has_an_answer",
            ),
        ]

    def __str__(self):
        return self.reference
