"""The desk in a real Chromium: fifty proposals by keyboard, two browsers at once, a lost connection, a tablet.

All tests sit down at one service; each looks only at what it did itself.
"""

import json
import time

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.service import Service

pytestmark = pytest.mark.browser

FILL = """
from tests.tracker.desk import proposals
proposals.people(ada="analyst", rita="reviewer", kim="analyst")
answer = proposals.propose(96)
"""
SETTINGS = dict.fromkeys(
    ("SECOND_FACTOR", "SECOND_PERSON", "DOUBLE_CODING_SHARE", "HIDDEN_SUGGESTION_SHARE"), "0"
)
STATES = """
from tracker.models import Event, Decision, Revision, Assessment
from tracker import log
log.verify()
answer = {
    "events": {e.pk: [e.status, e.dismissal, e.merged_into_id] for e in Event.objects.all()},
    "codes": {e.pk: [r.line() for r in e.assessments.all()] for e in Event.objects.all()},
    "decisions": [[d.event_id, d.action, d.by.username if d.by else "", bool(d.undoes_id)]
                  for d in Decision.objects.exclude(action="enter").order_by("id")],
    "log": [[r.event_id, r.kind, r.record] for r in Revision.objects.order_by("sequence")],
}
"""
ESTUARY = """
from tests.tracker.desk import proposals
from tracker import filing
from tracker.models import Article, Event
proposals.people(ada="analyst")
Article.objects.create(
    title="Northport extends the closed season", url_key="a" * 64, title_key="closed",
    publisher="Estuary Gazette", language="en", published_at="2026-06-09T08:00:00Z",
)
filing.file_waiting()
answer = Event.objects.get(status="proposed").pk
"""
SCORES = """
import datetime
from scorecard import method, standings
from scorecard.method import columns
day = datetime.date(2026, 12, 1)
records = json.load(open({path!r}))
mine = method.views(columns.read(records), day, actors=(None,))[None]
shown = standings.views(day, beyond=True)[None]  # a day of the test, after the last coded one
answer = [[slug, mine[slug]["score"], shown[slug]["score"]] for slug in mine]
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A service with the seeded record, four people and proposals enough for all."""
    with Service(tmp_path_factory.mktemp("desk"), **SETTINGS).with_tagger().filled() as service:
        service.ask(FILL)
        service.start_web()
        yield service


def at_hand(page):
    return page.evaluate("document.getElementById('item')?.dataset.event")


def until(page, condition, argument=None):
    """Wait for a condition; not by Playwright's own way, which the page's security policy forbids."""
    deadline = time.monotonic() + 60
    while not page.evaluate(condition, argument):
        if time.monotonic() > deadline:
            said = page.evaluate("document.body.innerText.slice(0, 1500)")
            pytest.fail(f"waited in vain: {condition} {argument}\n{page.troubles}\n{said}")
        page.wait_for_timeout(20)


def gone_on(page, event):
    """Wait until another item is at hand."""
    until(page, "event => document.getElementById('item')?.dataset.event !== event", event)


def all_saved(page):
    until(page, "() => window.Desk.unsent() === 0")


def explain(page):
    """Write a sentence for every code that has none yet, as a person would who has no draft to take over."""
    page.evaluate(
        """() => document.querySelectorAll(".rec [data-rationale]").forEach((text) => {
            const row = text.closest(".rec");
            const coded = row.querySelector('[data-strength][aria-pressed="true"]');
            if (coded && !text.value.trim()) text.value = "Written by hand.";
        })"""
    )


def press(page, keys):
    for key in keys:
        page.keyboard.press(key)


def test_fifty_proposals_by_keyboard(desk, sit, tmp_path):
    before = desk.ask(STATES)
    page = sit(desk, "ada")
    expected, order = {}, []
    words, target = next(
        (record["title"], key)
        for key, kind, record in reversed(before["log"])
        if kind == "create" and len(record["title"].split()) > 5
    )
    for number in range(50):
        event = at_hand(page)
        assert event not in expected
        order.append(event)
        if number % 10 == 3:
            press(page, ["d"])
            page.keyboard.type(words)
            page.wait_for_selector(f'#found [data-event="{target}"][aria-selected="true"]')
            press(page, ["Enter"])
            expected[event] = ["merged", "", target]
        elif number % 10 == 5:
            press(page, ["r", "2"])
            expected[event] = ["dismissed", "no_act", None]
        elif number in (7, 17, 27):
            press(page, ["z", "3"])
            expected[event] = ["snoozed", "", None]
        else:
            if number in (1, 11):
                press(page, ["x"])
                page.keyboard.type(f"A further act of item {number}")
                press(page, ["Enter"])
                all_saved(page)
            if number % 2 or not page.evaluate("Desk.coding.read().assessments.length"):
                press(page, ["5", "-", "4", "o", "u"])
            press(page, ["t"])
            explain(page)
            page.coding = page.evaluate("Desk.coding.read()")
            press(page, ["a"])
            expected[event] = ["accepted", page.coding["assessments"], None]
        gone_on(page, event)
    all_saved(page)
    for number in range(1, 11):
        press(page, ["u"])
        until(page, "event => document.getElementById('item')?.dataset.event === event", order[-number])
        all_saved(page)
    assert page.troubles == []
    undone = set(order[-10:])
    after = desk.ask(STATES)
    after["decisions"] = after["decisions"][len(before["decisions"]) :]
    _states_are_right(after, expected, undone)
    _log_is_right(before, after, expected, undone, target)
    records = tmp_path / "records.json"
    records.write_text(json.dumps(_expected_records(before, after, expected, undone)))
    for _slug, mine, shown in desk.ask(SCORES.format(path=str(records))):
        assert mine == pytest.approx(shown, abs=1e-9)


def _states_are_right(after, expected, undone):
    assert len(expected) == 50
    for event, (status, detail, target) in expected.items():
        found, dismissal, merged_into = after["events"][event]
        if event in undone:
            assert found in ("new", "proposed"), event
            assert after["codes"][event] == []
            continue
        assert (found, merged_into) == (status, target)
        if status == "accepted":
            assert after["codes"][event] == [{"rationale_zh": "", **line} for line in detail]
        else:
            assert dismissal == detail
    split = [key for key in after["events"] if "a-further-act-of-item" in key]
    assert len(split) == 2
    actions = [action for _event, action, _who, _undoes in after["decisions"]]
    assert actions.count("undo") >= 10
    assert actions.count("snooze") == 3
    assert actions.count("split") == 4  # each touches the old event and the new one


def _log_is_right(before, after, expected, undone, target):
    """One version for each acceptance and each join to the record; undone ones are taken back by one more."""
    grown = after["log"][len(before["log"]) :]
    kinds = [(event, kind) for event, kind, _record in grown]
    for event, (status, _detail, _target) in expected.items():
        mine = [kind for key, kind in kinds if key == event]
        if status != "accepted":
            assert mine == []
        else:
            assert mine == (["create", "retract"] if event in undone else ["create"])
    joins = [event for event, (status, *_rest) in expected.items() if status == "merged"]
    taken_back = [event for event in joins if event in undone]
    assert [kind for key, kind in kinds if key == target] == ["update"] * (len(joins) + len(taken_back))


def _expected_records(before, after, expected, undone):
    """The record as it should stand: the seeds and each standing acceptance, written down independently."""
    bodies = {key: record for key, _kind, record in after["log"]}
    records = [record for _key, _kind, record in before["log"]]
    for event, (status, codes, _target) in expected.items():
        if status == "accepted" and event not in undone:
            records.append(bodies[event] | {"assessments": codes})
    return records


def test_a_full_code_takes_six_keys_and_a_sentence_and_an_acceptance_one_key(desk, sit, picture):
    page = sit(desk, "ada")
    first = at_hand(page)
    picture(page, "desk-item")
    page.evaluate("Desk.coding.put({assessments: [], actors: [], certainty: 'reported'})")
    keys = ["2", "+", "3", "o", "c"]
    press(page, keys)
    press(page, ["a"])  # refused: why is not said yet
    assert at_hand(page) == first
    deeds, foot = (page.locator(part).bounding_box() for part in (".panel > .deeds .primary", ".legend"))
    assert deeds["y"] + deeds["height"] < foot["y"], "a notice pushes no deed below the edge"
    press(page, ["n"])
    page.keyboard.type("It says so itself.")
    picture(page, "desk-coding")
    press(page, ["Enter", "a"])
    gone_on(page, first)
    second = at_hand(page)
    page.evaluate("""Desk.coding.put({assessments: [{rec: 'trust', direction: 1, strength: 2, ask: null,
        rationale: 'They meet.'}], actors: ['us'], certainty: 'confirmed'})""")
    press(page, ["a"])
    gone_on(page, second)
    all_saved(page)
    codes = desk.ask(STATES)["codes"]
    assert len(keys) <= 6
    assert [(line["rec"], line["direction"], line["strength"]) for line in codes[first]] == [
        ("governance", 1, 3)
    ]
    assert [(line["rec"], line["direction"], line["strength"]) for line in codes[second]] == [("trust", 1, 2)]


THREE_REPORTS = """
from tracker import triage
from tracker.models import Article, Event
event = Event.objects.filter(status="proposed", claim=None).order_by("priority").first()
triage.refresh(event, articles=[
    Article.objects.create(title=f"Another report {n}", publisher=f"Outlet {n}", url_key=f"split{n}", state="filed")
    for n in (1, 2)
])
answer = event.pk
"""
DIVIDED = """
from tracker.models import Event
events = Event.objects.get(title="A second act of this day"), Event.objects.get(pk={event!r})
answer = [[report.article.title for report in each.reports.order_by("id")] for each in events]
"""


def test_a_split_takes_along_the_reports_that_were_chosen(desk, sit):
    event = desk.ask(THREE_REPORTS)
    page = sit(desk, "ada", f"/admin/desk/event/{event}/")
    press(page, ["x"])
    page.keyboard.type("A second act of this day")
    part = page.locator("#split .part").first
    part.locator("summary").click()
    ticks = part.locator("li input")
    assert ticks.count() == 3
    ticks.nth(0).uncheck()
    ticks.nth(2).uncheck()
    part.locator("[data-move]").check()
    assert not Axe().run(page, context={"include": ["dialog[open]"]}).response["violations"]
    page.locator("#split [data-go]").click()
    all_saved(page)
    new, old = desk.ask(DIVIDED.format(event=event))
    assert new == ["Another report 1"]
    assert old[1:] == ["Another report 2"]
    assert page.troubles == []


def test_two_browsers_never_decide_the_same_item(desk, sit):
    before = len(desk.ask(STATES)["decisions"])
    ada, rita = sit(desk, "ada"), sit(desk, "rita")
    assert at_hand(ada) != at_hand(rita)
    for _round in range(8):
        seen = {}
        for name, page in (("ada", ada), ("rita", rita)):
            until(page, "() => document.getElementById('item')?.dataset.claimed === 'yes'")
            seen[name] = at_hand(page)
        for page in (ada, rita):
            press(page, ["r", "1"])
        for name, page in (("ada", ada), ("rita", rita)):
            gone_on(page, seen[name])
    all_saved(ada)
    all_saved(rita)
    taken = desk.ask(STATES)["decisions"][before:]
    decided = [event for event, action, _who, _undoes in taken if action == "dismiss"]
    assert len(decided) == len(set(decided))
    said = [page.inner_text("#notices") for page in (ada, rita)]
    assert len(decided) == 16, said
    until(ada, "() => document.getElementById('item')?.dataset.claimed === 'yes'")
    # Even a form that goes round the page is refused while somebody else works on the item.
    answer = rita.evaluate(
        "event => Desk.post(Desk.url('deed'),"
        " {token: Desk.token(), action: 'dismiss', reason: 'other', event})"
        ".then(async response => [response.status, (await response.json()).error])",
        at_hand(ada),
    )
    assert answer[0] == 409
    assert "Ada works on" in answer[1]


def test_a_lost_connection_loses_no_decision(desk, sit):
    before = len(desk.ask(STATES)["decisions"])
    page = sit(desk, "ada")
    decided = []
    page.wait_for_load_state("networkidle")
    page.route("**/desk/deed/", lambda route: route.abort())
    for _number in range(3):
        decided.append(at_hand(page))
        press(page, ["r", "1"])
        gone_on(page, decided[-1])
    page.wait_for_selector("#saving[data-state=wrong]")
    assert desk.ask(STATES)["events"][decided[0]][0] in ("new", "proposed")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.unroute("**/desk/deed/")
    page.evaluate("dispatchEvent(new Event('online'))")
    all_saved(page)
    taken = desk.ask(STATES)["decisions"][before:]
    dismissed = [event for event, action, _who, _undoes in taken if action == "dismiss"]
    assert dismissed == decided, "in the order in which they were taken, each once"


def test_hostile_titles_do_nothing(desk, sit):
    desk.ask(
        "from tracker import triage\nimport datetime\n"
        "triage.propose(title='<img src=x onerror=alert(1)><script>alert(2)</script>\"\\'><svg onload=alert(3)>',"
        "date=datetime.date(2026, 12, 30), relevance=1.0, priority=999)\nanswer=1"
    )
    page = sit(desk, "ada")
    said = []
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    assert "<script>" in page.inner_text("#item-title")
    press(page, ["r", "6"])
    page.wait_for_selector("#toast:not([hidden])")
    all_saved(page)
    assert said == []
    assert [each for each in page.troubles if "Content Security" in each] == []


def test_keys_can_be_changed_and_turned_off(desk, sit):
    page = sit(desk, "kim")
    press(page, ["?"])
    page.fill('[data-action="dismiss"]', "a")
    page.click("#keys-form [type=submit]")
    page.wait_for_selector("#keys-trouble:not(:empty)")
    assert "accept" in page.inner_text("#keys-trouble")
    page.fill('[data-action="dismiss"]', "y")
    page.click("#keys-form [type=submit]")
    page.wait_for_selector("dialog[open]", state="detached")
    page.reload()
    first = at_hand(page)
    press(page, ["r"])
    assert at_hand(page) == first
    assert page.query_selector("dialog[open]") is None
    press(page, ["y", "1"])
    gone_on(page, first)
    press(page, ["?"])
    page.uncheck("#single-keys")
    page.click("#keys-form [type=submit]")
    page.wait_for_selector("dialog[open]", state="detached")
    second = at_hand(page)
    press(page, ["y"])
    assert page.query_selector("dialog[open]") is None
    page.click('.panel [data-do="dismiss"]')
    page.click('#dismiss [data-choice="no_act"]')
    gone_on(page, second)


def test_every_control_is_large_enough_on_a_tablet(desk, sit):
    page = sit(desk, "ada")
    page.set_viewport_size({"width": 820, "height": 1180})
    small = page.evaluate(
        """[...document.querySelectorAll('button, a, input, select')]
        .filter(each => each.offsetParent && !each.closest('.report-title, .similar, .twins'))
        .map(each => [each.outerHTML.slice(0, 120), each.getBoundingClientRect()])
        .filter(([_, box]) => box.width && (box.height < 24 || box.width < 24))
        .map(([html]) => html)"""
    )
    assert small == []
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 820
    first = at_hand(page)
    page.evaluate("Desk.coding.put({assessments: [], actors: [], certainty: 'reported'})")
    page.click('.rec[data-rec="trust"] [data-direction="1"]')
    page.click('.rec[data-rec="trust"] [data-strength="2"]')
    page.fill('.rec[data-rec="trust"] [data-rationale]', "They meet again.")
    page.click('.panel [data-do="accept"]')
    gone_on(page, first)
    all_saved(page)
    line = next(each for each in desk.ask(STATES)["codes"][first] if each["rec"] == "trust")
    assert (line["direction"], line["strength"]) == (1, 2)


def test_what_a_coding_lacks_is_said_while_its_item_is_at_hand(desk, sit):
    page = sit(desk, "ada")
    first = at_hand(page)
    page.evaluate("Desk.coding.put({assessments: [], actors: [], certainty: 'reported'})")
    press(page, ["a"])
    page.wait_for_selector("#notices .notice")
    press(page, ["r", "2"])
    gone_on(page, first)
    assert page.locator("#notices .notice").count() == 0


def test_more_than_nine_are_coded_by_two_digits(tmp_path, sit):
    with Service(tmp_path, INSTANCE_FOLDER="tests/instances/estuary", **SETTINGS).filled(
        seeds=False
    ) as service:
        service.manage("seed", "-v0")
        event = service.ask(ESTUARY)
        service.start_web()
        page = sit(service, "ada")
        assert at_hand(page) == event
        press(page, ["1", "1", "Delete", "0", "2", "0", "3", "1", "1", "+", "4", "9", "9", "1", "-"])
        explain(page)
        press(page, ["a"])
        gone_on(page, event)
        all_saved(page)
        assert not page.troubles
        codes = service.ask(STATES.replace("log.verify()", ""))["codes"][event]
    assert [(line["rec"], line["direction"], line["strength"]) for line in codes] == [
        ("shore-power", 0, 3),
        ("fishing-grounds", 1, 4),
    ]
