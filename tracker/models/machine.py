"""The machine's own rows: the tagger's vocabulary and versions, an outside model's answers, signs of life, leases."""

import uuid
from datetime import timedelta

from django.db import models
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Cue(models.Model):
    """One line of `seeds/cues.jsonl`: an act, an object, a side or a rule of the table."""

    kind = models.CharField(_("kind"), max_length=20)
    key = models.CharField(_("key"), max_length=100)
    body = models.JSONField(_("body"), default=dict)
    active = models.BooleanField(_("active"), default=True)
    changed_at = models.DateTimeField(_("changed"), db_default=Now())

    class Meta:
        ordering = ["kind", "key"]
        verbose_name = _("cue")
        verbose_name_plural = _("cues")
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="one_cue_per_kind_and_key")]

    def __str__(self):
        return f"{self.kind} {self.key}"


class TaggerVersion(models.Model):
    """A trained model, kept so that one command goes back to it."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    trained_at = models.DateTimeField(_("trained"), db_default=Now())
    body = models.BinaryField(_("model"))
    measures = models.JSONField(_("measures"), default=dict, blank=True)
    serving_since = models.DateTimeField(_("serving since"), null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("version of the tagger")
        verbose_name_plural = _("versions of the tagger")

    def __str__(self):
        return self.name


class SecondOpinion(models.Model):
    """One question to an outside model and its answer: asked for once, never accepted by itself."""

    digest = models.CharField(
        _("digest"), max_length=64, unique=True, help_text=_("SHA-256 of the question.")
    )
    model = models.CharField(_("model"), max_length=200)
    about = models.CharField(_("about"), max_length=200, db_default="", default="", blank=True)
    asked_at = models.DateTimeField(_("asked"), db_default=Now())
    tries = models.PositiveIntegerField(_("tries"), default=0)
    answer = models.JSONField(_("answer"), null=True, blank=True)
    trouble = models.CharField(_("trouble"), max_length=300, blank=True)
    tokens_in = models.PositiveIntegerField(_("tokens read"), db_default=0)
    tokens_out = models.PositiveIntegerField(_("tokens written"), db_default=0)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["asked_at"], name="opinions_by_time")]
        verbose_name = _("second opinion")
        verbose_name_plural = _("second opinions")

    def __str__(self):
        return f"{self.model} {self.digest[:10]}"


class AnswerForm(models.Model):
    """How an endpoint of second opinions takes questions, as it was found out; deleted, it is found out anew."""

    address = models.CharField(_("address"), max_length=500)
    model = models.CharField(_("model"), max_length=200)
    form = models.CharField(_("form of answer"), max_length=20)
    without = models.JSONField(
        _("without"), default=list, blank=True, help_text=_("Parameters that the endpoint refuses.")
    )
    found_at = models.DateTimeField(_("found out"), auto_now=True)

    class Meta:
        ordering = ["address", "model"]
        verbose_name = _("form of an endpoint's answers")
        verbose_name_plural = _("forms of endpoints' answers")
        constraints = [
            models.UniqueConstraint(fields=["address", "model"], name="one_form_per_endpoint_and_model")
        ]

    def __str__(self):
        return f"{self.model}: {self.form}"


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
