"""Rows that are stated once beside the log and never changed: a later row may take one back, or put it back."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tracker import withdrawals


class StatedQuerySet(models.QuerySet):
    def statements(self):
        """Without the rows that take others back."""
        return self.filter(withdraws=None)

    def placed(self):
        """Every row in order, with the place, from 1, of the row that it takes back, or None. A row that takes back one
        that is not among these is left out."""
        places, found = {}, []
        for row in self.order_by("pk"):
            if row.withdraws_id is None or row.withdraws_id in places:
                found.append((row, places.get(row.withdraws_id)))
                places[row.pk] = len(found)
        return found

    def standing(self, turned=None):
        """The statements that hold: not taken back, or put back since. With `turned` as if that row, the last word on
        one of them, were taken back too."""
        placed = self.placed()
        rows = [row for row, _place in placed]
        chain = [(place, 0) for _row, place in placed]
        if turned in rows:
            chain.append((rows.index(turned) + 1, 0))
        held = withdrawals.spans(chain)
        return [row for row, spans in zip(rows, held, strict=False) if row.withdraws_id is None and spans]


class Stated(models.Model):
    withdraws = models.OneToOneField(
        "self",
        models.PROTECT,
        related_name="withdrawal",
        null=True,
        blank=True,
        editable=False,
        verbose_name=_("takes back"),
        help_text=_("The earlier row that does not hold from the day of this one on."),
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
    )

    reason_field = ""  # why it is stated or taken back; readers see it

    class Meta:
        abstract = True

    def later(self):
        """The rows that took this one back, put it back, and so on, in their order."""
        found, row = [], self
        while row := getattr(row, "withdrawal", None):
            found.append(row)
        return found

    @property
    def last_word(self):
        return self.later()[-1] if self.later() else self

    def holds(self):
        return len(self.later()) % 2 == 0


def stated_or_taking_back(*fields):
    """A statement has these fields, a taking back has none of them."""
    stated, taking_back = Q(withdraws=None), Q(withdraws__isnull=False)
    for field in fields:
        stated &= Q(**{f"{field}__isnull": False})
        taking_back &= Q(**{field: None})
    return stated | taking_back
