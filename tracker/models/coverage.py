"""What we looked at: to which day coding is complete, and how well we saw on each day."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Completeness(models.Model):
    """A statement that coding is complete to a day. Never changed; the latest known statement holds."""

    day = models.DateField(_("complete to"))
    recorded_at = models.DateField(
        _("stated on"), null=True, blank=True, help_text=_("Empty for the first import.")
    )
    note = models.CharField(_("note"), max_length=500, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
    )

    class Meta:
        ordering = ["id"]
        verbose_name = _("statement of completeness")
        verbose_name_plural = _("statements of completeness")

    def __str__(self):
        return f"{self.day}"


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
