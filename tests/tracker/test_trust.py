"""Which codes a person stands behind, as known on any day."""

import datetime
import importlib

import pytest
from django.apps import apps

from tests.scorecard import cast
from tracker import triage
from tracker.models import Confirmation, Decision, Event, Recommendation, decisions

pytestmark = pytest.mark.django_db
TODAY = datetime.datetime.now(datetime.UTC).date()


@pytest.fixture
def law(db):
    Recommendation.objects.create(slug="trust", number=1)
    triage.enter(cast.event("law"), who="seed")
    return Event.objects.get(pk="law")


def stands(event="law", until=None):
    row = Event.objects.get(pk=event)
    return decisions.standing(decisions._line(row), decisions.confirmations(), until)


def test_what_came_from_a_file_is_confirmed_by_nobody_until_somebody_does(law, analyst):
    assert stands() is None
    triage.confirm(law, analyst, "Read both sources")
    assert (stands().day, stands().how) == (TODAY, "confirmed")
    assert stands(until=TODAY - datetime.timedelta(1)) is None
    last = Decision.objects.get(action="confirm")
    assert (last.by, last.reason) == (analyst, "Read both sources")
    triage.undo(last, analyst)
    assert stands() is None


def test_new_words_leave_a_confirmation_and_new_codes_are_their_writers_own(law, analyst):
    triage.confirm(law, analyst)
    triage.edit(law, analyst, {"title": "Clearer"}, why="Clearer")
    assert stands().how == "confirmed"
    triage.edit(law, analyst, {"certainty": "reported"}, why="One outlet")
    assert stands().how == "written"
    triage.edit(law, None, {"certainty": "rumoured"}, why="By a machine")
    assert stands() is None
    triage.undo(Decision.objects.filter(action="edit").first(), analyst)
    assert stands().how == "written", "the codes are again those that a person wrote"


def test_a_new_title_alone_confirms_no_codes(law, analyst):
    triage.edit(law, analyst, {"title": "Clearer"}, why="Clearer")
    assert stands() is None


def test_what_is_off_the_record_cannot_be_confirmed(law, analyst):
    triage.retract(law, analyst, "No act")
    with pytest.raises(triage.Refused, match="is retracted"):
        triage.confirm(law, analyst)


def test_codes_that_people_wrote_before_there_were_confirmations_are_theirs(law, analyst):
    triage.edit(law, analyst, {"certainty": "reported"}, why="One outlet")
    triage.edit(law, analyst, {"title": "Clearer"}, why="Clearer")
    Confirmation.objects.all().delete()
    importlib.import_module("tracker.migrations.0014_codes_that_people_wrote").confirm(apps, None)
    assert Confirmation.objects.count() == 1
    assert stands().how == "written"


def test_a_confirmation_taken_back_still_stood_in_between(law, analyst):
    triage.confirm(law, analyst)
    week = datetime.timedelta(7)
    Confirmation.objects.update(day=TODAY - week)
    triage.undo(Decision.objects.get(action="confirm"), analyst)
    assert stands() is None
    assert stands(until=TODAY) is None
    assert stands(until=TODAY - datetime.timedelta(1)).day == TODAY - week
    triage.confirm(law, analyst)
    assert stands().day == TODAY
    assert Confirmation.objects.count() == 2
