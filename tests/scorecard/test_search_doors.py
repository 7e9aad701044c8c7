"""The same words find the same events at every door: pages, API, past days, desk, admin and bulk deeds."""

import datetime
import json
import re

import pytest
from django.urls import reverse

from tests.scorecard import cast
from tests.scorecard.told import plain as plain_text
from tracker import log, triage
from tracker.desk import queue
from tracker.models import Event
from tracker.search import EventQuery, codes_of
from tracker.text import words_of

pytestmark = [pytest.mark.usefixtures("seeded_once"), pytest.mark.django_db, pytest.mark.slow]

# Queries and how many events of the first record they find; None: as many as the plain look finds.
COUNTED = {
    "Reuters": 14,
    "export controls": 24,
    '"export controls"': 19,
    "貿易": 11,
    "贸易": 11,
    "ＡＩ": None,
    "AI": None,
    "ß": 0,
    "rec:trust direction:-": None,
    "": None,
}


@pytest.fixture(autouse=True)
def plain(settings):
    settings.SECOND_FACTOR = False
    settings.DOUBLE_CODING_SHARE = 0
    settings.API_RATE_ANONYMOUS = 100_000


def lines():
    return [json.loads(body) for body in log.lines()]


def told(query):
    """What the lines of the log say."""
    read = EventQuery.read(query)
    return {
        line["id"] for line in lines() if read.matches(words_of(line), codes_of(line["assessments"]), line)
    }


def on_pages(client, query, address="/events/"):
    found, page = set(), 1
    while True:
        html = client.get(address, {"q": query, "page": page}).content.decode()
        found |= set(re.findall(r'href="/events/([a-z0-9-]+)/', html))
        (count,) = re.findall(r'<p class="small soft">(\d+) events?</p>', html)
        if len(found) >= int(count):
            return found
        page += 1


def in_api(client, **asked):
    address = f"{cast.API}/events/?limit=100&" + "&".join(f"{name}={value}" for name, value in asked.items())
    return {line["id"] for line in cast.walk(client, address.removeprefix(cast.API))[1]}


@pytest.mark.parametrize("query", COUNTED)
def test_the_same_words_find_the_same_events_at_every_door(client, analyst, query):
    found = told(query)
    assert COUNTED[query] in (None, len(found))
    quoted = query.replace('"', "%22").replace(" ", "%20").replace("+", "%2B")
    assert on_pages(client, query) == found
    assert in_api(client, q=quoted) == found
    today = cast.get(client, "/events/?limit=1")["results"][0]["changed_at"][:10]
    assert in_api(client, q=quoted, known_at=today) == found
    assert {event.pk for event in queue.events("record", query, analyst)} == found
    if query:
        assert {event.pk for event in queue._matching("record", query, analyst)} == found
    client.force_login(analyst)
    page = client.get(reverse("admin:tracker_event_changelist"), {"q": query})
    assert set(page.context["cl"].queryset.values_list("pk", flat=True)) == found


def test_fields_of_the_form_and_parameters_are_terms_of_the_query(client):
    typed = told("rec:trust direction:- lang:zh date:2025-03.. tariff")
    assert typed
    chosen = {"recommendation": "trust", "direction": "-1", "language": "zh", "q": "tariff"}
    assert in_api(client, first="2025-03-01", **chosen) == typed
    html = plain_text(client.get("/events/", chosen | {"from": "2025-03-01"}))
    assert f"<h1>{len(typed)} of {Event.objects.accepted().count()} acts on record</h1>" in html
    page = client.get("/recommendations/trust/", {"direction": "-1", "q": "lang:zh date:2025-03.. tariff"})
    assert f'<p class="small soft">{len(typed)} events</p>' in page.content.decode()


def test_retracted_events_are_found_by_those_who_ask_for_them(client, analyst):
    gone = sorted(told("Reuters"))[0]
    triage.retract(gone, analyst, "never was")
    assert gone not in in_api(client, q="Reuters")
    assert in_api(client, q="retracted:true") == {gone} == in_api(client, retracted="true")
    assert len(in_api(client, q="Reuters", retracted="any")) == 14


def test_words_that_cannot_be_read_are_refused_at_every_door(client, analyst):
    assert client.get("/events/", {"q": "colour:red"}).status_code == 400
    html = client.get("/events/", {"q": "colour:red"}).content.decode()
    assert 'value="colour:red"' in html
    answer = cast.get(client, "/events/?q=colour:red", 400)
    client.force_login(analyst)
    desk = client.get(reverse("desk:desk"), {"q": "colour:red"}).content.decode()
    for words in (html, json.dumps(answer, ensure_ascii=False), desk):
        assert "“colour:” cannot be searched" in words


def test_a_search_at_the_desk_tells_nothing_of_a_coding_that_is_still_to_be_given_blind(
    settings, analyst, django_user_model
):
    settings.DOUBLE_CODING_SHARE = 1
    other = django_user_model.objects.create_superuser("grace")
    code = {"rec": "trust", "direction": -1, "strength": 4, "ask": None, "rationale": "A quibble."}
    event = triage.propose(title="Drawn twice", date=datetime.date(2025, 4, 2))
    triage.accept(event, analyst, assessments=[code])
    for query in ("quibble", "drawn twice rec:trust"):
        assert event in queue.events("record", query, analyst)
        assert event not in queue.events("record", query, other)
