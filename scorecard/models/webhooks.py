"""Webhooks after the Standard Webhooks specification: whom to call, what is owed, and each try."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from scorecard.models.keys import ApiKey


class Webhook(models.Model):
    """An address that is told of each change of meaning."""

    key = models.ForeignKey(ApiKey, models.CASCADE, related_name="webhooks", verbose_name=_("key"))
    url = models.URLField(_("address"), max_length=2000, help_text=_("https, on the open internet."))
    recommendations = models.JSONField(
        _("recommendations"), default=list, blank=True, help_text=_("Empty: all.")
    )
    actors = models.JSONField(_("actors"), default=list, blank=True, help_text=_("Empty: all."))
    secret = models.CharField(_("secret"), max_length=100, help_text=_("whsec_…, shown to its owner once."))
    old_secret = models.CharField(_("secret before"), max_length=100, blank=True)
    old_until = models.DateTimeField(
        _("secret before holds until"), null=True, blank=True, help_text=_("Both sign until then.")
    )
    sequence = models.PositiveBigIntegerField(
        _("told up to"), default=0, help_text=_("The last revision for which deliveries were written.")
    )
    created_at = models.DateTimeField(_("created"), db_default=Now())
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    disabled_at = models.DateTimeField(_("disabled"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")

    def __str__(self):
        return self.url[:100]


class Delivery(models.Model):
    """One message to one webhook. Its id and body never change, whatever number of tries it takes."""

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries", verbose_name=_("webhook"))
    message = models.CharField(_("message id"), max_length=40, unique=True)
    sequence = models.PositiveBigIntegerField(_("revision"))
    body = models.TextField(_("body"))
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    next_at = models.DateTimeField(_("next try"), null=True, blank=True)
    leased_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    token = models.CharField(_("lease"), max_length=32, blank=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    given_up_at = models.DateTimeField(_("given up"), null=True, blank=True)
    written_at = models.DateTimeField(_("written"), db_default=Now())

    class Meta:
        ordering = ["-id"]
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [
            models.Index(
                fields=["next_at"],
                condition=models.Q(delivered_at=None, given_up_at=None),
                name="deliveries_owed",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["webhook", "sequence"], name="one_delivery_per_webhook_and_revision"
            )
        ]

    def __str__(self):
        return self.message


class Try(models.Model):
    """One call of a webhook and what came of it."""

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="tries", verbose_name=_("delivery"))
    at = models.DateTimeField(_("at"), db_default=Now())
    status = models.PositiveSmallIntegerField(_("status"), null=True, blank=True)
    trouble = models.CharField(_("trouble"), max_length=300, blank=True)
    seconds = models.FloatField(_("seconds"), default=0.0)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("try")
        verbose_name_plural = _("tries")

    def __str__(self):
        return f"{self.delivery_id}: {self.status or self.trouble}"
