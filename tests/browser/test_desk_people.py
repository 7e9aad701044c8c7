"""A new colleague's first day by real keys: an administrator makes the account, the colleague enrols a phone, works
with a list that was kept under a name, and is found again in the lists of the admin."""

import base64
import re

import pytest
from django_otp.oath import totp

from tests.browser.test_desk import at_hand, until
from tests.service import Service
from tests.tracker.desk.proposals import PASSWORD

pytestmark = pytest.mark.browser

OFF = dict.fromkeys(("SECOND_PERSON", "DOUBLE_CODING_SHARE", "HIDDEN_SUGGESTION_SHARE"), "0")
FILL = """
from django.contrib.auth import get_user_model
from tests.tracker.desk import proposals
get_user_model().objects.create_superuser("root", password=proposals.PASSWORD)
answer = proposals.propose(24)
"""
FOUND = (
    "answer = [[view.name, view.query, view.shared, view.by.username] for view in SavedView.objects.all()]"
)
AFRESH = """
from django_otp.plugins.otp_totp.models import TOTPDevice
for device in TOTPDevice.objects.all():
    device.throttle_reset()  # after a wrong code one would have to wait
answer = None
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with (
        Service(tmp_path_factory.mktemp("people"), SECOND_FACTOR="1", **OFF).with_tagger().filled() as service
    ):
        service.ask(FILL)
        service.start_web()
        yield service


@pytest.fixture
def window(browser, desk):
    """A window of its own for each person, with nothing but a keyboard."""
    opened = []

    def window_():
        opened.append(browser.new_context(viewport={"width": 1280, "height": 800}))
        page = opened[-1].new_page()
        page.troubles = []
        page.on("pageerror", lambda error: page.troubles.append(str(error)))
        return page

    yield window_
    for context in opened:
        context.close()


def focused(page):
    return page.evaluate(
        "document.activeElement.name || document.activeElement.id || document.activeElement.tagName"
    )


def tab_to(page, name):
    """Walk on by Tab to the field or button of a name, or with these words."""
    for _press in range(80):
        page.keyboard.press("Tab")
        words = page.evaluate("document.activeElement.textContent.trim().slice(0, 60)")
        if name == focused(page) or name == words:
            return
    pytest.fail(f"no Tab leads to {name}")


def sign_in(page, desk, name, password, onward):
    """Name and password; the second factor is enrolled at the first sign-in, after a code that is wrong."""
    page.goto(f"{desk.address}/admin/login/?next={onward}")
    assert focused(page) == "username"
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/second-factor/**")
    secret = page.locator("p.meta b").inner_text()
    assert focused(page) == "code"
    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    page.wait_for_selector("#trouble:not(:empty)")
    assert focused(page) == "code"
    assert page.locator("p.meta b").inner_text() == secret, "a wrong code changes nothing on the phone"
    desk.ask(AFRESH)
    page.keyboard.type(f"{totp(base64.b32decode(secret)):06}")
    page.keyboard.press("Enter")
    page.wait_for_selector(".codes li")
    assert page.locator(".codes li").count() >= 8
    tab_to(page, "Go on")
    page.keyboard.press("Enter")
    page.wait_for_url(desk.address + onward)


def test_a_colleague_is_made_enrols_and_shares_a_list_by_keys_alone(desk, window):
    root = window()
    sign_in(root, desk, "root", PASSWORD, "/admin/auth/user/add/")
    assert focused(root) == "username"
    for words in ("noor", "Noor", "Haddad", "noor@desk.example"):
        root.keyboard.type(words)
        root.keyboard.press("Tab")
    assert focused(root) == "role"
    root.keyboard.press("Space")
    while root.evaluate("document.activeElement.parentElement.textContent.trim()") != "analyst":
        root.keyboard.press("ArrowDown")
    for name in ("password1", "password2"):
        tab_to(root, name)
        root.keyboard.type("a long first password")
    root.keyboard.press("Enter")
    root.wait_for_url(re.compile(r"/user/\d+/change/"))

    noor = window()
    sign_in(noor, desk, "noor", "a long first password", "/admin/desk/")
    until(noor, "() => !!document.getElementById('item')")
    noor.keyboard.press("/")
    assert focused(noor) == "q"
    noor.keyboard.type("china")
    noor.keyboard.press("Enter")
    noor.wait_for_url("**q=china**")
    until(noor, "() => document.activeElement.id === 'item-title'")
    assert noor.locator("#rows [aria-current]").get_attribute("data-event") == at_hand(noor), (
        "the first that was found"
    )
    noor.locator("#q").focus()
    tab_to(noor, "Saved views")
    noor.keyboard.press("Enter")
    tab_to(noor, "name")
    noor.keyboard.type("China, to look at")
    noor.keyboard.press("Tab")
    noor.keyboard.press("Space")
    noor.keyboard.press("Tab")
    noor.keyboard.press("Enter")
    noor.wait_for_selector("text=Saved views 1")
    assert desk.ask(f"from tracker.models import SavedView\n{FOUND}") == [
        ["China, to look at", "china", True, "noor"]
    ]
    noor.keyboard.press("/")
    noor.keyboard.press("Control+a")
    noor.keyboard.type("title:nothinglikethis")
    noor.keyboard.press("Enter")
    noor.wait_for_url("**nothinglikethis**")
    until(noor, "() => document.activeElement.id === 'q'")

    root.goto(f"{desk.address}/admin/desk/")
    until(root, "() => !!document.getElementById('item')")
    root.locator("#q").focus()
    tab_to(root, "Saved views 1")
    root.keyboard.press("Enter")
    tab_to(root, "China, to look at")
    root.keyboard.press("Enter")
    root.wait_for_url("**q=china**")
    assert root.locator("#q").input_value() == "china"
    assert noor.troubles == root.troubles == []


def test_the_admins_lists_are_filtered_by_keys(desk, window):
    """The filters of the events, one after the other, each kept by the next and by the search."""
    page = window()
    page.goto(f"{desk.address}/admin/login/?next=/admin/tracker/event/")
    desk.ask(
        "from django_otp.plugins.otp_totp.models import TOTPDevice\nanswer = TOTPDevice.objects.all().delete()[0]"
    )
    sign_in(page, desk, "root", PASSWORD, "/admin/tracker/event/")

    def entered():
        """How many the list holds after Enter."""
        with page.expect_navigation():
            page.keyboard.press("Enter")
        return int(page.evaluate("document.querySelector('.paginator').innerText.match(/\\d+/g).at(-1)"))

    def chosen(filtered):
        page.locator("#changelist-filter summary").first.focus()
        tab_to(page, filtered)
        return entered()

    page.locator("#searchbar").focus()
    every = entered()
    trust = chosen("Trust")
    states = chosen("US")
    page.locator("#searchbar").focus()
    page.keyboard.type("tariff")
    assert 0 < entered() < states < trust < every
    assert len(page.url.split("?")[1].split("&")) >= 3, page.url
    assert page.troubles == []
