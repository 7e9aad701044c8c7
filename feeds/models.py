"""What is polled, what it delivered, and what each poll came to.

The law: a feed that waits for nothing has `next_poll_at`; one that is never polled has none. A claimed feed's
`next_poll_at` is the end of its lease, so one index finds all that is due, lost leases included.
"""

from datetime import timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from feeds import health

NOISE_AFTER = 3  # cases without one against


def _going_on(place: str):
    """Other feeds of the outer feed's host or folder that brought something within a day."""
    lately = Now() - Value(health.GOING_ON, output_field=models.DurationField())
    others = Feed.objects.filter(last_new_at__gt=lately, paused=False).exclude(pk=OuterRef("pk"))
    return others.filter(**{place: OuterRef(place)}).exclude(**{place: ""})


def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of that name; None where there is none, or this machine does not know it."""
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, LookupError):
        return None


def a_time_zone(name: str) -> None:
    if zone_of(name) is None:
        raise ValidationError(
            _("“%(name)s” is no time zone; write it as Asia/Shanghai or Europe/Berlin."),
            params={"name": name},
        )


class FeedQuerySet(models.QuerySet):
    def due(self):
        return self.filter(next_poll_at__lte=Now())

    def called(self, name: str):
        """Feeds by their id, or by a part of their address or title."""
        if name.isdecimal():
            return self.filter(pk=int(name))
        return self.filter(Q(url__icontains=name) | Q(title__icontains=name))

    def leased(self):
        return self.filter(leased_until__gt=Now())

    def alive(self):
        """Feeds that we read, and that have not failed for a day: a short trouble hides no item."""
        lately = Now() - Value(timedelta(days=1), output_field=models.DurationField())
        well = Q(failing_since=None) | Q(failing_since__gt=lately)
        return self.filter(well, paused=False, last_read_at__isnull=False).exclude(state=Feed.State.STOPPED)

    def ailing(self):
        return self.filter(Feed.is_ailing())

    def quiet(self):
        """Feeds that answer and have been silent far longer than their own habit."""
        return self.filter(Feed.is_quiet())

    def with_neighbours(self):
        """Each with whether others of its host or folder go on; asked only of those whose silence it makes strange."""
        lonely = Q(lonely_after__lt=Now())
        return self.annotate(
            busy_host=models.Case(models.When(lonely, then=Exists(_going_on("host"))), default=False),
            busy_folder=models.Case(models.When(lonely, then=Exists(_going_on("folder"))), default=False),
        )

    def worst_first(self):
        """As a queue: what fails, then what is strangely quiet, then what is new, then the rest."""
        rank = models.Case(
            models.When(paused=True, then=9),
            models.When(state=Feed.State.STOPPED, then=0),
            models.When(state=Feed.State.RED, then=1),
            models.When(state=Feed.State.AMBER, then=2),
            models.When(Feed.is_quiet(), then=3),
            models.When(state=Feed.State.NEW, then=4),
            default=5,
        )
        return self.annotate(rank=rank).order_by("rank", "folder", "title", "pk")

    def poll_soon(self) -> int:
        """Make feeds due now, stopped ones included, and ask for the whole document.

        What a worker holds already stays as it is.
        """
        free = self.filter(Q(leased_until=None) | Q(leased_until__lte=Now()), paused=False)
        return free.update(next_poll_at=Now(), attempts=0, whole_at=None)

    def pause(self) -> int:
        """Stop polling; a poll under way loses its lease, and with it its result."""
        return self.update(paused=True, next_poll_at=None, lease_token="", leased_until=None)

    def resume(self) -> int:
        return self.filter(paused=True).update(paused=False, next_poll_at=Now(), attempts=0)


class Feed(models.Model):
    class State(models.TextChoices):
        NEW = "new", _("not polled yet")
        GREEN = "green", _("well")
        AMBER = "amber", _("in trouble")
        RED = "red", _("failing")
        STOPPED = "stopped", _("stopped")

    url = models.URLField(_("address"), max_length=1000, unique=True, help_text=_("Where the feed is read."))
    title = models.CharField(_("title"), max_length=500, blank=True, help_text=_("Empty: the feed's own."))
    folder = models.CharField(
        _("folder"), max_length=500, blank=True, help_text=_("Its place in an OPML file; levels by “/”.")
    )
    site_url = models.URLField(_("site"), max_length=1000, blank=True, help_text=_("The page for readers."))
    language = models.CharField(
        _("language"), max_length=20, blank=True, help_text=_("For texts too short to tell: en, zh-Hans, …")
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=60,
        blank=True,
        default="",
        db_default="",
        validators=[a_time_zone],
        help_text=_(
            "Where its publisher's day begins, as Asia/Shanghai. For times without an offset, and for those in UTC."
        ),
    )
    category = models.CharField(
        _("categories"), max_length=1000, blank=True, help_text=_("As in the OPML file, kept for export.")
    )
    paused = models.BooleanField(_("paused"), default=False, help_text=_("Not polled until resumed."))
    reference_only = models.BooleanField(
        _("read carefully"), default=False, help_text=_("Always use the slow, forgiving reader.")
    )
    full_text = models.BooleanField(
        _("fetch full texts"),
        default=True,
        help_text=_("Of relevant articles, if the service fetches full texts at all."),
    )
    host = models.CharField(max_length=255, editable=False, db_index=True)

    etag = models.CharField(max_length=500, blank=True, editable=False)
    last_modified = models.CharField(max_length=100, blank=True, editable=False)
    body_digest = models.CharField(max_length=64, blank=True, editable=False)
    whole_at = models.DateTimeField(
        null=True, editable=False, help_text=_("When its whole document came last; else it is asked for.")
    )
    barren_reads = models.PositiveIntegerField(
        default=0, editable=False, help_text=_("Documents in a row that had changed and listed nothing new.")
    )
    moved_to = models.CharField(max_length=1000, blank=True, editable=False)
    moved_since = models.DateTimeField(null=True, editable=False)
    former_url = models.CharField(_("former address"), max_length=1000, blank=True, editable=False)

    archive_next = models.CharField(max_length=1000, blank=True, default="", editable=False)
    archive_pages = models.PositiveIntegerField(
        _("pages of its archive"), default=0, editable=False, help_text=_("Read so far, its own included.")
    )

    interval = models.PositiveIntegerField(
        _("rhythm"), default=health.FIRST, editable=False, help_text=_("Seconds between polls.")
    )
    fresh_polls = models.SmallIntegerField(default=0, editable=False)
    next_poll_at = models.DateTimeField(
        _("next poll"), null=True, blank=True, db_default=Now(), editable=False
    )
    lease_token = models.CharField(max_length=32, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text=_("Polls begun since one last came to an end.")
    )

    state = models.CharField(_("state"), max_length=8, choices=State, default=State.NEW, editable=False)
    trouble = models.CharField(_("trouble"), max_length=20, blank=True, editable=False)
    trouble_text = models.TextField(_("what is wrong"), blank=True, editable=False)
    trouble_weight = models.FloatField(default=0, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, editable=False)
    alerted_at = models.DateTimeField(null=True, editable=False)
    last_polled_at = models.DateTimeField(_("last polled"), null=True, editable=False)
    last_read_at = models.DateTimeField(_("last read"), null=True, editable=False)
    last_new_at = models.DateTimeField(_("last brought something new"), null=True, editable=False)
    newest_at = models.DateTimeField(_("newest item"), null=True, editable=False)
    usual_gap = models.PositiveIntegerField(
        null=True, editable=False, help_text=_("Seconds between two items, by its own habit.")
    )
    quiet_after = models.DateTimeField(
        null=True, editable=False, help_text=_("When its silence becomes strange.")
    )
    lonely_after = models.DateTimeField(
        null=True, editable=False, help_text=_("When its silence becomes strange if its neighbours go on.")
    )
    unchanged_polls = models.PositiveIntegerField(
        default=0, editable=False, help_text=_("Polls in a row that found nothing changed.")
    )
    created_at = models.DateTimeField(_("added"), db_default=Now(), editable=False)

    objects = FeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("feed")
        verbose_name_plural = _("feeds")
        ordering = ["folder", "title", "url"]
        indexes = [
            models.Index(fields=["next_poll_at"], name="feeds_due", condition=Q(next_poll_at__isnull=False)),
            models.Index(fields=["leased_until"], name="feeds_held", condition=Q(leased_until__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                name="a_lease_has_a_token_and_an_end",
                condition=Q(lease_token="", leased_until=None)
                | ~Q(lease_token="") & Q(leased_until__isnull=False),
            ),
            models.CheckConstraint(
                name="a_paused_feed_is_never_due", condition=Q(paused=False) | Q(next_poll_at=None)
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.url

    def save(self, *args, **kwargs):
        self.host = self.host_of(self.url)
        super().save(*args, **kwargs)

    @property
    def zone(self) -> ZoneInfo | None:
        """Its publisher's time zone; None where none is set."""
        return zone_of(self.time_zone)

    @staticmethod
    def host_of(url: str) -> str:
        """Whom a poll bothers: the host in lower case, without `www.`."""
        try:
            return (urlsplit(url).hostname or "").removeprefix("www.")[:255]
        except ValueError:
            return ""

    @staticmethod
    def is_paused() -> Q:
        return Q(paused=True)

    @staticmethod
    def is_ailing() -> Q:
        return Q(paused=False, state__in=[Feed.State.AMBER, Feed.State.RED, Feed.State.STOPPED])

    @staticmethod
    def is_quiet() -> Q:
        doubted = F("last_polled_at") - Value(health.DOUBTED_AFTER, output_field=models.DurationField())
        lonely = Q(lonely_after__lt=Now()) & (Exists(_going_on("host")) | Exists(_going_on("folder")))
        strange = Q(quiet_after__lt=Now()) | Q(whole_at__lte=doubted) | lonely
        return Q(paused=False, state=Feed.State.GREEN) & strange

    def busy_beside(self) -> str:
        """Where feeds beside this one go on: its host, else its folder, else "". Lists ask for all at once."""
        if not hasattr(self, "busy_host"):
            asked = Feed.objects.with_neighbours().values_list("busy_host", "busy_folder")
            busy: tuple[bool, bool] = asked.filter(pk=self.pk).first() or (False, False)
            self.busy_host, self.busy_folder = busy
        return self.host if self.busy_host else self.folder if self.busy_folder else ""

    @property
    def condition(self) -> health.Condition:
        return health.Condition(
            self.state, self.trouble, self.trouble_text, self.trouble_weight, self.failing_since
        )

    def health(self) -> str:
        """One sentence in the reader's language."""
        return health.sentence(self, now=timezone.now())


class Delivery(models.Model):
    """One item as one feed delivered it. An article in five feeds has five."""

    feed = models.ForeignKey(Feed, models.CASCADE, related_name="deliveries", db_index=False)
    article = models.ForeignKey(
        "tracker.Article", models.CASCADE, related_name="+", verbose_name=_("article")
    )
    guid = models.TextField(_("identity"), help_text=_("The publisher's id, else the link, else a digest."))
    guid_key = models.CharField(max_length=32, help_text=_("Digest of the identity."))
    digest = models.CharField(max_length=32, help_text=_("Digest of what was delivered last."))
    leads = models.BooleanField(
        _("leads"), default=False, help_text=_("The article shows this feed's words; others only confirm.")
    )
    first_seen_at = models.DateTimeField(_("first seen"), db_default=Now())
    text_tried_at = models.DateTimeField(_("full text fetched"), null=True, editable=False)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [models.Index(fields=["feed", "-id"], name="deliveries_of_a_feed")]
        constraints = [
            models.UniqueConstraint(fields=["feed", "guid_key"], name="one_delivery_per_feed_and_guid"),
        ]

    def __str__(self) -> str:
        return self.guid[:100]


class MetAddress(models.Model):
    """Another address under which an article was met: whoever delivers it again means that article."""

    key = models.CharField(
        max_length=64, primary_key=True, help_text=_("Digest of the address's one spelling.")
    )
    article = models.ForeignKey("tracker.Article", models.CASCADE, related_name="+")
    url = models.TextField(_("address"), blank=True)

    class Meta:
        verbose_name = _("other address")
        verbose_name_plural = _("other addresses")

    def __str__(self) -> str:
        return self.url[:200]


class Parameter(models.Model):
    """What was seen of one parameter in the addresses of one host: cases for and against its changing the page."""

    host = models.CharField(max_length=255)
    name = models.CharField(_("parameter"), max_length=100)
    same = models.PositiveIntegerField(
        default=0, help_text=_("Cases of one page and title whatever it said.")
    )
    other = models.PositiveIntegerField(default=0, help_text=_("Cases of another title where it differed."))

    class Meta:
        verbose_name = _("parameter of addresses")
        verbose_name_plural = _("parameters of addresses")
        constraints = [
            models.UniqueConstraint(fields=["host", "name"], name="one_row_per_host_and_parameter"),
        ]

    def __str__(self) -> str:
        return f"{self.host} {self.name}"

    @property
    def is_noise(self) -> bool:
        """Whether it never changes the page, as far as was seen."""
        return self.same >= NOISE_AFTER and not self.other


class Poll(models.Model):
    """What a poll came to. Polls that found nothing changed are only counted, on the feed."""

    class Outcome(models.TextChoices):
        READ = "read", _("read")
        EMPTY = "empty", _("read, but it lists nothing")
        MOVED = "moved", _("moved for good")
        FAILED = "failed", _("failed")

    feed = models.ForeignKey(Feed, models.CASCADE, related_name="polls", db_index=False)
    at = models.DateTimeField(_("at"), db_default=Now())
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome)
    trouble = models.CharField(_("trouble"), max_length=20, blank=True)
    text = models.TextField(_("in words"), blank=True)
    status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    seconds = models.FloatField(_("seconds"), default=0)
    sent = models.PositiveIntegerField(_("bytes on the wire"), default=0)
    entries = models.PositiveIntegerField(_("items"), default=0)
    new = models.PositiveIntegerField(_("new"), default=0)
    edited = models.PositiveIntegerField(_("edited"), default=0)
    reader = models.CharField(max_length=10, blank=True)

    class Meta:
        verbose_name = _("poll")
        verbose_name_plural = _("polls")
        indexes = [
            models.Index(fields=["feed", "-id"], name="polls_of_a_feed"),
            models.Index(fields=["at"], name="polls_by_age"),
        ]
        constraints = [
            models.CheckConstraint(
                name="a_poll_brings_no_more_than_it_lists", condition=Q(entries__gte=F("new"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_outcome_display()}"


class LastAnswer(models.Model):
    """What a feed's server last sent in full, as it came: for whoever asks why an item is what it is."""

    feed = models.OneToOneField(Feed, models.CASCADE, primary_key=True, related_name="last_answer")
    at = models.DateTimeField(_("at"))
    url = models.TextField(_("address"), help_text=_("After all redirects."))
    hops = models.TextField(_("redirects"), blank=True, help_text=_("Status and address, one a line."))
    status = models.PositiveSmallIntegerField(_("HTTP status"))
    headers = models.TextField(_("headers"), blank=True)
    content_type = models.CharField(_("content type"), max_length=200, blank=True)
    size = models.PositiveIntegerField(_("bytes"), help_text=_("Of the document, decompressed."))
    body = models.BinaryField(
        null=True, help_text=_("The document, compressed; empty when it is larger than is kept.")
    )
    refusal = models.TextField(
        _("why it is no feed"), blank=True, help_text=_("Empty when it could be read.")
    )

    class Meta:
        verbose_name = _("last answer")
        verbose_name_plural = _("last answers")
        indexes = [models.Index(fields=["at"], name="last_answers_by_age")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.url[:100]}"


class Subscription(models.Model):
    """What one feed's hub was asked to tell us (WebSub): a nudge to poll, and nothing more."""

    class State(models.TextChoices):
        WANTED = "wanted", _("not asked yet")
        ASKED = "asked", _("asked, not confirmed yet")
        ACTIVE = "active", _("confirmed")
        DENIED = "denied", _("denied by the hub")
        FAILED = "failed", _("the hub cannot be asked")

    feed = models.OneToOneField(Feed, models.CASCADE, primary_key=True, related_name="subscription")
    hub = models.CharField(_("hub"), max_length=1000)
    topic = models.CharField(
        _("topic"), max_length=1000, help_text=_("The address by which the hub knows it.")
    )
    token = models.CharField(max_length=64, unique=True, help_text=_("The last part of our address for it."))
    secret = models.CharField(max_length=64, help_text=_("The hub signs what it sends with it."))
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WANTED)
    said = models.CharField(_("what the hub said"), max_length=300, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(_("asked next"), db_default=Now())
    lease_until = models.DateTimeField(_("confirmed until"), null=True)
    pushed_at = models.DateTimeField(_("last nudge"), null=True)

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        indexes = [models.Index(fields=["next_try_at"], name="subscriptions_due")]

    def __str__(self) -> str:
        return f"{self.hub} {self.topic}"[:200]
