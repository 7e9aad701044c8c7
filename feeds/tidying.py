"""What is forgotten, and what the record is told about our sight of the world."""

from datetime import timedelta

from django.db.models import DurationField, Value
from django.db.models.functions import Now

from feeds.models import Poll

POLLS_KEPT = timedelta(days=90)


def forget_polls() -> int:
    """Delete polls older than three months; deliveries and articles stay for ever."""
    horizon = Now() - Value(POLLS_KEPT, output_field=DurationField())
    return Poll.objects.filter(at__lt=horizon).delete()[0]
