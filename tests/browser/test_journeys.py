"""Every deed of the desk and the admin, from the pressed key or the sent form to the revision in the log and on to the
page that readers see; then taken back, where the deed has a way back, and the record reads as before.

One table, one service, one window for each of two people: a row is a deed, what it leaves in the log, and what the page
says.
"""

import contextlib
import datetime
import json

import pytest
from playwright.sync_api import Error

from tests.browser.test_desk import SETTINGS, all_saved, at_hand, explain, press
from tests.feeds.publisher import Publisher
from tests.service import Service

pytestmark = pytest.mark.browser

TODAY = datetime.datetime.now(datetime.UTC).date()
PAST, LONG_AGO = str(TODAY - datetime.timedelta(5)), str(TODAY - datetime.timedelta(60))
FILL = f"""
import datetime
from django.contrib.auth import get_user_model
from django.utils import timezone
from tests.tracker.desk import proposals
from tracker import triage
from tracker.models import Article, Coding
from tracker.triage import double_coding
proposals.people(rita="reviewer", ed="editor", ada="analyst", kim="analyst")
CODE = [{{"rec": "trust", "direction": -1, "strength": 4, "ask": None, "rationale": "It bars trade."}}]
ada, kim = (get_user_model().objects.get(username=name) for name in ("ada", "kim"))

def article(words, state="filed"):
    key = "".join(word[0] for word in words.split()) + str(abs(hash(words)))
    return Article.objects.create(title=words, publisher="Journey Post", language="en", state=state,
        url=f"https://post.example/{{key}}", url_key=key.ljust(64, "0")[:64], published_at=timezone.now())

def act(name, reports=1, on_record=True, **more):
    event = triage.propose(title=f"Act of {{name}}", date=datetime.date.fromisoformat("{LONG_AGO}"), relevance=0.5,
        articles=[article(f"{{name}} report {{number}}") for number in range(1, reports + 1)])
    if on_record:
        triage.accept(event, by=ada, assessments=CODE, **more)
    return event.pk

def coded(event, part, by=None, **more):
    body = double_coding.coding_of(event, relevant=True) | more if by else None
    return Coding.objects.create(event=event, part=part, coder=by, body=body, done_at=timezone.now() if by else None)

answer = {{name: act(name) for name in ("walnut", "maple", "larch", "willow", "poplar", "aspen", "rowan", "ginkgo")}}
answer |= {{name: act(name, on_record=False) for name in ("hazel", "cherry")}}
answer |= {{name: act(f"elder {{name}}", on_record=False) for name in ("one", "two", "three", "four", "five", "six")}}
answer |= {{name: act(name, 9) for name in ("cedar", "beech")}}
triage.retract(answer["rowan"], None, "Doubted.")
answer["truce"] = act("truce", terms={{"until": "{PAST}"}})
article("A decree on orchards that was passed over", "background")
from tracker.models import Event
settled = Event.objects.get(pk=act("birch"))
coded(settled, "first", ada)
coded(settled, "second", kim, certainty="rumoured")
answer["adjudication"], answer["birch"] = coded(settled, "adjudication").pk, settled.pk
"""
LOG = """
from tracker import log
from tracker.models import Revision
log.verify()
rows = Revision.objects.filter(sequence__gt={after}).order_by("sequence")
answer = [[row.event_id, row.kind, row.record] for row in rows]
"""
STOOD = """
from tracker.models import Revision
found = {{key: Revision.objects.filter(event=key, sequence__lte={upto}).last() for key in {keys!r}}}
answer = {{key: row and row.record for key, row in found.items()}}
"""
HEAD = "from tracker.models import Revision\nanswer = Revision.objects.count()"
PAGE = """<html lang="en"><head><title>A law on {name}</title>
<meta property="article:published_time" content="{day}T08:00:00Z"></head></html>"""


@pytest.fixture(scope="module")
def publisher():
    with Publisher() as started:
        for name in ("ferries", "quarries"):
            started.pages[f"/{name}"] = PAGE.format(name=name, day=LONG_AGO).encode()
        yield started


@pytest.fixture(scope="module")
def desk(tmp_path_factory, publisher):
    with Service(tmp_path_factory.mktemp("journeys"), **SETTINGS).with_tagger().filled() as service:
        service.cast = service.ask(FILL)
        service.publisher = publisher
        service.start_web()
        yield service


@pytest.fixture(scope="module")
def pages(desk, sit_for_long):
    # The editor stays in the admin: at the desk she would hold the first item.
    seated = {"rita": sit_for_long(desk, "rita"), "ed": sit_for_long(desk, "ed", "/admin/")}
    for page in seated.values():
        page.set_default_timeout(10_000)
    return seated


def go(desk, page, path):
    page.goto(desk.address + path)


def at(desk, page, name):
    """The desk with this act of the cast at hand."""
    go(desk, page, f"/admin/desk/event/{desk.cast[name]}/")
    return desk.cast[name]


def code(page):
    press(page, ["5", "-", "4"])
    explain(page)


def say_why(page, words):
    page.wait_for_selector("#why[open]")
    page.keyboard.type(words)
    press(page, ["Enter"])


def find(page, words, event, why=""):
    """The open question for an event, answered by words of its title and, on record, with the reason."""
    page.wait_for_selector("#join[open]")
    page.keyboard.type(words)
    page.wait_for_selector(f'#found [data-event="{event}"][aria-selected="true"]')
    press(page, ["Enter"])
    if why:
        page.keyboard.type(why)
        press(page, ["Enter"])


# Deeds: what is done, then the event that moved and what its page says; a word with "-" before it is gone.


def accept(desk, page):
    event = at(desk, page, "hazel")
    code(page)
    press(page, ["a"])
    return event, ["Act of hazel", "hazel report 1", "Written by hand."]


def enter_by_hand(desk, page):
    go(desk, page, "/admin/desk/new/")
    page.fill("[name=address]", desk.publisher.url("/ferries"))
    page.click("[name=look]")
    assert page.input_value("[name=title]") == "A law on ferries"
    page.click("[name=make]")
    page.wait_for_url("**/desk/event/**")
    event = at_hand(page)
    code(page)
    press(page, ["a"])
    return event, ["A law on ferries", LONG_AGO.split("-")[0]]


def propose_what_was_passed_over(desk, page):
    go(desk, page, "/admin/tracker/article/?q=orchards")
    page.check("[name=_selected_action]")
    page.select_option("[name=action]", "propose")
    page.click("button[name=index]")
    page.wait_for_selector("text=1 event was proposed")
    go(desk, page, "/admin/desk/?q=orchards")
    event = at_hand(page)
    code(page)
    press(page, ["a"])
    return event, ["A decree on orchards that was passed over"]


def attach_a_pasted_address(desk, page):
    event = at(desk, page, "maple")
    page.click("[data-do=attach]")
    page.keyboard.type(desk.publisher.url("/quarries"))
    page.wait_for_selector("#articles [data-fetch]", state="attached")
    press(page, ["Enter"])
    page.wait_for_selector("#articles [data-article]")
    press(page, ["Enter"])
    page.keyboard.type("It tells of it too.")
    press(page, ["Enter"])
    return event, ["A law on quarries", "It tells of it too."]


def detach(desk, page):
    event = at(desk, page, "cedar")
    page.locator("#reports li", has_text="cedar report 2").locator("[data-report=detach]").click()
    say_why(page, "It tells of another act.")
    return event, ["It tells of another act.", "cedar report 1", "-cedar report 2"]


def move(desk, page):
    at(desk, page, "cedar")
    page.locator("#reports li", has_text="cedar report 3").locator("[data-report=move]").click()
    find(page, "larch", desk.cast["larch"], "It belongs there.")
    return desk.cast["larch"], ["cedar report 3", "It belongs there."]


def drop_a_source(desk, page):
    event = desk.ask(
        "from tracker.models import Event\nanswer = next(e.pk for e in Event.objects.accepted().filter("
        "reports=None) if len(e.sources) > 1 and e.title)"
    )
    go(desk, page, f"/admin/desk/event/{event}/")
    page.locator("[data-drop]").first.click()
    say_why(page, "The page is gone.")
    return event, ["The page is gone."]


def merge_a_proposal(desk, page):
    at(desk, page, "cherry")
    press(page, ["d"])
    find(page, "Act of walnut", desk.cast["walnut"])
    return desk.cast["walnut"], ["cherry report 1", "walnut report 1"]


def merge_on_record(desk, page):
    at(desk, page, "aspen")
    page.click("[data-do=join]")
    find(page, "Act of poplar", desk.cast["poplar"], "The same act.")
    return desk.cast["poplar"], ["aspen report 1", "The same act."]


def split_with_a_filter(desk, page):
    """The reports that a word finds go along; the new act is accepted."""
    at(desk, page, "beech")
    press(page, ["x"])
    page.keyboard.type("A second act under the beech")
    part = page.locator("#split .part").first
    part.locator("summary").click()
    part.locator("[data-sift] input").fill("report 7")
    for tick in part.locator("li:not([hidden]) input").all():
        tick.uncheck()
    part.locator("[data-move]").check()
    page.click("#split [data-go]")
    page.wait_for_selector("#toast:not([hidden])")
    all_saved(page)
    go(desk, page, "/admin/desk/?q=second+act+beech")
    event = at_hand(page)
    code(page)
    press(page, ["a"])
    return event, ["A second act under the beech", "beech report 6", "-beech report 7"]


def correct(desk, page):
    event = at(desk, page, "willow")
    press(page, ["5", "-", "2"])
    explain(page)
    page.click("[data-do=recode]")
    say_why(page, "It is only announced.")
    return event, ["It is only announced."]


def retract(desk, page):
    event = at(desk, page, "poplar")
    page.click("[data-do=retract]")
    say_why(page, "It never happened.")
    return event, ["This event was retracted", "It never happened."]


def restore(desk, page):
    event = at(desk, page, "rowan")
    page.click("[data-do=restore]")
    say_why(page, "It happened after all.")
    return event, ["It happened after all.", "-This event was retracted"]


def supersede(desk, page):
    event = at(desk, page, "maple")
    page.click("[data-do=supersede]")
    find(page, "Act of larch", desk.cast["larch"], "It ends the first.")
    return event, ["Ends", "Act of larch", "It ends the first."]


def change_its_terms(desk, page):
    event = desk.cast["ginkgo"]
    go(desk, page, f"/admin/desk/details/{event}/")
    page.select_option("[name=reach]", "local")
    page.fill("[name=why]", "One city only.")
    page.wait_for_selector("output.effects:not(:empty)")
    page.click(".details [type=submit]")
    page.wait_for_selector(".notice [data-key=u]")
    return event, ["One city only."]


def answer_until(desk, page):
    go(desk, page, f"/admin/desk/lasting/?event={desk.cast['truce']}")
    page.fill("[name=url]", "https://gov.example/notice")
    page.fill("[name=title]", "Notice of the truce")
    page.locator("h1").click()
    press(page, ["l"])
    page.wait_for_selector(".notice [data-key=u]")
    return desk.cast["truce"], ["Notice of the truce"]


def adjudicate(desk, page):
    go(desk, page, f"/admin/desk/codings/{desk.cast['adjudication']}/")
    press(page, ["l", "a"])
    say_why(page, "Nobody has confirmed it.")
    page.wait_for_url("**/desk/codings/")
    return desk.cast["birch"], ["Nobody has confirmed it."]


def by_desk(page):
    """The key at the desk; the event comes back to hand."""
    press(page, ["u"])
    page.wait_for_selector("#toast:not([hidden])")


def by_desk_twice(page):
    by_desk(page)
    saved(page)
    page.wait_for_selector("[data-event][data-claimed]")  # what came back is claimed before it goes for good
    by_desk(page)


def by_button(page):
    press(page, ["u"])
    page.wait_for_load_state()
    page.wait_for_selector(".notice")


# The deed, the kinds of its revisions, and how it is taken back.
DEEDS = {
    accept: (["create"], by_desk),
    enter_by_hand: (["create"], by_desk),
    propose_what_was_passed_over: (["create"], by_desk),
    attach_a_pasted_address: (["update"], by_desk),
    detach: (["update"], by_desk),
    move: (["update", "update"], by_desk),
    drop_a_source: (["update"], by_desk),
    merge_a_proposal: (["update"], by_desk),
    merge_on_record: (["update", "merge"], by_desk),
    split_with_a_filter: (["split", "create"], by_desk_twice),
    correct: (["update"], by_desk),
    retract: (["retract"], by_desk),
    restore: (["restore"], by_desk),
    supersede: (["supersede"], by_desk),
    change_its_terms: (["update"], by_button),
    answer_until: (["update"], by_button),
    adjudicate: (["update"], by_button),
}


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
def test_from_the_key_to_the_revision_to_the_page_and_back(desk, pages, deed):
    page, (kinds, back) = pages["rita"], DEEDS[deed]
    page.goto("about:blank")  # what the last deed's page still asked for is not this one's
    page.troubles.clear()
    before = desk.ask(HEAD)
    event, words = deed(desk, page)
    saved(page)
    grown = desk.ask(LOG.format(after=before))
    done = sorted(kind for _event, kind, _record in grown)
    assert done == sorted(kinds), page.locator("#notices, .notice").all_inner_texts()
    assert event in [key for key, *_rest in grown]
    shown = text_of(desk, f"/events/{event}/")
    assert [word for word in words if (word.lstrip("-") in shown) == word.startswith("-")] == []
    if back:
        page.wait_for_timeout(200)  # a deed on record loads its page anew
        page.wait_for_load_state()
        back(page)
        saved(page)
        now = {key: record for key, _kind, record in desk.ask(LOG.format(after=before))[len(grown) :]}
        stood = desk.ask(STOOD.format(upto=before, keys=[key for key, *_rest in grown]))
        assert now.keys() == stood.keys()
        for key, record in stood.items():  # as before; what was not there before is retracted
            assert now[key]["retracted"] if record is None else _differing(record, now[key]) == {}
    assert page.troubles == []


def _differing(one, other):
    """What two states of an event say differently, but for the day of the entry."""
    names = {*(one or ()), *other} - {"recorded_at"}
    pairs = {name: ((one or {}).get(name), other.get(name)) for name in sorted(names)}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def saved(page):
    """Wait until the server has it all; a deed on record loads its page anew meanwhile."""
    for _attempt in range(3):
        with contextlib.suppress(Error):
            if page.locator("#saving").count():
                all_saved(page)
            return


def text_of(desk, path):
    return desk.get(path)


def test_an_ask_is_set_by_hand_after_its_effect_is_shown(desk, pages):
    page = pages["ed"]
    page.troubles.clear()
    go(desk, page, "/admin/tracker/asksetting/add/")
    page.click(".select2-selection")
    page.keyboard.type("barriers")
    page.locator(".select2-results__option", has_text="barriers").first.click()
    for name, value in (("rung", "3"), ("reason", "Seen in the gazette."), ("start", "2026-06-01")):
        page.fill(f"[name={name}]", value)
    with page.context.expect_page() as opened:
        page.click("[formaction]")
    assert "→" in opened.value.inner_text("#content")
    assert desk.ask("from tracker.models import AskSetting\nanswer = AskSetting.objects.count()") == 0
    opened.value.close()
    trust = "/recommendations/trust/"
    before = desk.get(trust)
    page.click("[name=_save]")
    page.wait_for_selector(".messagelist .success")
    assert "Set by hand: Seen in the gazette." in desk.get(trust)
    undone_and_taken_back(page, lambda: "Set by hand: Seen in the gazette." in desk.get(trust))
    told = desk.get(trust)
    assert "Set by hand" not in before
    assert told.count("Taken back; ") == 2
    assert told.count("Put back; ") == 1
    assert page.troubles == []


def undone_and_taken_back(page, holds):
    """Undone by its key where it has just been stated, put back, and taken back with a reason: all by keys."""
    page.keyboard.press("u")
    page.wait_for_selector("text=Taken back.")
    assert not holds()
    for words, why in (
        ("Put it back", "It was right after all."),
        ("Take it back", "Read anew: it is not so."),
    ):
        page.focus("#turn")
        page.keyboard.press("Enter")
        page.wait_for_selector("#reason")
        page.focus("#reason")
        page.keyboard.type(why)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.value") == words
        page.keyboard.press("Enter")
        page.wait_for_selector(".messagelist .success")
        assert holds() == (words == "Put it back")


def test_completeness_is_declared_after_its_effect_is_shown(desk, pages):
    page = pages["ed"]
    page.troubles.clear()
    go(desk, page, "/admin/tracker/completeness/add/")
    page.fill("[name=day]", LONG_AGO)
    page.fill("[name=note]", "All that came in is read.")
    with page.context.expect_page() as opened:
        page.click("[formaction]")
    assert f"complete to {LONG_AGO}" in opened.value.inner_text("#content")
    opened.value.close()
    coded = json.loads(desk.get("/api/v1/coverage/"))["coded_to"]
    assert LONG_AGO not in desk.get("/")
    page.click("[name=_save]")
    page.wait_for_selector(".messagelist .success")
    assert LONG_AGO in desk.get("/")
    undone_and_taken_back(page, lambda: json.loads(desk.get("/api/v1/coverage/"))["coded_to"] == LONG_AGO)
    assert json.loads(desk.get("/api/v1/coverage/"))["coded_to"] == coded
    assert "was taken back on" in desk.get("/")
    assert page.troubles == []


@pytest.mark.parametrize("hands", ["mouse", "words", "keyboard"])
def test_a_range_is_ticked_and_what_is_unticked_in_it_stays_open(desk, pages, hands):
    """One box ticked, the fifth with Shift, the third unticked; then the deed, then its undo."""
    page = pages["rita"]
    page.troubles.clear()
    go(desk, page, "/admin/desk/bulk/?q=elder")
    boxes = page.locator(".boxes [name=event]")
    marks = [box.get_attribute("value").split(":")[0] for box in boxes.all()]
    assert sorted(marks) == sorted(desk.cast[name] for name in ("one", "two", "three", "four", "five", "six"))

    def tick(number, shift=False):
        if hands == "mouse":
            return boxes.nth(number).click(modifiers=["Shift"] if shift else [])
        if hands == "words":  # as most people do: on the row's title, not on the small box
            return page.locator(".boxes .row-title").nth(number).click(modifiers=["Shift"] if shift else [])
        boxes.nth(number).focus()
        return page.keyboard.press("Shift+Space" if shift else "Space")

    page.focus("[data-ticks=none]")
    page.keyboard.press("Enter")
    tick(0)
    tick(4, shift=True)
    tick(2)
    assert page.inner_text("#ticked") == "4"
    page.select_option("[name=deed]", "dismiss:no_act")
    page.click("[name=preview]")
    page.wait_for_selector("#act")
    page.wait_for_load_state()  # the script that takes it away again comes last
    assert page.locator("#act .first li").count() == 4
    tick(3)
    assert page.locator("#act").count() == 0, "what was foretold no longer holds"
    tick(3)
    page.click("[name=preview]")
    page.click("#act .primary")
    page.wait_for_selector(".notice:has-text('4 events done.')")
    states = (
        f"from tracker.models import Event\nanswer = [Event.objects.get(pk=key).status for key in {marks}]"
    )
    rejected, open_ = "dismissed", "new"
    assert desk.ask(states) == [rejected, rejected, open_, rejected, rejected, open_]
    page.locator(".undo button").first.click()
    page.wait_for_selector(".notice:has-text('4 events as before.')")
    assert desk.ask(states) == [open_] * 6
    assert page.troubles == []


def test_codes_are_confirmed_by_one_key_and_that_is_taken_back(desk, pages):
    """A confirmation changes no code, and so writes no revision: readers see it beside the codes."""
    page = pages["rita"]
    page.troubles.clear()
    go(desk, page, "/admin/desk/confirming/")
    event, before = page.input_value("[name=event]"), desk.ask(HEAD)
    unread = desk.get(f"/events/{event}/")
    press(page, ["y"])
    page.wait_for_selector("[name=undo]", state="attached")
    assert desk.ask(HEAD) == before
    assert desk.get(f"/events/{event}/") != unread
    page.locator("[name=undo] + button").click()
    page.wait_for_load_state("networkidle")
    assert desk.get(f"/events/{event}/") == unread
    assert page.troubles == []
