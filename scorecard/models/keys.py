"""Keys of programs, whose they are, and what was answered under them.

The law: a program's secret is shown once and never kept; the row holds its SHA-256.
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
