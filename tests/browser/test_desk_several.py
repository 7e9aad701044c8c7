"""Several people and windows at one desk, in real browsers: nothing is decided twice or lost."""

import contextlib
import statistics
import time

import pytest
from playwright.sync_api import Error

from tests.browser.test_desk import SETTINGS, all_saved, at_hand, explain, gone_on, press, until
from tests.service import Service
from tests.tracker.desk.proposals import PASSWORD

pytestmark = pytest.mark.browser

FILL = """
from tests.tracker.desk import proposals
proposals.people(ada="analyst", rita="reviewer", kim="analyst")
answer = proposals.propose(96)
"""
STATES = """
from tracker.models import Decision, Event
rows = Decision.objects.exclude(action="enter").order_by("id").values_list(
    "event_id", "action", "by__username", "undoes_id")
answer = {
    "events": dict(Event.objects.values_list("pk", "status")),
    "decisions": [[event, action, by or "", bool(undoes)] for event, action, by, undoes in rows],
}
"""
ON_RECORD = """
from tracker.models import Event
event = Event.objects.accepted().exclude(title="").order_by("-pk").first()
answer = [event.title, event.pk]
"""
VERIFIED = "from tracker import log\nlog.verify()\nanswer = 1"
CLAIMS = "from tracker.models import Claim\nanswer = {c.event_id: c.by.username for c in Claim.objects.all()}"


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with Service(tmp_path_factory.mktemp("several"), **SETTINGS).with_tagger().filled() as service:
        service.ask(FILL)
        service.start_web()
        yield service


def taken(desk, before):
    return desk.ask(STATES)["decisions"][before:]


def count(desk):
    return len(desk.ask(STATES)["decisions"])


def decide(page):
    """One decision as a person takes it: the draft or a sentence of one's own, then accept."""
    if page.evaluate("Desk.coding.read().assessments.length"):
        press(page, ["t"])
        explain(page)
        press(page, ["a"])
    else:
        press(page, ["r", "1"])


def test_sixty_proposals_by_keyboard_in_three_browsers_at_once(desk, sit):
    before, seconds = count(desk), []
    pages = [sit(desk, name) for name in ("ada", "rita", "kim")]
    for _round in range(20):
        begun = time.monotonic()
        for page in pages:
            until(page, "() => document.getElementById('item')?.dataset.claimed === 'yes'")
        seen = [at_hand(page) for page in pages]
        for page in pages:
            decide(page)
        for page, event in zip(pages, seen, strict=True):
            gone_on(page, event)
        seconds.append(time.monotonic() - begun)
    for page in pages:
        all_saved(page)
    decided = [
        event for event, action, _who, _undoes in taken(desk, before) if action in ("accept", "dismiss")
    ]
    said = [page.inner_text("#notices") for page in pages]
    assert len(decided) == len(set(decided)) == 60, said
    assert desk.ask(VERIFIED)
    assert statistics.median(seconds) < 5
    # Each page keeps its next item ahead of time, so that even in step as here hardly ever two reach for the same one.
    taken_first = [said for page in pages for said in page.troubles if "409 (Conflict)" in said]
    assert len(taken_first) < 6, taken_first
    assert sum(len(page.troubles) for page in pages) == len(taken_first)


def test_a_reload_and_a_second_window_keep_place_draft_and_claim(desk, sit):
    page = sit(desk, "ada")
    for _time in range(2):
        before = at_hand(page)
        press(page, ["j"])
        gone_on(page, before)
    until(page, "() => document.getElementById('item')?.dataset.claimed === 'yes'")
    event = at_hand(page)
    press(page, ["2", "+", "3", "n"])
    page.keyboard.type("Half a sen")
    for _time in range(5):
        page.reload()
        assert at_hand(page) == event
        assert page.input_value('.rec[data-rec="governance"] [data-rationale]') == "Half a sen"
        assert desk.ask(CLAIMS).get(event) == "ada"
    second = page.context.new_page()
    second.goto(page.url)
    assert at_hand(second) == event
    second.close()
    page.wait_for_timeout(300)
    assert desk.ask(CLAIMS).get(event) == "ada"
    press(page, ["Escape", "j"])
    gone_on(page, event)
    page.evaluate("history.back()")
    until(page, "event => document.getElementById('item')?.dataset.event === event", event)
    assert page.input_value('.rec[data-rec="governance"] [data-rationale]') == "Half a sen"


def test_a_killed_window_is_not_handed_out_and_comes_back_to_its_analyst(desk, sit):
    page = sit(desk, "ada")
    first = at_hand(page)
    press(page, ["j"])
    gone_on(page, first)
    until(page, "() => document.getElementById('item')?.dataset.claimed === 'yes'")
    event, url = at_hand(page), page.url
    with contextlib.suppress(Error):  # what is killed says no farewell
        page.goto("chrome://crash")
    assert desk.ask(CLAIMS).get(event) == "ada"
    kim = sit(desk, "kim")
    assert at_hand(kim) != event
    again = sit(desk, "ada")
    again.goto(url)
    assert at_hand(again) == event
    assert again.query_selector("#item[data-taken]") is None


def test_a_held_key_decides_once_and_undo_leads_back(desk, sit):
    before = count(desk)
    page = sit(desk, "rita")
    event = at_hand(page)
    page.keyboard.down("v")
    for _repeat in range(7):
        page.keyboard.down("v")
    page.keyboard.up("v")
    gone_on(page, event)
    all_saved(page)
    assert [row[:2] for row in taken(desk, before)] == [[event, "review"]]
    for _repeat in range(5):
        page.keyboard.down("r")  # opens the question, and must not answer it
    page.keyboard.up("r")
    page.wait_for_selector("#dismiss[open]")
    press(page, ["Escape"])
    second = at_hand(page)
    words, target = desk.ask(ON_RECORD)
    press(page, ["d"])
    page.keyboard.type(words)
    page.wait_for_selector(f'#found [data-event="{target}"][aria-selected="true"]')
    press(page, ["Enter"])
    gone_on(page, second)
    press(page, ["u"])
    until(page, "event => document.getElementById('item')?.dataset.event === event", second)
    all_saved(page)
    assert desk.ask(STATES)["events"][second] in ("new", "proposed")


def test_an_ended_session_goes_on_after_signing_in_elsewhere_and_never_as_somebody_else(desk, sit):
    page = sit(desk, "kim")
    event = at_hand(page)
    waited = desk.ask(STATES)["events"][event]
    page.context.clear_cookies()
    press(page, ["r", "1"])
    page.wait_for_selector("#saving[data-state=wrong]")
    assert "signed out" in page.inner_text("#saving")
    assert desk.ask(STATES)["events"][event] == waited
    _sign_in_elsewhere(desk, page, "ada")
    page.evaluate("dispatchEvent(new Event('focus'))")
    until(page, "() => document.getElementById('saving').textContent.includes('Somebody else')")
    assert desk.ask(STATES)["events"][event] == waited
    page.context.clear_cookies()
    _sign_in_elsewhere(desk, page, "kim")
    page.evaluate("dispatchEvent(new Event('focus'))")
    all_saved(page)
    assert desk.ask(STATES)["events"][event] == "dismissed"


def test_a_token_that_another_tab_rotated_costs_no_decision(desk, sit):
    page = sit(desk, "kim")
    before = [_token(page), page.evaluate("document.body.dataset.csrf")]
    other = page.context.new_page()
    other.goto(f"{desk.address}/admin/")
    other.click("#logout-form button")
    other.wait_for_selector("text=Logged out")
    other.close()
    _sign_in_elsewhere(desk, page, "kim")
    assert _token(page) != before[0]
    event = at_hand(page)
    press(page, ["r", "1"])
    gone_on(page, event)
    all_saved(page)
    assert page.evaluate("document.body.dataset.csrf") == before[1]  # the page itself was not loaded anew
    assert desk.ask(STATES)["events"][event] == "dismissed"
    assert [said for said in page.troubles if "403" in said] == []


def _token(page):
    name = page.evaluate("Desk.config.csrf")
    return next(each["value"] for each in page.context.cookies() if each["name"] == name)


def _sign_in_elsewhere(desk, page, name):
    other = page.context.new_page()
    other.goto(f"{desk.address}/admin/login/?next=/admin/")
    other.fill("#id_username", name)
    other.fill("#id_password", PASSWORD)
    other.click("[type=submit]")
    other.wait_for_url("**/admin/")
    other.close()


def test_without_a_connection_an_item_is_decided_once(desk, sit):
    before = count(desk)
    page = sit(desk, "ada")
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    seen = []
    for _item in range(8):
        event = at_hand(page)
        if event is None:
            break
        seen.append(event)
        press(page, ["r", "1"])
        page.wait_for_timeout(150)
        press(page, ["r", "1"] if at_hand(page) == event else [])
    page.wait_for_selector("h1.empty")
    assert page.evaluate("Desk.unsent()") == len(set(seen))
    page.context.set_offline(False)
    all_saved(page)
    dismissed = [event for event, action, _who, _undoes in taken(desk, before) if action == "dismiss"]
    assert dismissed == list(dict.fromkeys(seen))
    assert "somebody else" not in page.inner_text("#notices")
    until(page, "() => document.getElementById('item') !== null")
