"""Frozen, signed exports of the whole record, one for each day."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Edition(models.Model):
    """One day's edition. Never changed: the next one is chained to the digest of its manifest."""

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
    made_at = models.DateTimeField(_("made"), db_default=Now())

    class Meta:
        ordering = ["-day"]
        verbose_name = _("edition")
        verbose_name_plural = _("editions")

    def __str__(self):
        return f"{self.day}"
