"""Acts with a last day of their own: who is asked about which, and what each answer puts on record."""

import datetime

import pytest
from django.urls import reverse

from scorecard import standings
from tests.scorecard import cast
from tracker import triage
from tracker.models import Event, Revision
from tracker.triage import lasting

pytestmark = pytest.mark.django_db
TODAY = datetime.datetime.now(datetime.UTC).date()
PAST, SOON, FAR = (TODAY + datetime.timedelta(days) for days in (-10, 20, 90))
SOURCE = {"url": "https://gov.example/notice", "title": "Notice", "publisher": "Gazette", "kind": "primary"}


@pytest.fixture
def acts(seven):
    """A tariff, a truce that put it to sleep and has run out, a fee that soon will, and one that will not yet."""
    triage.enter(cast.event("tariff", "2026-01-01", direction=-1), who="seed")
    triage.enter(
        cast.event("truce", "2026-02-01", strength=3, until=str(PAST), suspends=["tariff"]), who="seed"
    )
    triage.enter(cast.event("fee", "2026-02-02", direction=-1, until=str(SOON)), who="seed")
    triage.enter(cast.event("later", "2026-02-03", until=str(FAR)), who="seed")


def ids(events):
    return [event.pk for event in events]


def trust(day=TODAY):
    return standings.report(day, version="1.1", beyond=True)["recommendations"]["trust"]["balance"]


def test_what_ran_out_or_soon_will_is_asked_about_the_longest_past_first(acts):
    assert ids(lasting.asked()) == ["truce", "fee"]
    assert ids(lasting.asked(near=100)) == ["truce", "fee", "later"]


def test_prolonged_is_an_act_that_takes_its_place_and_puts_to_sleep_again(acts, ada):
    new = lasting.answer("truce", ada, "prolonged", SOURCE, on=PAST, until=FAR)
    line = Revision.objects.filter(event=new).last().record
    assert (line["title"], line["title_zh"]) == ("Prolonged: Act truce", "延长：行动 truce")
    assert (line["until"], line["suspends"], line["supersedes"]) == (str(FAR), ["tariff"], ["truce"])
    assert (line["certainty"], line["sources"][0]["kind"]) == ("confirmed", "primary")
    (code,) = line["assessments"]
    assert (code["direction"], code["strength"]) == (1, 3)
    assert code["rationale"] == "Prolongs the act before it: Because."
    assert ids(lasting.asked()) == ["fee"]
    assert "tariff" not in [act["id"] for act in trust()["acts"]]


def test_made_permanent_has_no_last_day_and_ends_what_slept(acts, ada):
    new = lasting.answer("truce", ada, "permanent", SOURCE, on=PAST)
    line = Revision.objects.filter(event=new).last().record
    assert "until" not in line
    assert "suspends" not in line
    assert line["supersedes"] == ["tariff", "truce"] or line["supersedes"] == ["truce", "tariff"]


def test_ended_early_turns_the_sign_and_only_before_its_day(acts, ada):
    with pytest.raises(triage.Refused, match="is not before its own last day"):
        lasting.answer("fee", ada, "ended", SOURCE, on=SOON)
    new = lasting.answer("fee", ada, "ended", {**SOURCE, "kind": "outlet", "date": str(TODAY)})
    line = Revision.objects.filter(event=new).last().record
    assert (line["date"], line["certainty"], line["assessments"][0]["direction"]) == (
        str(TODAY),
        "reported",
        1,
    )
    assert ids(lasting.asked()) == ["truce"]


def test_lapsed_is_noted_with_its_source_and_changes_no_figure(acts, ada):
    before = trust()
    lasting.answer("truce", ada, "lapsed", SOURCE)
    last = Revision.objects.filter(event="truce").last()
    assert (last.kind, last.record["sources"][-1]["url"]) == ("update", SOURCE["url"])
    assert trust()["score"] == before["score"]
    assert ids(lasting.asked()) == ["fee"]
    triage.undo(triage.last_of(ada)[0], ada)
    assert ids(lasting.asked()) == ["truce", "fee"]
    with pytest.raises(triage.Refused, match="has not come yet"):
        lasting.answer("fee", ada, "lapsed", SOURCE)


@pytest.mark.parametrize(
    ("said", "source", "told"),
    [
        ("perhaps", SOURCE, "Choose one of"),
        ("lapsed", {"title": "heard"}, "Name the source"),
        ("prolonged", {**SOURCE, "date": str(PAST)}, "until when"),
        ("permanent", SOURCE, "Say the day"),
        ("permanent", {**SOURCE, "kind": "gossip"}, "is not one of"),
    ],
)
def test_an_answer_that_says_too_little_changes_nothing(acts, ada, said, source, told):
    before = Event.objects.count(), Revision.objects.count()
    with pytest.raises(triage.Refused, match=told):
        lasting.answer("truce", ada, said, source)
    assert (Event.objects.count(), Revision.objects.count()) == before


def test_at_the_desk_one_button_answers_and_a_fault_keeps_what_was_typed(acts, ada, client):
    client.force_login(ada)
    page = client.get(reverse("desk:lasting"))
    assert page.context["event"].pk == "truce"
    assert "ran out 10 days ago" in page.content.decode()
    form = {
        "event": "truce",
        "version": page.context["event"].version,
        "said": "prolonged",
        **SOURCE,
        "on": str(PAST),
    }
    refused = client.post(reverse("desk:lasting"), form)
    assert refused.status_code == 409
    assert SOURCE["url"] in refused.content.decode()
    done = client.post(reverse("desk:lasting"), form | {"until": str(FAR)}, follow=True)
    assert "On record: “Prolonged: Act truce”" in done.content.decode()
    assert done.context["event"].pk == "fee"


def test_each_answer_says_what_it_would_do_and_an_undone_one_leaves_nothing_behind(acts, ada, client):
    client.force_login(ada)
    here, before = reverse("desk:lasting"), trust()["score"]
    form = {"event": "fee", "said": "ended", "on": str(TODAY), **SOURCE}
    told = client.post(here, form, headers={"X-Foretell": "1"}).json()
    assert [each["rec"] for each in told["effects"]] == ["trust"]
    late = client.post(here, form | {"on": str(FAR)}, headers={"X-Foretell": "1"}).json()
    assert "is not before its own last day" in late["refused"]
    assert trust()["score"] == before
    said = client.post(here, form, follow=True).content.decode()
    decision = said.split('name="decision" value="')[1].split('"')[0]
    client.post(reverse("desk:undo"), {"decision": decision, "back": here})
    assert trust()["score"] == before
    assert not Event.objects.open().exists()
    assert ids(lasting.asked()) == ["truce", "fee"]
