"""What the way out keeps of what it published, and who has seen it: disputes, editions, pinned states, days of service,
and those who mirror the log and sign what they saw.
"""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from scorecard import verify


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


DOI = RegexValidator(
    r"^10\.[0-9]{4,9}/\S+$", _("A DOI begins with 10. and has a slash; leave out the address.")
)


class Edition(models.Model):
    """One day's edition. Never changed but for its DOI: the next one is chained to the digest of its manifest."""

    day = models.DateField(_("day"), unique=True, help_text=_("Scores are as of, and as known at, its end."))
    sequence = models.PositiveBigIntegerField(_("revisions"), help_text=_("How much of the log it holds."))
    manifest = models.TextField(_("manifest"), help_text=_("The exact text that is signed."))
    digest = models.CharField(
        _("digest"), max_length=64, unique=True, help_text=_("SHA-256 of the manifest.")
    )
    previous = models.CharField(_("digest before"), max_length=64, unique=True, blank=True)
    signature = models.CharField(_("signature"), max_length=128, help_text=_("Ed25519 of the manifest, hex."))
    key = models.CharField(_("public key"), max_length=64, help_text=_("Ed25519, hex."))
    file = models.CharField(_("file"), max_length=100)
    size = models.PositiveBigIntegerField(_("bytes"))
    doi = models.CharField(
        "DOI", max_length=200, blank=True, validators=[DOI],
        help_text=_("Where the edition was deposited, for instance at Zenodo: 10.5281/zenodo.1234."),
    )  # fmt: skip
    made_at = models.DateTimeField(_("made"), db_default=Now())

    class Meta:
        ordering = ["-day"]
        verbose_name = _("edition")
        verbose_name_plural = _("editions")

    def __str__(self):
        return f"{self.day}"


class Pin(models.Model):
    """A state of the record whose address was given out: what `?rev=` names. Never changed."""

    sequence = models.PositiveBigIntegerField(_("revision"))
    ordinal = models.PositiveIntegerField(_("which of its states"), help_text=_("1: the first given out."))
    statements = models.PositiveIntegerField(_("statements of completeness"))
    asks = models.PositiveIntegerField(_("asks set by hand"))
    codebooks = models.PositiveIntegerField(_("versions of the codebook"))
    method = models.CharField(_("method in service"), max_length=20)
    day = models.DateField(_("day on which it was first given out"))

    class Meta:
        ordering = ["sequence", "ordinal"]
        verbose_name = _("pinned state")
        verbose_name_plural = _("pinned states")
        constraints = [
            models.UniqueConstraint(fields=["sequence", "ordinal"], name="one_pin_per_revision_and_ordinal"),
            models.UniqueConstraint(
                fields=["sequence", "statements", "asks", "codebooks", "method"], name="one_pin_per_state"
            ),
        ]

    def __str__(self):
        return f"{self.sequence}" if self.ordinal == 1 else f"{self.sequence}.{self.ordinal}"


class MethodInService(models.Model):
    """The day on which this installation put a version of the method into service, where it had a record before."""

    version = models.CharField(_("version"), max_length=20, unique=True)
    since = models.DateField(_("in service since"))

    def __str__(self):
        return self.version


def public_key(value):
    """Refuse what is no key of Ed25519, and the few with which anybody signs anything."""
    if not verify.is_key(value):
        raise ValidationError(_("An Ed25519 public key: 64 hexadecimal digits, as mirror.py prints it."))


class Witness(models.Model):
    """A mirror whose countersignatures are taken and shown. An ended one's stay."""

    name = models.CharField(
        _("name"), max_length=100, help_text=_("Readers see it beside the heads of the log.")
    )
    key = models.CharField(
        _("public key"), max_length=64, unique=True, validators=[public_key], help_text=_("Ed25519, hex.")
    )
    address = models.URLField(
        _("address"), blank=True, help_text=_("Where it publishes its countersignatures itself, if it does.")
    )
    added_at = models.DateTimeField(_("added"), db_default=Now())
    ended_at = models.DateTimeField(
        _("ended"), null=True, blank=True, help_text=_("From then on nothing signed with its key is taken.")
    )

    class Meta:
        ordering = ["id"]
        verbose_name = _("witness")
        verbose_name_plural = _("witnesses")

    def __str__(self):
        return self.name


class Countersignature(models.Model):
    """That a witness saw the log end with this revision, the last time on that day."""

    witness = models.ForeignKey(
        Witness, models.PROTECT, related_name="countersignatures", verbose_name=_("witness")
    )
    sequence = models.PositiveBigIntegerField(_("revision"))
    digest = models.CharField(_("digest"), max_length=64)
    seen = models.DateField(_("seen"), help_text=_("Day (UTC), as the witness states it."))
    signature = models.CharField(_("signature"), max_length=128, help_text=_("Ed25519, hex."))
    received_at = models.DateTimeField(_("received"), db_default=Now())

    class Meta:
        ordering = ["-sequence", "witness"]
        verbose_name = _("countersignature")
        verbose_name_plural = _("countersignatures")
        constraints = [
            models.UniqueConstraint(
                fields=["sequence", "witness"], name="one_countersignature_per_head_and_witness"
            )
        ]

    def __str__(self):
        return f"{self.witness}: {self.sequence}"
