"""A mirror that reads the change feed ends up byte-equal to the export, however long it was away."""

import datetime
import hashlib
import json
import random

import pytest
import time_machine

from tests.scorecard import cast
from tracker import codebook, record, triage
from tracker.models import Event, Revision

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recommendations"), pytest.mark.slow]


class Mirror:
    """What anyone could write: it knows nothing but the feed."""

    def __init__(self, client):
        self.client, self.address, self.lines, self.digest = client, "/api/v1/changes/?limit=37", [], ""

    def catch_up(self):
        while True:
            page = json.loads(self.client.get(self.address.replace("http://testserver", "")).content)
            for change in page["results"]:
                self.take(change)
            self.address = page["next"]
            if page["complete"]:
                return

    def take(self, change):
        names = ("sequence", "event", "kind", "related", "why", "who", "written_at", "record")
        body = json.dumps({name: change[name] for name in names}, ensure_ascii=False, separators=(",", ":"))
        assert change["sequence"] == len(self.lines) + 1
        assert change["previous"] == self.digest
        self.digest = hashlib.sha256(f"{self.digest}\n{body}".encode()).hexdigest()
        assert change["digest"] == self.digest
        self.lines.append(json.dumps(change["record"], ensure_ascii=False, separators=(",", ":")))


def a_day_of_work(rng, day, analyst):
    """Whatever analysts may do to the record, at random; refusals are part of their day."""
    on_record = list(Event.objects.accepted().order_by("pk").values_list("pk", flat=True))
    deed = rng.choice(("enter", "enter", "edit", "retract", "restore", "merge", "supersede", "split", "undo"))
    if deed == "enter" or len(on_record) < 4:
        rec = rng.choice(codebook.RECOMMENDATIONS)
        cast.put(
            f"{day}-act-{rng.randrange(9999):04d}",
            str(day),
            rec=rec,
            why=f"记录 {deed}",
            recorded_at=str(day),
        )
        return
    one, two = rng.sample(on_record, 2)
    try:
        if deed == "edit":
            triage.edit(
                one, analyst, {"title": f"{day} “quoted” \u2028 行动 <&>", "certainty": "reported"}, "again"
            )
        elif deed == "retract":
            triage.retract(one, analyst, "never was")
        elif deed == "restore":
            gone = Event.objects.filter(retracted=True, status="accepted").order_by("pk").first()
            triage.restore(gone, analyst, "it was") if gone else None
        elif deed == "merge":
            triage.merge([one], two, analyst, "the same act")
        elif deed == "supersede":
            triage.supersede(max(one, two), [min(one, two)], analyst, "it ends it")
        elif deed == "split":
            part = {"title": f"A part of {one}", "date": str(day), "move": True}
            triage.split(one, [part], analyst, "two acts in one")
        else:
            mine = triage.last_of(analyst)
            triage.undo(mine[0], analyst) if mine else None
    except triage.Refused:
        pass


def test_mirrors_of_a_year_equal_the_export(client, analyst, settings):
    settings.API_RATE_ANONYMOUS = 100_000
    rng = random.Random(8)
    daily, monthly = Mirror(client), Mirror(client)
    first = datetime.datetime(2025, 6, 1, 9, tzinfo=datetime.UTC)
    with time_machine.travel(first, tick=False) as clock:
        for number in range(0, 365, 3):
            clock.move_to(first + datetime.timedelta(days=number))
            a_day_of_work(rng, clock_day(first, number), analyst)
            daily.catch_up()
            if number % 30 == 0:
                monthly.catch_up()
        late = Mirror(client)
        for mirror in (daily, monthly, late):
            mirror.catch_up()
            exported = cast.content(client.get("/api/v1/exports/record.jsonl"))
            assert "".join(f"{line}\n" for line in mirror.lines).encode() == exported
            assert exported == "".join(f"{line}\n" for line in record.lines()).encode()
    kinds = {json.loads(line)["retracted"] for line in late.lines}
    assert kinds == {True, False}
    assert record.verify() == len(late.lines) > 100
    assert set(Revision.objects.values_list("kind", flat=True)) == set(Revision.Kind.values)


def clock_day(first, number):
    return (first + datetime.timedelta(days=number)).date()


def test_a_mirror_ahead_of_the_log_is_sent_back_to_its_end(client):
    cast.put("law")
    page = cast.get(client, "/changes/?after=99")
    assert page["results"] == []
    assert page["next"].endswith("after=1&limit=500")
