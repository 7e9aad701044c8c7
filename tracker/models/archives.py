"""Copies of sources at an archive. A copy is a fact about a page, known later than the act that cites it, so it stands
beside the log: no event gets a new revision by it, and lines and digests stay as they are.
"""

import hashlib

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ArchivedCopyQuerySet(models.QuerySet):
    def of(self, urls, before=None):
        """{address of a source: its copy} of those whose copy is known; made before a moment, where one is given."""
        keys = {key_of(url) for url in urls if url}
        rows = self.filter(key__in=keys).exclude(copy="")
        if before is not None:
            rows = rows.filter(found_at__lt=before)
        return {row.url: row for row in rows}


def key_of(url):
    return hashlib.sha256(url.encode()).hexdigest()


class ArchivedCopy(models.Model):
    """One source, and its copy at an archive once there is one. Without `next_at` it is not asked for any more."""

    url = models.URLField(_("source"), max_length=2000, help_text=_("As the record spells it."))
    key = models.CharField(_("key"), max_length=64, unique=True, editable=False)
    copy = models.URLField(_("archived copy"), max_length=2000, blank=True)
    made_on = models.DateField(_("made on"), null=True, blank=True, help_text=_("Day of the copy, UTC."))
    found_at = models.DateTimeField(_("known since"), null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, editable=False)
    next_at = models.DateTimeField(_("next attempt"), db_default=Now(), null=True, editable=False)
    trouble = models.CharField(_("trouble"), max_length=300, blank=True, editable=False)

    objects = ArchivedCopyQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("archived copy")
        verbose_name_plural = _("archived copies")
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(copy=""), name="copies_to_ask_for"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(copy="") | models.Q(found_at__isnull=False), name="copy_is_known_since"
            )
        ]

    def __str__(self):
        return self.url[:100]

    def save(self, *args, **more):
        """What a person enters is known from now on."""
        self.key = key_of(self.url)
        if self.copy and self.found_at is None:
            self.found_at = timezone.now()
        super().save(*args, **more)
