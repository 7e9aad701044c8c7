"""What machines coded, put before people: the heaviest first, one press confirms, another takes it back."""

import pytest
from django.urls import reverse

from tests.scorecard import cast
from tracker import triage
from tracker.desk import signing
from tracker.models import Coding, Event, MachineCoding

pytestmark = pytest.mark.django_db
HERE = "desk:confirming"


@pytest.fixture
def acts(seven, settings):
    """A law that weighs, and words that hardly do."""
    triage.enter(cast.event("law", strength=4), who="Second edition")
    triage.enter(cast.event("words", strength=1), who="Second edition")
    settings.EVENT_WEIGHTS = "tests.tracker.desk.test_confirming.weights"


def weights():
    return {"words": 0.1, "law": 0.8}


def shown(client, **more):
    answer = client.get(reverse(HERE), more)
    return answer.context["item"] and answer.context["item"]["event"].pk, answer.content.decode()


def test_the_heaviest_stands_first_with_codes_rule_and_sources(acts, client, ada):
    MachineCoding.objects.create(
        event_id="law", reader="language model, second reader", release=2, blind=True,
        first={"actors": [], "assessments": []},
        body={"actors": [], "assessments": [{"rec": "trust", "direction": 1, "strength": 3}]},
    )  # fmt: skip
    client.force_login(ada)
    key, html = shown(client)
    assert key == "law"
    assert cast.event("law")["sources"][0]["url"] in html
    assert "Because." in html
    assert "language model, second reader" in html
    assert shown(client, skip="law")[0] == "words"
    assert shown(client, event="words")[0] == "words"


def test_one_press_confirms_and_another_takes_it_back(acts, client, ada):
    client.force_login(ada)
    version = Event.objects.get(pk="law").version
    answer = client.post(reverse(HERE), {"event": "law", "version": version}, follow=True)
    assert "Confirmed: “Act law”" in answer.content.decode()
    assert signing.progress(weights()) == {"done": 1, "events": 2, "share": pytest.approx(0.8 / 0.9)}
    assert shown(client)[0] == "words"
    (undo,) = [each.extra_tags for each in answer.context["messages"]]
    client.post(reverse(HERE), {"undo": undo})
    assert shown(client)[0] == "law"


def test_what_changed_meanwhile_is_not_confirmed_unread(acts, client, ada, rita):
    client.force_login(ada)
    version = Event.objects.get(pk="law").version
    triage.edit("law", rita, {"certainty": "reported"}, why="One outlet")
    answer = client.post(reverse(HERE), {"event": "law", "version": version}, follow=True)
    assert "Look again" in answer.content.decode()
    assert shown(client)[0] == "words", "the edit was a person's"


def test_who_is_to_code_it_blind_is_not_shown_its_codes(acts, client, ada):
    law = Event.objects.get(pk="law")
    Coding.objects.create(
        event=law, part="first", reader="Second edition", done_at="2026-01-01T00:00Z", body={}
    )
    Coding.objects.create(event=law, part="second")
    client.force_login(ada)
    assert shown(client)[0] == "words"
    with pytest.raises(triage.NotAllowed):
        triage.confirm("law", ada)
