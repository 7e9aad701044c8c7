"""Nothing that was ever published changes by a digit: what the seeded record gives is what it gave before.

Where a change is meant, `python -m tests.scorecard.golden write` keeps the new figures, and the commit says why.
"""

import subprocess
import sys

import pytest

from tests.scorecard.golden import keeping, readings
from tests.service import ROOT


@pytest.mark.django_db
@pytest.mark.usefixtures("seeded_once")
@pytest.mark.slow
def test_the_figures_of_some_days_are_what_they_were(client, settings):
    settings.API_RATE_ANONYMOUS = 100_000
    kept = keeping.figures()
    assert list(kept) == readings.EVERY_FIFTH
    expected = {day: kept[day] for day in readings.SOME}
    assert not keeping.difference(expected, readings.figures(client, readings.SOME))


@pytest.mark.slow
def test_every_fifth_day_every_export_and_every_edition_is_what_it_was():
    """A minute of one core."""
    command = (sys.executable, "-m", "tests.scorecard.golden")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_first_difference_is_named_with_its_place():
    before = {"trust": {"score": -12.5, "acts": [1, 2]}, "overall": None}
    assert not keeping.difference(before, {"overall": None, "trust": {"acts": [1, 2], "score": -12.5}})
    for now, said in (
        (
            {"score": -12.500000000000002, "acts": [1, 2]},
            "trust → score: -12.5 before, -12.500000000000002 now",
        ),
        ({"score": -12.5, "acts": [1, 3]}, "trust → acts[1]: 2 before, 3 now"),
        ({"score": -12.5, "acts": [1]}, "trust → acts: 2 items before, 1 now"),
        ({"acts": [1, 2]}, "trust → score: gone"),
        ({"score": -12.5, "acts": [1, 2], "pulse": 1}, "trust → pulse: new"),
    ):
        assert keeping.difference(before, {"trust": now, "overall": None}) == said
