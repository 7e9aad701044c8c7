"""Whatever a preview says of the scores is what the deed does to them, to the digit shown; and nothing stays."""

import datetime
import json
import uuid

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from scorecard import footing, method
from scorecard.method import columns
from tracker import log, triage, wording
from tracker.desk.forms import signed
from tracker.models import Decision, Event, Revision

DAY = datetime.date(2026, 5, 4)


def code(rec, direction, strength):
    return {
        "rec": rec,
        "direction": direction,
        "strength": strength,
        "ask": None,
        "rationale": "as the text says",
    }


@pytest.fixture
def on_record(proposal, rita):
    def make(title, *codes, days=0, **more):
        event = proposal(title, date=DAY + datetime.timedelta(days))
        triage.accept(event, rita, assessments=list(codes), certainty="confirmed", **more)
        return event

    return make


@pytest.fixture
def world(on_record, proposal):
    """A ban, its lifting, a report of the ban under another id, talks, and a proposal."""
    ban = on_record("Ban on AI chips", code("trust", -1, 4), code("governance", -1, 3))
    return {
        "ban": ban,
        "again": on_record("Ban on AI chips reported again", code("trust", -1, 3), days=1),
        "lifted": on_record("Ban lifted", code("trust", 1, 4), days=20),
        "talks": on_record("Talks held", code("governance", 1, 3), days=30),
        "bill": proposal("Bill on safety", date=DAY),
    }


def linked(world, rita):
    """The lifting ends the second report: a merge has to lead that link to the ban."""
    triage.supersede(world["lifted"], [world["again"].pk], rita, "it lifts that ban")


DEEDS = {
    "accept": ("bill", {"assessments": [code("misuse", 1, 4)], "certainty": "confirmed", "actors": ["us"]}),
    "edit": ("ban", {"changes": {"assessments": [code("trust", 1, 5)]}}),
    "merge": ("again", {"into": "ban"}),
    "supersede": ("lifted", {"earlier": ["ban"]}),
    "retract": ("ban", {}),
    "split": ("ban", {"parts": [{"title": "A second act"}, {"title": "A third act"}]}),
    "dismiss": ("bill", {"reason": "no_act"}),
}
MOVED = {
    "accept": {"misuse"},
    "edit": {"trust", "governance"},
    "merge": {"trust", "governance"},  # the lifting now ends the ban itself
    "supersede": {"trust", "governance"},
    "retract": {"trust", "governance"},
    "split": set(),
    "dismiss": set(),
}


def form(world, action):
    name, more = DEEDS[action]
    more = dict(more)
    if "into" in more:
        more["into"] = world[more["into"]].pk
    if "earlier" in more:
        more["earlier"] = [world[each].pk for each in more["earlier"]]
    return {"action": action, "event": world[name].pk, "token": str(uuid.uuid4()), "why": "as seen", **more}


def scores():
    """Today's balances by the method itself, from the log's own lines, past every cache."""
    known = columns.read(json.loads(line) for line in log.lines())
    balances = method.views(known, timezone.now().date(), actors=(None,))[None]
    return {slug: signed(balance["score"]) for slug, balance in balances.items()}


def state():
    rows = (Event, Decision, Revision)
    return [list(row.objects.order_by("pk").values()) for row in rows], log.head()


@pytest.mark.parametrize("action", DEEDS)
def test_a_preview_says_to_the_digit_what_the_deed_does(client, world, rita, action):
    linked(world, rita)
    client.force_login(rita)
    before, untouched = scores(), state()
    asked = form(world, action)
    answer = client.post(reverse("desk:preview"), json.dumps(asked), "application/json").json()
    assert state() == untouched
    assert footing.log() is not None  # nothing taken back may have been read by the process
    done = client.post(reverse("desk:deed"), json.dumps(asked), "application/json")
    assert done.status_code == 200, done.content
    cache.clear()
    after = scores()
    said = {each["rec"]: (each["before"], each["after"]) for each in answer["effects"]}
    assert set(said) == MOVED[action]
    assert said == {slug: (before[slug], after[slug]) for slug in before if before[slug] != after[slug]}
    assert {each["name"] for each in answer["effects"]} == {wording.short(slug) for slug in said}


def test_a_deed_that_would_be_refused_says_so_before(client, world, rita):
    client.force_login(rita)
    asked = form(world, "supersede") | {"earlier": [world["talks"].pk]}
    answer = client.post(reverse("desk:preview"), json.dumps(asked), "application/json").json()
    assert (answer["effects"], "only an earlier act can be superseded" in answer["refused"]) == ([], True)


def test_a_reason_is_not_needed_to_look(client, world, rita):
    client.force_login(rita)
    asked = form(world, "retract") | {"why": ""}
    assert client.post(reverse("desk:preview"), json.dumps(asked), "application/json").status_code == 200
    assert client.post(reverse("desk:deed"), json.dumps(asked), "application/json").status_code == 409


def test_bulk_shows_what_it_does_and_does_that(client, world, rita):
    client.force_login(rita)
    before, untouched = scores(), state()
    asked = {"tab": "record", "q": "title:ban", "deed": "retract", "note": "a hoax"}
    page = client.get(reverse("desk:bulk"), asked)
    said = {each["rec"]: (each["before"], each["after"]) for each in page.context["effects"]}
    assert state() == untouched
    assert "Do it to 3 events" in page.content.decode()
    assert client.post(reverse("desk:bulk"), asked | {"shown": page.context["shown"]}).status_code == 302
    cache.clear()
    after = scores()
    assert said == {slug: (before[slug], after[slug]) for slug in before if before[slug] != after[slug]}
    assert set(said) == {"trust", "governance"}
    client.post(reverse("desk:bulk"), {"undo": str(Decision.objects.filter(action="retract")[0].batch)})
    cache.clear()
    assert scores() == before


def test_bulk_on_proposals_moves_no_score_and_says_so(client, world, rita):
    client.force_login(rita)
    page = client.get(reverse("desk:bulk"), {"q": "bill", "deed": "dismiss:no_act"}).content.decode()
    assert "No score moves." in page
    assert Event.objects.get(pk=world["bill"].pk).status == "proposed"


def test_the_record_is_not_acted_on_as_a_whole(client, world, rita):
    client.force_login(rita)
    page = client.get(reverse("desk:bulk"), {"tab": "record"})
    assert page.context["rows"] == []
    assert "Search the record first" in page.content.decode()
    answer = client.post(reverse("desk:bulk"), {"tab": "record", "q": "", "deed": "retract", "note": "x"})
    assert answer.status_code == 409
    asked = {"tab": "record", "q": "title:ban", "note": "", "shown": ""}
    for deed in ("retract", "dismiss:no_act"):
        assert client.post(reverse("desk:bulk"), asked | {"deed": deed}).status_code == 409
    assert Event.objects.accepted().count() == 4
