"""Keys of programs, and who is told of changes: whose a key is and what was answered under it; mails and webhooks, and
what was told.

The law: a program's secret is shown once and never kept; the row holds its SHA-256. Each mail and each call is a row
that is claimed before it is sent (webhooks after the Standard Webhooks specification).
"""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class KeyHolder(models.Model):
    """A reader's address that asked for a key to read with. No key is made before it has confirmed."""

    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="en")
    asked_at = models.DateTimeField(_("asked"), db_default=Now())
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("reader with a key")
        verbose_name_plural = _("readers with a key")

    def __str__(self):
        return self.email


class ApiKeyQuerySet(models.QuerySet):
    def usable(self):
        """Neither revoked nor expired, of an account that may still enter or of a reader."""
        lasting = models.Q(expires_at=None) | models.Q(expires_at__gt=Now())
        owned = models.Q(account__is_active=True) | models.Q(holder__isnull=False)
        return self.filter(lasting, owned, revoked_at=None)


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
        null=True,
        related_name="+",
        verbose_name=_("account"),
        help_text=_("Whose role bounds what the key may do; decisions are signed with this name."),
    )
    holder = models.ForeignKey(
        KeyHolder,
        models.CASCADE,
        null=True,
        editable=False,
        related_name="keys",
        verbose_name=_("reader"),
        help_text=_("Who asked for it by mail; such a key only reads."),
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
        constraints = [
            models.CheckConstraint(
                condition=models.Q(account=None, holder__gt=0) | models.Q(account__gt=0, holder=None),
                name="key_has_one_owner",
            ),
            models.UniqueConstraint(fields=["holder"], name="one_key_per_reader"),
        ]

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


class Followed(models.Model):
    """What somebody follows; a change is told where any of it fits (`scorecard.alerts.subscribing`)."""

    changes = models.BooleanField(
        _("all changes"), default=True, help_text=_("Of acts that touch these recommendations and actors.")
    )
    recommendations = models.JSONField(
        _("recommendations"), default=list, blank=True, help_text=_("Empty: all.")
    )
    actors = models.JSONField(_("actors"), default=list, blank=True, help_text=_("Empty: all."))
    acts = models.JSONField(
        _("acts"), default=list, blank=True, help_text=_("Ids: each act, and what follows it.")
    )
    searches = models.JSONField(
        _("searches"), default=list, blank=True, help_text=_("As they are typed on the list of events.")
    )
    calendar = models.BooleanField(
        _("calendar"), default=False, help_text=_("What comes on the calendar of what comes next.")
    )

    class Meta:
        abstract = True


class Subscription(Followed):
    """One address and what it asked for. Nothing is sent before the address has confirmed."""

    class Rhythm(models.TextChoices):
        INSTANT = "instant", _("at once (at most one mail in ten minutes)")
        DAILY = "daily", _("once a day")
        WEEKLY = "weekly", _("once a week")

    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="en")
    rhythm = models.CharField(_("rhythm"), max_length=7, choices=Rhythm, default=Rhythm.WEEKLY)
    wanted = models.JSONField(
        _("wanted"), null=True, blank=True, help_text=_("A change that waits for the address to confirm.")
    )
    asked_at = models.DateTimeField(_("asked"), db_default=Now())
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    told = models.PositiveBigIntegerField(
        _("told up to"), default=0, help_text=_("The revision up to which its mails reach.")
    )
    reminded = models.DateField(
        _("reminded up to"),
        null=True,
        blank=True,
        help_text=_("The last day of the calendar it was told of."),
    )
    period = models.CharField(
        _("last period"), max_length=30, blank=True, help_text=_("The one that was last looked at.")
    )

    class Meta:
        ordering = ["id"]
        verbose_name = _("mail subscription")
        verbose_name_plural = _("mail subscriptions")

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
        verbose_name=_("mail subscription"),
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


class Webhook(Followed):
    """An address that is told of each change of meaning."""

    key = models.ForeignKey(ApiKey, models.CASCADE, related_name="webhooks", verbose_name=_("key"))
    url = models.URLField(_("address"), max_length=2000, help_text=_("https, on the open internet."))
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
        verbose_name = _("call of a webhook")
        verbose_name_plural = _("calls of webhooks")
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

    delivery = models.ForeignKey(
        Delivery, models.CASCADE, related_name="tries", verbose_name=_("call of a webhook")
    )
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
