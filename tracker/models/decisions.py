"""What analysts decided and stand behind, journalled for ever: decisions, claims, codings, confirmations, pairs.

A person stands behind the codes that a person wrote, and those that one confirmed. The law: a confirmation holds for
the codes that were read (`tracker.record.signature`) and for no others. Codes that change are no longer confirmed;
codes that come back, by an undo say, are so again.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tracker import record
from tracker.models.articles import Article
from tracker.models.events import Event
from tracker.models.log import Revision


class Decision(models.Model):
    """One step of one event from a status to a status, with the state before and after, for a true undo."""

    event = models.ForeignKey(Event, models.PROTECT, related_name="decisions", verbose_name=_("event"))
    action = models.CharField(_("action"), max_length=20)
    status_before = models.CharField(_("status before"), max_length=10, blank=True)
    status_after = models.CharField(_("status after"), max_length=10)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), db_default=Now())
    reason = models.CharField(_("reason"), max_length=1000, blank=True)
    before = models.JSONField(_("state before"), null=True, blank=True)
    after = models.JSONField(_("state after"), null=True, blank=True)
    undoes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="undone_by", verbose_name=_("undoes")
    )
    batch = models.UUIDField(
        _("batch"),
        null=True,
        blank=True,
        db_index=True,
        help_text=_("One step: all events that it touched. A form that is sent twice carries the same."),
    )
    seconds = models.FloatField(_("seconds at the item"), null=True, blank=True)
    model_version = models.CharField(_("model version"), max_length=60, blank=True)
    suggestion_shown = models.BooleanField(_("suggestion shown"), default=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        indexes = [
            models.Index(fields=["by", "-id"], name="decisions_by_analyst"),
            models.Index(fields=["at"], name="decisions_by_time"),
        ]

    def __str__(self):
        return f"{self.event_id}: {self.action}"


class Claim(models.Model):
    """Who works on an event just now, and in which of their pages; ends by itself."""

    event = models.OneToOneField(Event, models.CASCADE, related_name="claim", verbose_name=_("event"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("by"))
    until = models.DateTimeField(_("until"))
    pages = models.JSONField(
        _("pages"),
        default=dict,
        db_default={},
        blank=True,
        help_text=_(
            "Which of the analyst's open pages hold it, each until when: only that page gives it back."
        ),
    )
    ahead = models.BooleanField(
        _("ahead of time"),
        default=False,
        db_default=False,
        help_text=_("Kept as the one that comes next; whoever wants just this event has it."),
    )

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")

    def __str__(self):
        return f"{self.event_id} by {self.by_id}"


class Coding(models.Model):
    """One coding of one event in blind double coding; never shown to the other coder.

    Without `coder`, done, it is the record's own as a `reader` who is no account of ours left it.
    """

    class Part(models.TextChoices):
        FIRST = "first", _("first coding")
        SECOND = "second", _("blind second coding")
        ADJUDICATION = "adjudication", _("adjudication")

    event = models.ForeignKey(Event, models.PROTECT, related_name="codings", verbose_name=_("event"))
    part = models.CharField(_("part"), max_length=12, choices=Part)
    coder = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("coder"),
    )
    reader = models.CharField(
        _("reader"),
        max_length=150,
        blank=True,
        default="",
        db_default="",
        help_text=_("Who coded, where it was no account of ours."),
    )
    draw = models.ForeignKey(
        "tracker.Draw", models.PROTECT, null=True, blank=True, related_name="codings", verbose_name=_("draw")
    )
    asked_at = models.DateTimeField(_("asked"), db_default=Now())
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    body = models.JSONField(
        _("coding"), null=True, blank=True, help_text=_("relevant, actors, certainty, assessments")
    )
    suggestion_shown = models.BooleanField(_("suggestion shown"), default=False)

    class Meta:
        ordering = ["id"]
        verbose_name = _("coding")
        verbose_name_plural = _("codings")
        constraints = [
            models.UniqueConstraint(fields=["event", "part"], name="one_coding_per_event_and_part")
        ]

    def __str__(self):
        return f"{self.event_id} {self.part}"


class Preference(models.Model):
    """How one analyst's desk is set up."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("user")
    )
    keys = models.JSONField(_("keys"), default=dict, blank=True, help_text=_("Only those that differ."))
    single_keys = models.BooleanField(_("single keys"), default=True)
    public_name = models.CharField(
        _("public name"),
        max_length=150,
        blank=True,
        default="",
        db_default="",
        help_text=_("Shown to readers beside what this analyst decides. Empty: initials."),
    )

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")

    def __str__(self):
        return f"{self.user}"


class SavedView(models.Model):
    """A tab, a search and an order of the desk's list, kept under a name."""

    name = models.CharField(_("name"), max_length=80)
    tab = models.CharField(_("tab"), max_length=20, default="queue")
    query = models.CharField(_("search"), max_length=300, blank=True)
    order = models.CharField(_("order"), max_length=20, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("by"))
    shared = models.BooleanField(_("shared"), default=False, help_text=_("Everybody at the desk sees it."))

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [
            models.UniqueConstraint(fields=["by", "name"], name="one_saved_view_per_analyst_and_name")
        ]

    def __str__(self):
        return self.name


class PairJudgement(models.Model):
    """Whether an article reports an event, as an analyst said: remembered, and learned from."""

    article = models.ForeignKey(Article, models.CASCADE, related_name="+", verbose_name=_("article"))
    event = models.ForeignKey(Event, models.CASCADE, related_name="+", verbose_name=_("event"))
    same = models.BooleanField(_("same act"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), db_default=Now())

    class Meta:
        verbose_name = _("pair joined or parted")
        verbose_name_plural = _("pairs joined or parted")
        constraints = [
            models.UniqueConstraint(fields=["article", "event"], name="one_judgement_per_article_and_event")
        ]

    def __str__(self):
        return f"{self.article_id} {'is' if self.same else 'is not'} {self.event_id}"


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


@dataclass(frozen=True, slots=True)
class Standing:
    """Since when a person stands behind codes, and how that came: `written` or `confirmed`."""

    day: datetime.date
    how: str


# Of each event: signature, day, how, and the day on which it was taken back.
Confirmed = Mapping[str, list[tuple[str, datetime.date, str, datetime.date | None]]]


def note_written(revision: Revision) -> None:
    """A person wrote this version: its codes are that person's, unless they stood before."""
    line = revision.record
    if line["retracted"]:
        return
    codes = record.signature(line)
    before = Revision.objects.filter(event=revision.event_id, sequence__lt=revision.sequence)
    last = before.order_by("-sequence").values_list("body", flat=True).first()
    if last is not None and record.signature(Revision(body=last).record) == codes:
        return
    _noted(revision.event_id, codes, Confirmation.How.WRITTEN, revision.by, day_of(revision))


def day_of(revision: Revision) -> datetime.date:
    """The day on which a version came on record."""
    said = revision.record["recorded_at"]
    return record.day(said, "recorded_at") if said else revision.written_at.date()


def confirm(event: Event, codes: str, by: Any, day: datetime.date) -> None:
    """A person read these codes beside the sources and confirms them."""
    _noted(event.pk, codes, Confirmation.How.CONFIRMED, by, day)


def take_back(event: Event, codes: str, by: Any, day: datetime.date) -> None:
    """That was undone: it holds no longer, from this day on."""
    standing = Confirmation.objects.filter(event=event, signature=codes, by=by, withdrawn_on=None)
    standing.filter(how=Confirmation.How.CONFIRMED).update(withdrawn_on=day)


def _noted(event_id: str, codes: str, how: str, by: Any, day: datetime.date) -> None:
    Confirmation.objects.get_or_create(
        event_id=event_id, signature=codes, how=how, by=by, withdrawn_on=None, defaults={"day": day}
    )


def confirmations() -> Confirmed:
    """Every confirmation, by event, the earliest first."""
    found: dict[str, list[tuple[str, datetime.date, str, datetime.date | None]]] = {}
    names = ("event_id", "signature", "day", "how", "withdrawn_on")
    for event_id, *stands in Confirmation.objects.order_by("day", "id").values_list(*names):
        found.setdefault(event_id, []).append(tuple(stands))
    return found


def standing(
    line: Mapping[str, Any], confirmed: Confirmed, until: datetime.date | None = None
) -> Standing | None:
    """Who stands behind the codes of a record as known on a day (None: now); None: nobody yet."""
    if not (rows := confirmed.get(line["id"])):
        return None
    codes = record.signature(line)
    for signature, day, how, withdrawn in rows:
        holds = (
            withdrawn is None if until is None else day <= until and (withdrawn is None or withdrawn > until)
        )
        if signature == codes and holds:
            return Standing(day, how)
    return None


def unconfirmed(events: Iterable[Event], confirmed: Confirmed) -> list[Event]:
    """Those of these events, their assessments at hand, whose codes nobody stands behind."""
    return [event for event in events if standing(_line(event), confirmed) is None]


def _line(event: Event) -> dict[str, Any]:
    return {
        "id": event.pk,
        "actors": event.actors,
        "certainty": event.certainty,
        "reach": event.reach,
        "until": event.until.isoformat() if event.until else None,
        "assessments": [row.line() for row in event.assessments.all()],
    }


def codes_of(event: Event) -> str:
    """The signature of an event's codes as its rows stand."""
    return record.signature(_line(event))
