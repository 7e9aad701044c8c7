"""`?rev=N` gives the same figures for ever: after late records, statements, corrections, and another day."""

import datetime
import json
import re
import shutil

import pytest
import time_machine

from scorecard import downloads, footing
from scorecard.api.views.exports import FORMATS
from scorecard.models import Pin
from tests.scorecard import cast
from tracker import log, triage
from tracker.models import Completeness, Confirmation, Decision, Event, Revision

LATE = {
    "id": "late", "date": "2026-03-01", "title": "A late record", "certainty": "confirmed",
    "assessments": [{"rec": "trust", "direction": -1, "strength": 5, "rationale": "A ban."}],
}  # fmt: skip
PAGES = (
    "/",
    "/recommendations/trust/",
    "/actors/",
    "/events/",
    "/r/trust.csv",
    "/r/all.json",
    "/r/trust.svg",
)


def scores(client, query):
    return client.get(f"/api/v1/scores/{query}").json()["recommendations"]


def body(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, path
    # What is said of today and not of the record: the reader's day in forms and citations.
    return re.sub(r'max="[^"]*"|\(read [^)]*\)|urldate = [^\n]*', "", answer.content.decode())


@pytest.fixture
def later(seeded):
    """What comes after an address was given out: a late record, a correction, and more coded days."""

    def happens():
        triage.enter(LATE, "Ada")
        Completeness.objects.create(day="2026-07-20", recorded_at=datetime.date.today(), note="Read on.")
        log.turn()

    return happens


@pytest.mark.slow
def test_pages_files_and_answers_of_a_revision_stay_as_they_were(client, later):
    rev = client.get("/api/v1/scores/").json()["rev"]
    assert rev == str(Revision.objects.count())
    before = scores(client, f"?rev={rev}")
    assert before == scores(client, "")
    shown = {path: body(client, f"{path}?rev={rev}") for path in PAGES}
    later()
    assert scores(client, "") != before, "the present has moved"
    assert scores(client, f"?rev={rev}") == before
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(200)):
        for path, text in shown.items():
            assert body(client, f"{path}?rev={rev}") == text, path
        assert scores(client, f"?rev={rev}") == before
    assert "never change" in shown["/"]
    record = b"".join(client.get(f"/api/v1/exports/record.jsonl?rev={rev}").streaming_content)
    assert len(record.splitlines()) == int(rev)
    assert client.get("/events/late/").status_code == 200
    assert client.get(f"/events/late/?rev={rev}").status_code == 404


def test_a_confirmation_taken_back_later_stays_in_what_was_given_out(client, seeded, analyst):
    event = Event.objects.accepted().order_by("pk").first()
    triage.confirm(event, analyst)
    Confirmation.objects.update(day=datetime.date.today() - datetime.timedelta(7))
    log.turn()
    rev = client.get("/api/v1/scores/").json()["rev"]
    addresses = (f"/api/v1/exports/events.csv?rev={rev}", f"/events/{event.pk}/?rev={rev}")
    given = [cast.content(client.get(address)) for address in addresses]
    assert all(b"confirmed" in text for text in given)
    triage.undo(Decision.objects.get(action="confirm"), analyst)
    log.turn()
    assert "not yet reviewed" in client.get(f"/events/{event.pk}/").content.decode()
    assert [cast.content(client.get(address)) for address in addresses] == given


def test_a_statement_beside_the_log_has_a_state_of_its_own(client, seeded):
    first = client.get("/api/v1/scores/").json()
    Completeness.objects.create(
        day="2026-06-30", recorded_at=datetime.date.today(), note="Taken back a week."
    )
    log.turn()
    second = client.get("/api/v1/scores/").json()
    assert second["rev"] == f"{first['rev']}.2"
    assert (first["read_on"], second["read_on"]) == ("2026-07-07", "2026-06-30")
    for told in (first, second):
        again = client.get(f"/api/v1/scores/?rev={told['rev']}").json()
        assert (again["read_on"], again["recommendations"]) == (told["read_on"], told["recommendations"])


def test_citations_name_the_revision(client, seeded):
    rev = client.get("/api/v1/scores/").json()["rev"]
    page = client.get("/recommendations/trust/").content.decode()
    assert f"/recommendations/trust/?rev={rev}" in page
    cited = client.get("/cite.bib?page=trust").content.decode()
    assert f"?rev={rev}" in cited
    assert f"revision {rev}" in cited
    assert "figures of 2026-07-07" in cited
    assert json.loads(client.get("/r/trust.json").content)["rev"] == rev
    assert Pin.objects.count() == 1, "one state, one row, however often it is named"


@pytest.mark.parametrize("rev", ["0", "999999", "x", "1.7", "-1", "1" * 30])
def test_a_revision_that_is_none_is_refused_in_words(client, seeded, rev):
    assert client.get(f"/?rev={rev}").status_code == 400
    # To a program a state that is well named and not there is not found, as an event is.
    assert client.get(f"/api/v1/scores/?rev={rev}").status_code == (404 if rev in ("999999", "1.7") else 400)


def test_a_revision_whose_address_was_never_given_out_is_read_too(client, seeded):
    client.get("/")
    with footing.at_rev("40"):
        assert len(footing.log()) == 40
    assert len(footing.log()) == Revision.objects.count()
    assert client.get("/api/v1/scores/?rev=40").json()["rev"] == "40"
    assert client.get("/?rev=40").status_code == 200
    assert client.get("/events/?rev=40&q=export").status_code == 200


FILES = [
    *((table, ending) for table in ("events", "assessments", "sources") for ending in FORMATS),
    *(("scores", ending) for ending in FORMATS),
    ("figures", "parquet"),
    ("record", "jsonl"),
    ("changes", "jsonl"),
]


@pytest.mark.slow
def test_a_file_of_a_revision_has_the_same_bytes_for_ever(client, later, analyst, settings):
    rev = client.get("/api/v1/scores/").json()["rev"]

    def files():
        shutil.rmtree(downloads.folder())  # copies; what is asked for is made anew
        few = {"figures": "&recommendation=trust&year=2025&reading=balance"}
        return {
            (name, ending): cast.content(
                client.get(f"/api/v1/exports/{name}.{ending}?rev={rev}{few.get(name, '')}")
            )
            for name, ending in FILES
        }

    before = files()
    later()
    one = Event.objects.accepted().filter(assessments__recommendation="trust").first()
    other = Event.objects.accepted().exclude(pk=one.pk).first()
    triage.edit(one.pk, analyst, {"certainty": "rumoured"}, "It was a rumour.", None)
    triage.edit(one.pk, analyst, {"certainty": one.certainty}, "It was none.", None)
    triage.confirm(other.pk, analyst)
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(200)):
        after = files()
    assert [name for name in before if before[name] != after[name]] == []
    assert before["events", "jsonl"] != cast.content(client.get("/api/v1/exports/events.jsonl"))
