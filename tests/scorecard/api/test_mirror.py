"""A mirror that reads the change feed ends up byte-equal to the export, however long it was away."""

import datetime
import json
import random

import pytest
import time_machine

from tests.scorecard import cast
from tests.scorecard.mirror import Mirror
from tests.scorecard.work import a_day_of_work
from tracker import log
from tracker.models import Revision

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recommendations"), pytest.mark.slow]


def test_mirrors_of_a_year_equal_the_export(client, analyst, settings):
    settings.API_RATE_ANONYMOUS = 100_000
    rng = random.Random(8)

    def fetch(address):
        return client.get(address.replace("http://testserver", "")).content

    daily, monthly = Mirror(fetch), Mirror(fetch)
    first = datetime.datetime(2025, 6, 1, 9, tzinfo=datetime.UTC)
    with time_machine.travel(first, tick=False) as clock:
        for number in range(0, 365, 3):
            clock.move_to(first + datetime.timedelta(days=number))
            a_day_of_work(rng, clock_day(first, number), analyst)
            daily.catch_up()
            if number % 30 == 0:
                monthly.catch_up()
        late = Mirror(fetch)
        for mirror in (daily, monthly, late):
            mirror.catch_up()
            exported = cast.content(client.get("/api/v1/exports/record.jsonl"))
            assert mirror.text() == exported
            assert exported == "".join(f"{line}\n" for line in log.lines()).encode()
    kinds = {json.loads(line)["retracted"] for line in late.lines}
    assert kinds == {True, False}
    assert log.verify() == len(late.lines) > 100
    assert set(Revision.objects.values_list("kind", flat=True)) == set(Revision.Kind.values)


def clock_day(first, number):
    return (first + datetime.timedelta(days=number)).date()


def test_a_mirror_ahead_of_the_log_or_on_another_branch_is_told_so(client):
    cast.put("law")
    page = cast.get(client, "/changes/")
    digest = page["results"][0]["digest"]
    assert page["next"].endswith(f"after=1&digest={digest}&limit=500")
    assert cast.get(client, page["next"].partition(cast.API)[2])["complete"]
    ahead = cast.get(client, "/changes/?after=99", 409)
    assert (ahead["code"], "ends with 1" in ahead["detail"]) == ("branched", True)
    parted = cast.get(client, f"/changes/?after=1&digest={'0' * 64}", 409)
    assert parted["type"].endswith("/api/problems/#branched")
    assert "parted" in parted["detail"]
    cast.get(client, "/changes/?after=1&digest=law", 400)
