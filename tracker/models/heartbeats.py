"""Signs of life: what must go on happening, when it last did, and how often."""

from django.db import models
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class HeartbeatQuerySet(models.QuerySet):
    def touch(self, name, *, seconds=0.0):
        """It happened, now by the database's clock. Two who touch at once are both counted."""
        changes = {"at": Now(), "count": F("count") + 1, "seconds": F("seconds") + seconds}
        if not self.filter(name=name).update(**changes):
            self.bulk_create([Heartbeat(name=name)], ignore_conflicts=True)
            self.filter(name=name).update(**changes)


class Heartbeat(models.Model):
    name = models.CharField(_("what"), max_length=150, primary_key=True)
    at = models.DateTimeField(_("last time"), db_default=Now())
    count = models.PositiveBigIntegerField(_("times"), default=0)
    seconds = models.FloatField(_("seconds in all"), default=0)

    objects = HeartbeatQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("sign of life")
        verbose_name_plural = _("signs of life")

    def __str__(self):
        return f"{self.name}: {self.at:%Y-%m-%d %H:%M:%S}"
