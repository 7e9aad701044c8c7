"""The narrowest screens, 320 px wide: every kind of page and every form, also with everything wrong in it."""

import itertools

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.template.loader import render_to_string
from django.utils import translation

from tests.browser.pictures import EVENT, KINDS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NARROW = 320
CHALLENGE = f"/events/{EVENT}/challenge/"
FORMS = {
    "alerts": f"/alerts/?acts={EVENT}&searches=title:%22export%20controls%22%20rec:trust%20direction:-&calendar=1",
    "keys": "/keys/",
    "challenge": CHALLENGE,
}
# Whatever stands out of the page, unless it lies in a box of its own that scrolls.
OUT = """width => [...document.querySelectorAll('body *')].filter(item => {
  if (!item.checkVisibility() || item.closest('.skip, svg *, [hidden]')) return false;
  for (let box = item.parentElement; box; box = box.parentElement)
    if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(box).overflowX) && box !== document.body
        && box !== document.documentElement) return false;
  const place = item.getBoundingClientRect();
  return place.width > 0 && (place.right > width + 0.5 || place.left < -0.5);
}).map(item => `${item.tagName} ${item.className} ${(item.textContent || '').trim().slice(0, 40)}`)"""
# Words that are cut off inside their own box.
CUT = """() => [...document.querySelectorAll('main label, main button, main select, main legend, main th, main td')]
  .filter(item => item.checkVisibility() && !item.closest('.scroll') && item.tagName !== 'SELECT'
          && !(item.closest('thead') && getComputedStyle(item.closest('thead')).position === 'absolute')
          && item.scrollWidth > item.clientWidth + 1 && getComputedStyle(item).display !== 'inline')
  .map(item => `${item.tagName} ${(item.textContent || '').trim().slice(0, 40)}`)"""

# A table that has to be pushed sideways; rows of days behind a fold are data, not reading.
SIDEWAYS = """() => [...document.querySelectorAll('main .scroll')]
  .filter(item => item.checkVisibility() && item.scrollWidth > item.clientWidth + 1 && !item.closest('details.more'))
  .map(item => `${item.scrollWidth} px: ${(item.textContent || '').trim().slice(0, 40)}`)"""


def faults(page):
    width = page.evaluate("document.documentElement.scrollWidth")
    found = [page.evaluate(OUT, NARROW), page.evaluate(CUT), page.evaluate(SIDEWAYS)]
    return [*([f"{width} px"] if width > NARROW else []), *itertools.chain(*found)]


@pytest.mark.parametrize("language", ["", "/zh-hans"])
def test_every_kind_of_page_fits_the_narrowest_screens(open_page, language):
    """With everything that can be opened open: a reader may open it."""
    found = {}
    for kind, path in KINDS.items():
        if kind == "not-found":  # a service under test shows Django's own page there
            continue
        page = open_page(language + path, width=NARROW)
        page.evaluate("document.querySelectorAll('details').forEach(item => { item.open = true })")
        if wrong := faults(page):
            found[kind] = wrong
    assert found == {}


@pytest.mark.parametrize("language", ["", "/zh-hans"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_fits_them_also_with_everything_wrong_in_it(open_page, language, form):
    page = open_page(language + FORMS[form], width=NARROW)
    assert faults(page) == []
    page.evaluate("document.querySelector('main form').noValidate = true")
    for name, words in (("email", "no-address@" + "x" * 60), ("claim", "short"), ("source", "nowhere")):
        field = page.locator(f"main form [name={name}]")
        if field.count():
            field.fill(words)
    page.wait_for_timeout(4000)  # forms that are sent at once are taken for a machine's
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_load_state()
    assert page.locator("[role=alert]").count() == 1
    assert page.locator("main form [aria-invalid=true]").count() >= 1
    assert faults(page) == []


STOPS = {
    "400.html": {"words": "The address holds a character that no text may hold."},
    "403.html": {},
    "403_csrf.html": {},
    "404.html": {},
    "500.html": {},
    "503.html": {"words": "The database does not answer. Nothing is lost; please try again in a moment."},
    # What 400, 429 and 503 look like where a page's own question is turned down.
    "pages/refused.html": {
        "title": "That address cannot be read",
        "words": "known_at_and_a_name_that_is_much_longer_than_any_screen is not a parameter of this page",
        "back": "/",
    },
}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_that_refuses_fits_them_and_is_open_to_all_in_the_dark(open_page, language):
    page = open_page("/glossary/", width=NARROW, dark=True)
    for name, context in STOPS.items():
        with translation.override(language):
            page.set_content(render_to_string(name, context))
        assert (
            page.locator("h1").evaluate("item => getComputedStyle(item).fontFamily").startswith('"Iowan')
        ), name
        assert faults(page) == [], name
        assert [item["id"] for item in Axe().run(page).response["violations"]] == [], name
        assert (language == "en") == page.locator("h1").inner_text().isascii() or context.get("title"), name
