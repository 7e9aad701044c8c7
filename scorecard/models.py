"""What the way out keeps: keys of programs, frozen editions, pinned states, subscriptions and webhooks, disputes.

The law: a program's secret is shown once and never kept, the row holds its SHA-256; each mail and each call is a row
that is claimed before it is sent (webhooks after the Standard Webhooks specification).
"""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class DisputeQuerySet(models.QuerySet):
    def public(self):
        """All but what an editor marked as spam."""
        return self.exclude(state=Dispute.State.SPAM)

    def open(self):
        return self.filter(state__in=Dispute.OPEN)


class Dispute(models.Model):
    class State(models.TextChoices):
        RECEIVED = "received", _("received: waits for an editor")
        IN_REVIEW = "in_review", _("in review")
        ACCEPTED = "accepted", _("accepted: the record was changed")
        REJECTED = "rejected", _("not accepted")
        SPAM = "spam", _("spam")

    OPEN = (State.RECEIVED, State.IN_REVIEW)

    reference = models.CharField(_("reference"), max_length=16, unique=True)
    event = models.ForeignKey("tracker.Event", models.PROTECT, related_name="+", verbose_name=_("event"))
    recommendation = models.SlugField(_("recommendation"), blank=True, help_text=_("Empty: the whole event."))
    claim = models.TextField(_("what is wrong"), max_length=4000)
    source = models.URLField(_("source"), max_length=2000, help_text=_("A page that shows it."))
    direction = models.SmallIntegerField(_("direction proposed"), null=True, blank=True)
    strength = models.PositiveSmallIntegerField(_("strength proposed"), null=True, blank=True)
    name = models.CharField(_("name"), max_length=100, blank=True, help_text=_("Shown with the dispute."))
    email = models.EmailField(_("e-mail"), blank=True, help_text=_("For the answer only; never shown."))
    language = models.CharField(_("language"), max_length=10, default="en")
    sequence = models.PositiveBigIntegerField(
        _("about revision"), default=0, help_text=_("The version of the event that the reader saw.")
    )
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.RECEIVED)
    answer = models.TextField(_("answer"), max_length=4000, blank=True, help_text=_("Readers see it."))
    changed_by = models.PositiveBigIntegerField(
        _("revision that followed"), null=True, blank=True, help_text=_("The change of the record, if any.")
    )
    received_at = models.DateTimeField(_("received"), db_default=Now())
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("answered by"),
    )

    objects = DisputeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        indexes = [models.Index(fields=["event", "id"], name="disputes_of_an_event")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=("received", "in_review", "accepted", "rejected", "spam")),
                name="dispute_state_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("received", "in_review", "spam")) | ~models.Q(answer=""),
                name="decided_dispute_has_an_answer",
            ),
        ]

    def __str__(self):
        return self.reference


DOI = RegexValidator(
    r"^10\.[0-9]{4,9}/\S+$", _("A DOI begins with 10. and has a slash; leave out the address.")
)


class Edition(models.Model):
    """One day's edition. Never changed but for its DOI: the next one is chained to the digest of its manifest."""

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
    doi = models.CharField(
        "DOI", max_length=200, blank=True, validators=[DOI],
        help_text=_("Where the edition was deposited, for instance at Zenodo: 10.5281/zenodo.1234."),
    )  # fmt: skip
    made_at = models.DateTimeField(_("made"), db_default=Now())

    class Meta:
        ordering = ["-day"]
        verbose_name = _("edition")
        verbose_name_plural = _("editions")

    def __str__(self):
        return f"{self.day}"


class Pin(models.Model):
    """A state of the record whose address was given out: what `?rev=` names. Never changed."""

    sequence = models.PositiveBigIntegerField(_("revision"))
    ordinal = models.PositiveIntegerField(_("which of its states"), help_text=_("1: the first given out."))
    statements = models.PositiveIntegerField(_("statements of completeness"))
    asks = models.PositiveIntegerField(_("asks set by hand"))
    codebooks = models.PositiveIntegerField(_("versions of the codebook"))
    method = models.CharField(_("method in service"), max_length=20)
    day = models.DateField(_("day on which it was first given out"))

    class Meta:
        ordering = ["sequence", "ordinal"]
        verbose_name = _("pinned state")
        verbose_name_plural = _("pinned states")
        constraints = [
            models.UniqueConstraint(fields=["sequence", "ordinal"], name="one_pin_per_revision_and_ordinal"),
            models.UniqueConstraint(
                fields=["sequence", "statements", "asks", "codebooks", "method"], name="one_pin_per_state"
            ),
        ]

    def __str__(self):
        return f"{self.sequence}" if self.ordinal == 1 else f"{self.sequence}.{self.ordinal}"


class MethodInService(models.Model):
    """The day on which this installation put a version of the method into service, where it had a record before."""

    version = models.CharField(_("version"), max_length=20, unique=True)
    since = models.DateField(_("in service since"))

    def __str__(self):
        return self.version


class ApiKeyQuerySet(models.QuerySet):
    def usable(self):
        """Neither revoked nor expired, of an account that may still enter."""
        lasting = models.Q(expires_at=None) | models.Q(expires_at__gt=Now())
        return self.filter(lasting, revoked_at=None, account__is_active=True)


class ApiKey(models.Model):
    """What a program may do: never more than its scopes, and never more than its account's role."""

    class Scope(models.TextChoices):
        READ = "read", _("read, at the higher rate")
        PROPOSE = "propose", _("propose events")
        DECIDE = "decide", _("decide on proposals and change events")
        IMPORT = "import", _("import events")
        WEBHOOKS = "webhooks", _("manage webhooks")

    name = models.CharField(_("name"), max_length=100, help_text=_("Which program uses it."))
    prefix = models.CharField(
        _("prefix"), max_length=12, unique=True, help_text=_("The readable start of the key.")
    )
    digest = models.CharField(_("digest"), max_length=64, help_text=_("SHA-256 of the secret."))
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="+",
        verbose_name=_("account"),
        help_text=_("Whose role bounds what the key may do; decisions are signed with this name."),
    )
    scopes = models.JSONField(_("scopes"), default=list, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    expires_at = models.DateTimeField(
        _("expires"), null=True, blank=True, help_text=_("Empty: it stays valid until it is revoked.")
    )
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(
        _("last used"), null=True, blank=True, help_text=_("To the nearest minute.")
    )

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self):
        return f"{self.name} ({self.prefix}…)"

    @property
    def usable(self):
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())


class Answered(models.Model):
    """What a program was answered under its `Idempotency-Key`, so that the same request does nothing twice."""

    key = models.ForeignKey(ApiKey, models.CASCADE, related_name="+", verbose_name=_("key"))
    name = models.CharField(_("name"), max_length=255, help_text=_("As the program sent it."))
    request = models.CharField(_("request"), max_length=64, help_text=_("SHA-256 of what was asked."))
    status = models.PositiveSmallIntegerField(_("status"), null=True, blank=True)
    body = models.TextField(_("body"), blank=True)
    location = models.CharField(_("place"), max_length=500, blank=True)
    begun_at = models.DateTimeField(_("begun"), db_default=Now())

    class Meta:
        verbose_name = _("stored answer")
        verbose_name_plural = _("stored answers")
        indexes = [models.Index(fields=["begun_at"], name="answers_by_age")]
        constraints = [
            models.UniqueConstraint(fields=["key", "name"], name="one_answer_per_key_and_name"),
        ]

    def __str__(self):
        return self.name


class Subscription(models.Model):
    """One address and what it asked for. Nothing is sent before the address has confirmed."""

    class Rhythm(models.TextChoices):
        INSTANT = "instant", _("at once (at most one mail in ten minutes)")
        DAILY = "daily", _("once a day")
        WEEKLY = "weekly", _("once a week")

    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="en")
    rhythm = models.CharField(_("rhythm"), max_length=7, choices=Rhythm, default=Rhythm.WEEKLY)
    recommendations = models.JSONField(
        _("recommendations"), default=list, blank=True, help_text=_("Empty: all.")
    )
    actors = models.JSONField(_("actors"), default=list, blank=True, help_text=_("Empty: all."))
    wanted = models.JSONField(
        _("wanted"), null=True, blank=True, help_text=_("A change that waits for the address to confirm.")
    )
    asked_at = models.DateTimeField(_("asked"), db_default=Now())
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    told = models.PositiveBigIntegerField(
        _("told up to"), default=0, help_text=_("The revision up to which its mails reach.")
    )

    period = models.CharField(
        _("last period"), max_length=30, blank=True, help_text=_("The one that was last looked at.")
    )

    class Meta:
        ordering = ["id"]
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")

    def __str__(self):
        return f"{self.email} ({self.rhythm})"

    @property
    def active(self):
        return self.confirmed_at is not None and self.ended_at is None


class Unwanted(models.Model):
    """An address that wants no question either, as a digest that tells nobody which."""

    digest = models.CharField(
        _("digest"), max_length=64, unique=True, help_text=_("HMAC-SHA256 of the address.")
    )
    at = models.DateTimeField(_("since"), db_default=Now())

    class Meta:
        ordering = ["-id"]
        verbose_name = _("address that wants no mail")
        verbose_name_plural = _("addresses that want no mail")

    def __str__(self):
        return self.digest[:12]


class Mail(models.Model):
    """One digest, or a letter to an address that subscribed to nothing.

    `sending` is written before the mail server is called: a row that stays there after a crash becomes `unsure`
    and is never sent again by itself.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        UNSURE = "unsure", _("unsure: the sender died while sending")
        FAILED = "failed", _("given up")

    subscription = models.ForeignKey(
        Subscription,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="mails",
        verbose_name=_("subscription"),
    )
    email = models.EmailField(
        _("e-mail"), blank=True, help_text=_("Of a letter, behind which no subscription stands.")
    )
    period = models.CharField(_("period"), max_length=60, help_text=_("At most one mail for each."))
    first = models.PositiveBigIntegerField(_("after revision"))
    last = models.PositiveBigIntegerField(_("up to revision"))
    subject = models.CharField(_("subject"), max_length=300)
    body = models.TextField(_("text"))
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt"), db_default=Now())
    leased_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    trouble = models.CharField(_("trouble"), max_length=300, blank=True)
    written_at = models.DateTimeField(_("written"), db_default=Now())
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        indexes = [
            models.Index(
                fields=["next_at"],
                condition=models.Q(state__in=("waiting", "sending")),
                name="mails_to_send",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "period"], name="one_mail_per_subscription_and_period"
            ),
            models.UniqueConstraint(
                fields=["email", "period"],
                condition=models.Q(subscription=None),
                name="one_letter_per_address_and_occasion",
            ),
            models.CheckConstraint(
                condition=models.Q(subscription=None, email__gt="") | models.Q(subscription__gt=0, email=""),
                name="mail_has_one_receiver",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("waiting", "sending", "sent", "unsure", "failed")),
                name="mail_state_is_known",
            ),
        ]

    def __str__(self):
        return f"{self.subscription_id or self.email} {self.period}"

    @property
    def to(self):
        """The address it goes to."""
        return self.subscription.email if self.subscription else self.email


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
