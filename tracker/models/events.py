"""Events: the latest state of each for lists and filters. The truth is the log of revisions."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tracker import record
from tracker.models.articles import Article
from tracker.models.log import Recommendation

STRENGTHS = [
    (1, _("1 words")),
    (2, _("2 proposal")),
    (3, _("3 commitment")),
    (4, _("4 enacted")),
    (5, _("5 operating")),
]
DIRECTIONS = [(1, _("advances")), (-1, _("undermines")), (0, _("mixed"))]
assert {value for value, _label in STRENGTHS} == set(record.STRENGTHS)


class EventQuerySet(models.QuerySet):
    def accepted(self):
        """What counts: on record, not retracted, not merged into another."""
        return self.filter(status__in=Event.ON_RECORD, retracted=False)

    def open(self):
        """Proposals that nobody has decided yet, snoozed ones included."""
        return self.filter(status__in=Event.OPEN)

    def waiting(self):
        """What waits for an analyst now. What was put off sleeps, and does not wait."""
        return self.filter(status__in=Event.WAITING)

    def naming(self, actor):
        """Events whose actors include `actor`; the list is stored as text, so that both databases can."""
        return self.filter(actors__icontains=f'"{actor}"')


class Event(models.Model):
    class Status(models.TextChoices):
        NEW = "new", _("new")
        PROPOSED = "proposed", _("proposed")
        IN_REVIEW = "in_review", _("in review")
        ACCEPTED = "accepted", _("accepted")
        DISMISSED = "dismissed", _("dismissed")
        MERGED = "merged", _("merged")
        SNOOZED = "snoozed", _("snoozed")
        DISPUTED = "disputed", _("disputed")

    class Dismissal(models.TextChoices):
        NOT_RELEVANT = "not_relevant", _("no bearing on any recommendation")
        NO_ACT = "no_act", _("comment or preview, no act")
        DUPLICATE = "duplicate", _("already on record")
        UNRELIABLE = "unreliable", _("not credible")
        BEFORE_START = "before_start", _("before the record begins")
        OTHER = "other", _("another reason")

    OPEN = (Status.NEW, Status.PROPOSED, Status.IN_REVIEW, Status.SNOOZED)
    ON_RECORD = (Status.ACCEPTED, Status.DISPUTED)
    WAITING = (Status.NEW, Status.PROPOSED, Status.IN_REVIEW)

    id = models.CharField(
        _("id"),
        max_length=100,
        primary_key=True,
        validators=[RegexValidator(f"^{record.ID.pattern}$")],
        help_text=_("Permanent. Small letters, digits and hyphens."),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PROPOSED)
    date = models.DateField(_("date"), help_text=_("The day of the act, not of the report."))
    date_precision = models.CharField(
        _("precision of the date"),
        max_length=7,
        choices=[(p, _(p)) for p in record.PRECISIONS],
        default="day",
    )
    title = models.CharField(_("title"), max_length=500, blank=True)
    title_zh = models.CharField(_("title in Chinese"), max_length=500, blank=True)
    summary = models.TextField(_("summary"), max_length=10_000, blank=True)
    summary_zh = models.TextField(_("summary in Chinese"), max_length=10_000, blank=True)
    actors = models.JSONField(_("actors"), default=list, blank=True, help_text=_("Whose act it is."))
    certainty = models.CharField(
        _("certainty"), max_length=9, choices=[(c, _(c)) for c in record.CERTAINTIES], default="reported"
    )
    reach = models.CharField(
        _("reach"),
        max_length=5,
        choices=[(r, _(r)) for r in record.REACHES],
        default="wide",
        db_default="wide",
        help_text=_("National or international, or one state, city, site."),
    )
    until = models.DateField(
        _("until"),
        null=True,
        blank=True,
        help_text=_("First day on which it no longer counts, where the act itself names one."),
    )
    stage = models.CharField(
        _("stage"),
        max_length=5,
        choices=[(s, _(s)) for s in record.STAGES],
        blank=True,
        default="",
        db_default="",
        help_text=_("What waits for a next step."),
    )
    due = models.CharField(
        _("due"),
        max_length=10,
        blank=True,
        default="",
        db_default="",
        help_text=_("Day or month that its own text names for a next step."),
    )
    due_what = models.CharField(_("what is due"), max_length=500, blank=True, default="", db_default="")
    due_what_zh = models.CharField(
        _("what is due, in Chinese"), max_length=500, blank=True, default="", db_default=""
    )
    supersedes = models.JSONField(
        _("supersedes"), default=list, blank=True, help_text=_("Ids of earlier events whose effect it ends.")
    )
    suspends = models.JSONField(
        _("suspends"),
        default=list,
        db_default=[],
        blank=True,
        help_text=_("Ids of earlier events that sleep until its own last day."),
    )
    sources = models.JSONField(_("sources"), default=list, blank=True)
    codebook = models.CharField(_("codebook"), max_length=20, blank=True)
    recorded_at = models.DateField(
        _("recorded on"),
        null=True,
        blank=True,
        help_text=_("Day of this version; empty for the first import."),
    )
    retracted = models.BooleanField(_("retracted"), default=False)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="absorbed", verbose_name=_("merged into")
    )
    articles = models.ManyToManyField(
        Article, through="Report", related_name="events", verbose_name=_("articles")
    )

    folded = models.TextField(
        _("words"),
        blank=True,
        default="",
        editable=False,
        help_text=_("All words of the record in one spelling, for search."),
    )
    folded_title = models.TextField(
        _("words of the title"), blank=True, default="", editable=False, help_text=_("The titles alone.")
    )
    codes = models.TextField(
        _("codes"),
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text=_("The assessments as one text, for search; of a proposal those that analysts are shown."),
    )
    look_again = models.CharField(
        _("look again"),
        max_length=300,
        blank=True,
        default="",
        help_text=_("Why an event on record is to be looked at once more."),
    )

    version = models.PositiveIntegerField(_("version"), default=1, help_text=_("Rises with every write."))
    dismissal = models.CharField(_("reason of dismissal"), max_length=20, choices=Dismissal, blank=True)
    snoozed_until = models.DateTimeField(_("snoozed until"), null=True, blank=True)
    snoozed_reports = models.PositiveIntegerField(_("snoozed until so many reports"), null=True, blank=True)
    proposed_at = models.DateTimeField(_("proposed"), db_default=Now())
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )

    suggestion = models.JSONField(
        _("suggestion"), null=True, blank=True, help_text=_("The machine's, with reasons.")
    )
    model_version = models.CharField(_("model version"), max_length=60, blank=True)
    relevance = models.FloatField(_("relevance"), default=0.0)
    priority = models.FloatField(_("priority"), default=0.0, help_text=_("Expected value; orders the queue."))
    reports_count = models.PositiveIntegerField(_("reports"), default=0)
    outlets_count = models.PositiveIntegerField(_("independent outlets"), default=0)
    last_reported_at = models.DateTimeField(_("last report"), null=True, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["-date", "-id"]
        verbose_name = _("event")
        verbose_name_plural = _("events")
        permissions = [
            ("triage_event", _("Can decide proposals")),
            ("review_event", _("Can review: adjudicate, retract, settle, merge on record")),
        ]
        indexes = [
            models.Index(
                fields=["-priority", "id"],
                condition=models.Q(status__in=("new", "proposed", "in_review")),
                name="events_in_the_queue",
            ),
            models.Index(fields=["status", "-date"], name="events_by_status_and_date"),
            models.Index(fields=["date", "id"], name="events_by_date"),
            models.Index(
                fields=["-date"], condition=~models.Q(look_again=""), name="events_to_look_at_again"
            ),
            models.Index(
                fields=["snoozed_until"], condition=models.Q(status="snoozed"), name="events_that_sleep"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    status__in=(
                        *("new", "proposed", "in_review", "accepted"),
                        *("dismissed", "merged", "snoozed", "disputed"),
                    )
                ),
                name="event_status_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(certainty__in=record.CERTAINTIES), name="event_certainty_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(date_precision__in=record.PRECISIONS), name="event_precision_is_known"
            ),
            models.CheckConstraint(condition=models.Q(reach__in=record.REACHES), name="event_reach_is_known"),
            models.CheckConstraint(
                condition=models.Q(stage__in=("", *record.STAGES)), name="event_stage_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(status="merged", merged_into__isnull=False)
                | (~models.Q(status="merged") & models.Q(merged_into__isnull=True)),
                name="merged_event_names_its_target",
            ),
            models.CheckConstraint(
                condition=models.Q(status="dismissed") & ~models.Q(dismissal="")
                | (~models.Q(status="dismissed") & models.Q(dismissal="")),
                name="dismissed_event_has_a_reason",
            ),
            models.CheckConstraint(
                condition=~models.Q(merged_into=models.F("id")), name="event_is_not_merged_into_itself"
            ),
        ]

    def __str__(self):
        return self.title or self.title_zh or self.id

    @property
    def on_record(self):
        return self.status in self.ON_RECORD


class Report(models.Model):
    """One article's report of one event; an article may report several events."""

    class How(models.TextChoices):
        MACHINE = "machine", _("joined by the machine")
        ANALYST = "analyst", _("joined by an analyst")
        IMPORT = "import", _("imported")

    event = models.ForeignKey(Event, models.CASCADE, related_name="reports", verbose_name=_("event"))
    article = models.ForeignKey(Article, models.CASCADE, related_name="reports", verbose_name=_("article"))
    how = models.CharField(_("how"), max_length=7, choices=How, default=How.MACHINE)
    probability = models.FloatField(_("probability"), null=True, blank=True)
    because = models.JSONField(_("because"), default=list, blank=True)
    added_at = models.DateTimeField(_("added"), db_default=Now())

    class Meta:
        ordering = ["id"]
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        constraints = [
            models.UniqueConstraint(fields=["event", "article"], name="one_report_per_event_and_article")
        ]

    def __str__(self):
        return f"{self.article} → {self.event_id}"


class Assessment(models.Model):
    class Words(models.TextChoices):
        UNKNOWN = "", _("not noted")
        OWN = "own", _("the analyst's own")
        TAKEN = "taken", _("the machine's draft, taken over by the analyst")
        MACHINE = "machine", _("the machine's, which nobody has read over")

    event = models.ForeignKey(Event, models.CASCADE, related_name="assessments", verbose_name=_("event"))
    recommendation = models.ForeignKey(
        Recommendation, models.PROTECT, related_name="assessments", verbose_name=_("recommendation")
    )
    direction = models.SmallIntegerField(_("direction"), choices=DIRECTIONS)
    strength = models.PositiveSmallIntegerField(
        _("strength"), choices=STRENGTHS, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    ask = models.SlugField(
        _("ask"), blank=True, help_text=_("The recommendation's ask it speaks to, if any.")
    )
    rationale = models.TextField(
        _("rationale"), max_length=2_000, blank=True, help_text=_("One sentence, own words.")
    )
    rationale_zh = models.TextField(
        _("rationale in Chinese"), max_length=2_000, blank=True, default="", db_default=""
    )
    words = models.CharField(
        _("whose words"), max_length=8, choices=Words, blank=True, default="", db_default=""
    )
    codebook = models.CharField(_("codebook"), max_length=20, blank=True)

    class Meta:
        ordering = ["recommendation__number"]
        verbose_name = _("assessment")
        verbose_name_plural = _("assessments")
        constraints = [
            models.UniqueConstraint(
                fields=["event", "recommendation"], name="one_assessment_per_event_and_recommendation"
            ),
            models.CheckConstraint(
                condition=models.Q(strength__gte=1, strength__lte=5), name="strength_is_1_to_5"
            ),
            models.CheckConstraint(
                condition=models.Q(direction__in=(-1, 0, 1)), name="direction_is_plus_minus_or_mixed"
            ),
        ]

    def __str__(self):
        return f"{self.event_id} {self.recommendation_id} {self.direction:+d}·{self.strength}"

    def line(self):
        """The assessment in the record's format."""
        return {
            "rec": self.recommendation_id,
            "direction": self.direction,
            "strength": self.strength,
            "ask": self.ask or None,
            "rationale": self.rationale,
            "rationale_zh": self.rationale_zh,
        }
