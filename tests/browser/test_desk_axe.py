"""Axe finds nothing at the desk and in the admin: every page, every question open, refusals, no connection, the rare
states too; in both languages, light and dark, at both widths.
"""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.test_desk import SETTINGS, all_saved, press
from tests.service import Service
from tests.tracker.desk.proposals import PASSWORD

pytestmark = pytest.mark.browser

FILL = """
from django.contrib.auth import get_user_model
from tests.tracker.desk import proposals
from tracker import triage
from tracker.models import Article, Event
proposals.people(ada="analyst", rita="reviewer", kim="analyst", lou="analyst")
get_user_model().objects.create_superuser("root", password=proposals.PASSWORD)
answer = proposals.propose(40)
many = Event.objects.get(pk=answer[0])
for number in range(9):
    triage.refresh(many, articles=[Article.objects.create(title=f"Report {number}", publisher=f"Outlet {number}",
        url_key=f"many{number}", state="filed")])
triage.accept(many, assessments=[dict(rec="trust", direction=-1, strength=4, rationale="It bars trade.")])
"""
CODINGS = """
from django.contrib.auth import get_user_model
from django.utils import timezone
from tracker.models import Coding, Event
from tracker.triage import double_coding
ada, kim = (get_user_model().objects.get(username=name) for name in ("ada", "kim"))
def coded(event, part, by=None, **more):
    body = double_coding.coding_of(event, relevant=True) | more if by else None
    return Coding.objects.create(event=event, part=part, coder=by, body=body, done_at=timezone.now() if by else None)
one, other = Event.objects.accepted().order_by("pk")[:2]
coded(one, "first", ada)
coded(other, "first", ada)
coded(other, "second", kim, certainty="rumoured")
answer = {
    "event": Event.objects.accepted().order_by("pk")[2].pk,
    "withheld": one.pk,
    "second": coded(one, "second").pk,
    "adjudication": coded(other, "adjudication").pk,
}
"""
CODE = """
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
device = TOTPDevice.objects.get(confirmed=False, user__username="lou")
device.throttle_reset()  # after a wrong code one would have to wait
answer = f"{totp(device.bin_key, device.step, device.t0, device.digits):06}"
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with Service(tmp_path_factory.mktemp("axe"), **SETTINGS).with_tagger().filled() as service:
        service.many = service.ask(FILL)[0]
        service.start_web()
        yield service


PAGES = (
    "/admin/desk/",
    "/admin/desk/?tab=snoozed",
    "/admin/desk/?q=colour:red",
    "/admin/desk/event/{event}/",
    "/admin/desk/event/{withheld}/",
    "/admin/desk/figures/",
    "/admin/desk/bulk/?q=actor:us",
    "/admin/desk/bulk/?tab=record&q=id:2026&deed=retract&note=x",
    "/admin/desk/practice/?n=5",
    "/admin/desk/details/{event}/",
    "/admin/desk/lasting/",
    "/admin/desk/confirming/",
    "/admin/desk/second/",
    "/admin/desk/new/",
    "/admin/desk/mirror/",
    "/admin/desk/roles/",
    "/admin/desk/codings/",
    "/admin/desk/codings/{second}/",
    "/admin/desk/codings/{adjudication}/",
    "/admin/second-factor/",
)
PICTURED = {
    "/admin/desk/practice/?n=5": "desk-practice",
    "/admin/desk/codings/{adjudication}/": "desk-adjudication",
}
ADMIN = """
from django.contrib import admin
from django.urls import reverse
from tracker.models import Completeness
ours = [model for model in admin.site._registry if model._meta.app_label in ("tracker", "feeds", "scorecard", "auth")]
named = [f"admin:{model._meta.app_label}_{model._meta.model_name}" for model in ours]
forms = "tracker_cue tracker_asksetting tracker_completeness auth_user feeds_feed scorecard_apikey"
answer = [reverse("admin:index"), reverse("admin:feeds_where"), reverse("admin:feeds_import")]
answer += [reverse("operations:page"), reverse("desk:draws")]
answer += [reverse("admin:tracker_completeness_turn", args=[Completeness.objects.first().pk])]
answer += [reverse(f"{name}_changelist") for name in named] + [reverse(f"admin:{name}_add") for name in forms.split()]
for model, name in zip(ours, named):
    row = model._default_manager.first()
    if row is not None and name != "admin:auth_group":  # its list of permissions is Django's own, two spans and all
        answer.append(reverse(f"{name}_change", args=[row.pk]))
"""


NOBODY_ENROLLED = """
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
answer = TOTPDevice.objects.all().delete()[0] + StaticDevice.objects.all().delete()[0]
"""


@pytest.fixture(scope="module")
def places(desk):
    """An event, one whose codes are withheld, a blind coding and an adjudication."""
    return desk.ask(CODINGS)


@pytest.mark.parametrize(("language", "scheme"), [("", "light"), ("/zh-hans", "dark")])
def test_axe_and_the_policy_find_nothing(desk, sit, places, language, scheme, picture):
    found = []
    page = sit(desk, "rita", f"{language}/admin/desk/", color_scheme=scheme)
    for path in PAGES:
        page.goto(desk.address + language + path.format(**places))
        found += _violations(page, path, scheme)
        if scheme == "light" and path in PICTURED:
            picture(page, PICTURED[path])
    for width in (1280, 1024):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{desk.address}{language}/admin/desk/")
        found += _states(page, f"{width}{language}", scheme)
        page.goto(f"{desk.address}{language}/admin/desk/event/{desk.many}/")
        found += _on_record(page, f"{width}{language}", scheme)
    found += _answered(desk, page, language, scheme)
    assert found == []


WITHIN = """() => {
    const box = (name) => document.querySelector(name).getBoundingClientRect();
    const [panel, reading, deeds, legend] = [".panel", ".reading", ".panel > .deeds", ".legend"].map(box);
    return [["beside", panel.left >= reading.right], ["deeds", deeds.bottom <= legend.top + 1],
        ["keys", legend.bottom <= innerHeight]].filter(([_name, holds]) => !holds).map(([name]) => name);
}"""


@pytest.mark.parametrize("language", ["", "/zh-hans"])
def test_report_panel_deeds_and_keys_are_in_one_window(desk, sit, places, language, picture):
    """Also on the smallest desk, and where a notice takes a line; whoever settles has something to read."""
    page = sit(desk, "rita", f"{language}/admin/desk/")
    for width, height in ((1024, 768), (1280, 800)):
        page.set_viewport_size({"width": width, "height": height})
        for path in ("", "practice/?n=2"):
            page.goto(f"{desk.address}{language}/admin/desk/{path}")
            assert page.evaluate(WITHIN) == [], (width, path)
        page.goto(f"{desk.address}{language}/admin/desk/codings/{places['adjudication']}/")
        deeds = page.locator(".panel > .deeds").bounding_box()
        assert deeds["y"] + deeds["height"] <= height, width
        picture(page, f"settle-{width}", width=width, height=height)
    assert page.locator(".sources a[href^=http]").count() >= 1
    assert re.match(r"[1-9]", page.locator("#reports-head").inner_text())


@pytest.mark.parametrize(("language", "scheme", "width"), [("", "light", 1280), ("/zh-hans", "dark", 1024)])
def test_axe_finds_nothing_in_the_admin(desk, sit, language, scheme, width):
    """Every list, every form of ours, the first row of each kind, and what the three trials show."""
    found = []
    page = sit(desk, "root", f"{language}/admin/", color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    for path in desk.ask(ADMIN):
        if language and path.endswith("/change/"):  # the same parts as in the light
            continue
        page.goto(desk.address + language + path)
        found += _violations(page, path, scheme)
    cue = "from tracker.models import Cue\nanswer = Cue.objects.first().pk"
    for path in ("completeness/add/", "asksetting/add/", f"cue/{desk.ask(cue)}/change/"):
        page.goto(f"{desk.address}{language}/admin/tracker/{path}")
        if page.locator("[name=day]").count():
            page.fill("[name=day]", "2026-11-01")
        page.eval_on_selector("[formaction]", "button => button.removeAttribute('formtarget')")
        page.click("[formaction]")
        page.wait_for_url("**/try/**")
        found += _violations(page, f"the trial of {path}", scheme)
    assert found == []


def _on_record(page, where, scheme):
    """The questions that an event on record asks: a reason, another event, a report that nobody knows, a split."""
    found = []

    def looked(what):
        nonlocal found
        found += _violations(page, f"{where} {what}", scheme, within="dialog[open]")
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog[open]", state="detached")

    page.click("[data-do=retract]")
    page.wait_for_selector("#why [data-effects]:not(:empty)")
    looked("a reason")
    page.click("[data-do=supersede]")
    page.keyboard.type("export")
    page.wait_for_selector("#found [data-event]")
    looked("another event")
    page.click("[data-do=attach]")
    page.keyboard.type("https://unknown.example/page")
    page.wait_for_selector("#articles [data-fetch]", state="attached")
    looked("a report that nobody knows")
    page.locator("[data-report=move]").first.click()
    page.keyboard.type("no such words at all")
    page.wait_for_selector("#found li")
    looked("no event found")
    page.keyboard.press("x")
    page.locator("#split summary").first.click()
    page.wait_for_selector("#split [data-sift]:not([hidden])")
    looked("a split with its reports")
    page.keyboard.press("?")
    page.fill('[data-action="dismiss"]', "a")
    page.click("#keys-form [type=submit]")
    page.wait_for_selector("#keys-trouble:not(:empty)")
    page.troubles.clear()  # the browser's own word for the refusal
    looked("two deeds with one key")
    return found


def _answered(desk, page, language, scheme):
    """The editor's answer at practice, and a form by hand that was refused."""
    page.goto(f"{desk.address}{language}/admin/desk/practice/")
    press(page, ["r", "1"])
    page.wait_for_selector(".practised")
    found = _violations(page, "practised", scheme)
    page.goto(f"{desk.address}{language}/admin/desk/new/")
    page.fill("[name=address]", "no address")
    page.click("[name=look]")
    page.wait_for_selector(".notice.warn")
    page.troubles.clear()  # the browser's own word for the refusal
    return found + _violations(page, "refused by hand", scheme)


def _states(page, where, scheme):
    """Every question open, a refusal, and the desk without a connection."""
    wide = page.evaluate("document.documentElement.scrollWidth")
    found = [(where, "wider than its window", wide)] if wide > page.viewport_size["width"] else []
    for dialog in ("?", "r", "z", "d", "x", "e", "attach"):
        if dialog == "attach":
            page.evaluate("() => void Desk.perform('attach')")
        else:
            page.keyboard.press(dialog)
        page.wait_for_selector("dialog[open]")
        found += _violations(page, f"{where} {dialog}", scheme, within="dialog[open]")
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog[open]", state="detached")
    page.evaluate("Desk.coding.put({assessments: [], actors: [], certainty: 'reported'})")
    press(page, ["2", "+", "3", "a"])
    page.wait_for_selector("#notices .notice")
    found += _violations(page, f"{where} refused", scheme, within=".stage")
    page.context.set_offline(True)
    press(page, ["Escape", "r", "1"])
    page.wait_for_selector("#saving[data-state=wrong]")
    cut = page.eval_on_selector(".bar nav", "menu => menu.scrollWidth - menu.clientWidth")
    found += [(where, "the menu is cut", cut)] if cut else []
    found += _violations(page, f"{where} offline", scheme, within="header, #toast, .queue, #stage")
    page.context.set_offline(False)
    all_saved(page)
    page.troubles.clear()
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_at_the_entrance(desk, browser, scheme):
    """The login, the lock-out, and the spare codes of somebody who has just enrolled."""
    with browser.new_context(color_scheme=scheme) as context:
        page, login = context.new_page(), f"{desk.address}/admin/login/?next=/admin/second-factor/"
        page.troubles = []
        page.goto(login)
        found = _violations(page, "login", scheme)
        for _try in range(5):
            _sign_in(page, f"nobody-{scheme}", "wrong")
        assert "Too many wrong passwords" in page.inner_text("h1")
        found += _violations(page, "locked", scheme)
        desk.ask(NOBODY_ENROLLED)
        page.goto(login)
        _sign_in(page, "lou", PASSWORD)
        page.fill("[name=code]", "000000")
        page.click("[type=submit].primary")
        assert page.inner_text("#trouble")
        found += _violations(page, "a wrong code", scheme)
        page.fill("[name=code]", desk.ask(CODE))
        page.click("[type=submit].primary")
        page.wait_for_selector(".codes li")
        found += _violations(page, "spare codes", scheme)
        assert found == []


def _sign_in(page, name, password):
    page.fill("#id_username", name)
    page.fill("#id_password", password)
    page.click("[type=submit]")
    page.wait_for_load_state()


# What the browser says by itself; without a connection it says so at each try again, whenever that is.
BROWSERS_OWN = ("favicon", "ERR_INTERNET_DISCONNECTED")
AXE = {"resultTypes": ["violations"], "preload": False}  # what passes is long to tell, and nobody reads it


def _violations(page, path, scheme, within=None):
    """What the page itself complained of, and what axe finds."""
    said = [(path, scheme, text) for text in page.troubles if not any(word in text for word in BROWSERS_OWN)]
    # The inner text box of select2, which Django brings, has no name of its own; the field around it has.
    where = within or {"include": [["html"]], "exclude": [[".select2-selection__rendered"]]}
    results = Axe().run(page, where, AXE).response["violations"]
    page.troubles.clear()  # axe's own
    return said + [
        (
            path,
            scheme,
            each["id"],
            each["nodes"][0]["html"][:200],
            each["nodes"][0].get("failureSummary", "")[:300],
        )
        for each in results
    ]
