"""Whoever may still give the second coding is shown nothing of the first, wherever inside they look."""

import json
import re
import uuid

import pytest
from django.urls import reverse

from tracker import agreement, triage
from tracker.desk import queue
from tracker.models import Coding, Decision, Event, Revision
from tracker.triage import double_coding

CODE = [
    {
        "rec": "trust",
        "direction": 1,
        "strength": 5,
        "ask": "import-barriers",
        "rationale": "Adas own sentence",
    }
]
TELLTALES = (
    "Adas own sentence",
    "▲ Trust",
    "Trust 5",
    '"import-barriers" selected',
    "Adas reason",
    "m-1",
    "80 %",
)


@pytest.fixture(autouse=True)
def everything_twice(settings):
    settings.DOUBLE_CODING_SHARE = 1


@pytest.fixture
def bob(person):
    return person("bob")


@pytest.fixture
def first(proposal, ada):
    """An event that Ada accepted, changed with a reason, and somebody else codes a second time."""
    event = proposal("Tariff on AI chips")
    triage.accept(event, ada, assessments=CODE, certainty="rumoured", actors=["eu"])
    triage.edit(event, ada, {"certainty": "confirmed"}, "Adas reason")
    return event


def pages(event):
    """Every page inside that speaks of one event."""
    decision, revision = Decision.objects.filter(event=event)[0], Revision.objects.filter(event=event)[0]
    coding = Coding.objects.get(event=event, part="first")
    article = event.reports.get().article
    found = [reverse("desk:event", args=[event.pk]), reverse("desk:item", args=[event.pk])]
    found += [reverse("desk:rows") + f"?only={event.pk}", reverse("desk:find") + "?q=tariff"]
    for row in (event, decision, revision, coding, article):
        model = row._meta.model_name
        found.append(reverse(f"admin:tracker_{model}_changelist"))
        found += [reverse(f"admin:tracker_{model}_{page}", args=[row.pk]) for page in ("change", "history")]
    changelist = reverse("admin:tracker_event_changelist")
    return [
        *found,
        f"{changelist}?q=rec:trust",
        f"{changelist}?q=actor:eu",
        f"{changelist}?certainty=confirmed",
    ]


def told(client, event):
    """What the pages tell of the first coding; the panel's own choices and the codebook's words aside."""
    found = []
    for url in pages(event):
        answer = client.get(url, follow=True)
        assert answer.status_code == 200, url
        text = answer.content.decode()
        found += [(url, word) for word in TELLTALES if word in text]
        found += [(url, word) for word in ("data-coded", 'class="history"', "data-on-record") if word in text]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bob", "rita", "root"])
def test_who_may_code_second_is_told_nothing(client, first, request, name, django_user_model):
    user = (
        django_user_model.objects.create_superuser(name, password="x")
        if name == "root"
        else request.getfixturevalue(name)
    )
    client.force_login(user)
    assert told(client, first) == []
    for url in pages(first)[:2]:
        assert (
            reverse("desk:coding", args=[double_coding.withheld(user).get().pk])
            in client.get(url).content.decode()
        )
    second = client.get(reverse("desk:coding", args=[double_coding.withheld(user).get().pk])).content.decode()
    assert not [word for word in TELLTALES if word in second]
    assert 'class="state"' not in second
    assert f"/events/{first.pk}" not in second, "nothing leads to the public page"
    assert "please do not look it up" in second


def test_the_first_coder_and_who_cannot_code_see_it(client, first, ada, person):
    for user in (ada, person("vic", "viewer")):
        client.force_login(user)
        seen = {word for _url, word in told(client, first)}
        assert {"Adas own sentence", "Adas reason"} <= seen


def test_it_is_shown_once_the_second_coding_is_given(client, first, bob):
    client.force_login(bob)
    row = double_coding.withheld(bob).get()
    agreement.code_second(row, bob, {"relevant": True, "certainty": "reported", "assessments": CODE})
    assert "Adas own sentence" in client.get(reverse("desk:event", args=[first.pk])).content.decode()


def test_its_codes_are_no_precedent_for_who_may_code_it(client, first, bob, proposal, ada):
    other = proposal("Tariff on AI chips again")
    for user, seen in ((bob, False), (ada, True)):
        client.force_login(user)
        page = client.get(reverse("desk:item", args=[other.pk])).content.decode()
        assert ("Adas own sentence" in page) == seen


@pytest.mark.parametrize("asked", [{"action": "retract"}, {"action": "edit", "changes": {"actors": ["us"]}}])
def test_a_preview_tells_nothing(client, first, rita, asked):
    client.force_login(rita)
    form = {"event": first.pk, "token": str(uuid.uuid4())} | asked
    answer = client.post(reverse("desk:preview"), json.dumps(form), "application/json")
    assert answer.status_code == 403
    assert "effects" not in answer.json()


def test_a_reviewer_who_looks_leaves_the_second_coding_to_others(client, first, rita, bob):
    client.force_login(rita)
    row = double_coding.withheld(rita).get()
    page = client.post(reverse("desk:unblind", args=[row.pk]), follow=True).content.decode()
    assert "Adas own sentence" in page
    assert "first coding looked at before the second was given" in page
    assert list(double_coding.second_codings_for(rita)) == []
    assert list(double_coding.second_codings_for(bob)) == [row]
    assert client.get(reverse("desk:coding", args=[row.pk])).status_code == 403
    with pytest.raises(triage.NotAllowed, match="seen the first coding"):
        agreement.code_second(row, rita, {"relevant": False})
    client.post(reverse("desk:unblind", args=[row.pk]))
    assert Decision.objects.filter(action="unblind").count() == 1


def test_looking_stands_in_no_undos_way_and_is_not_undone(first, rita, ada):
    double_coding.unblind(first, rita)
    with pytest.raises(triage.Refused, match="is a note"):
        triage.undo(Decision.objects.get(action="unblind"), rita)
    assert triage.last_of(rita) == []
    triage.undo(triage.last_of(ada)[0], ada)


def test_an_analyst_cannot_look(client, first, bob):
    client.force_login(bob)
    row = double_coding.withheld(bob).get()
    assert client.post(reverse("desk:unblind", args=[row.pk])).status_code == 403
    with pytest.raises(triage.NotAllowed):
        double_coding.unblind(first, bob)
    assert list(double_coding.withheld(bob)) == [row]


def test_a_reopened_proposal_is_nobodys_secret(proposal, ada, bob, client):
    event = proposal("Talks held")
    triage.dismiss(event, ada, "no_act")
    assert double_coding.withheld(bob).exists()
    triage.reopen(event, ada, "there was an act")
    client.force_login(bob)
    assert not double_coding.withheld(bob).exists()
    assert 'data-do="accept"' in client.get(reverse("desk:item", args=[event.pk])).content.decode()


def lists(event, twin):
    """Wherever the desk names events that it may have decided already."""
    words = "tariff"
    yield from (
        f"{reverse('desk:find')}?q={words}{more}" for more in ("", "&on=record", f"&without={twin.pk}")
    )
    yield f"{reverse('desk:new')}?title=Tariff+on+AI+chips"
    yield f"{reverse('desk:rows')}?only={event.pk}"
    yield from (f"{reverse('desk:desk')}?tab={tab}" for tab in queue.TABS)
    yield reverse("desk:item", args=[twin.pk])


@pytest.mark.slow
def test_no_list_tells_what_became_of_it(client, first, bob, ada, proposal):
    """Accepted, rejected or disputed: to whoever may code it blind all are named in the same words, or none is."""
    twin = proposal("Another tariff")
    Event.objects.filter(pk=twin.pk).update(
        suggestion={"same": [{"event": first.pk, "probability": 0.9, "because": []}]}
    )

    def told(user):
        client.force_login(user)
        pages = [client.get(url).content.decode() for url in lists(first, twin)]
        drawn = r'value="[A-Za-z0-9]{64}"|data-csrf="\w+"|data-page="[^"]+"'
        return [re.sub(drawn, "", page) for page in pages]

    found = {"accepted": told(bob)}
    assert "waits for your second coding" in found["accepted"][0]
    assert f'data-event="{first.pk}"' not in found["accepted"][0], "it cannot be chosen"
    assert "Accepted" not in "".join(found["accepted"][:5])
    client.force_login(ada)
    assert f'data-event="{first.pk}"' in client.get(f"{reverse('desk:find')}?q=tariff").content.decode()
    triage.dispute(first, ada, "a reader doubts it")
    found["disputed"] = told(bob)
    Event.objects.filter(pk=first.pk).update(retracted=True)
    found["retracted"] = told(bob)
    Event.objects.filter(pk=first.pk).update(look_again="its source changed")
    found["looked at again"] = told(bob)
    for state, pages in found.items():
        for url, page, before in zip(lists(first, twin), pages, found["accepted"], strict=True):
            assert page == before, (state, url)
    rejected = proposal("A tariff that is none")
    triage.dismiss(rejected, ada, "not_relevant")
    assert double_coding.withheld(bob).filter(event=rejected).exists()
    for page in told(bob)[:2]:
        assert page.count("waits for your second coding") == 2
        assert "A tariff that is none" in page
