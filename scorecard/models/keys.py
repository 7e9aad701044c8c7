"""Keys of programs. The secret is shown once and never kept: the row holds its SHA-256."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


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
