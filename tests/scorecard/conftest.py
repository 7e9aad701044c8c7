"""What the tests of the way out share."""

import pytest
from django.utils import translation

from tracker import record
from tracker.models import Ask, Recommendation


@pytest.fixture(autouse=True)
def english():
    """Every test begins in English: a request for a Chinese page leaves its language behind."""
    with translation.override("en"):
        yield


@pytest.fixture
def recommendations(db):
    """The seven with their asks, without any event."""
    for number, (slug, asks) in enumerate(record.ASKS.items(), start=1):
        row = Recommendation.objects.create(slug=slug, number=number, name_en=slug, summary_en=slug)
        for position, ask in enumerate(asks):
            Ask.objects.create(recommendation=row, slug=ask, position=position, name_en=ask, mode="each")
