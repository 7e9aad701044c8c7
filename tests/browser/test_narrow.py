"""The narrowest screens, 320 px wide: every kind of page and every form, also with everything wrong in it."""

import pytest

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


def faults(page):
    width = page.evaluate("document.documentElement.scrollWidth")
    return [*([f"{width} px"] if width > NARROW else []), *page.evaluate(OUT, NARROW), *page.evaluate(CUT)]


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
