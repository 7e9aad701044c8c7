"""Signs of life: what must go on happening, when it last did, and how often.

Work that only one process may do at a time: a row with an end, taken by one conditional update.
"""

import uuid
from datetime import timedelta

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


class LeaseManager(models.Manager):
    def take(self, name, seconds):
        """A token if the work is free, else None. By the database's clock, not the worker's."""
        self.get_or_create(name=name)
        token = uuid.uuid4().hex
        free = models.Q(until=None) | models.Q(until__lte=Now())
        taken = self.filter(free, name=name).update(until=Now() + timedelta(seconds=seconds), token=token)
        return token if taken else None

    def give_back(self, name, token):
        """End a lease early; nothing happens when somebody else has taken it since."""
        self.filter(name=name, token=token).update(until=None, token="")


class Lease(models.Model):
    name = models.CharField(_("name"), max_length=40, primary_key=True)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    token = models.CharField(_("token"), max_length=32, blank=True)

    objects = LeaseManager()

    class Meta:
        verbose_name = _("lease")
        verbose_name_plural = _("leases")

    def __str__(self):
        return self.name
