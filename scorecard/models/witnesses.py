"""Who mirrors the log and signs what it saw: keys that the operator trusts, and what was signed with them."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from scorecard import verify


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
