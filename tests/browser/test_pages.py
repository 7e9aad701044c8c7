"""Every public page in real Chromium: two languages, two themes, phone and desk, JavaScript on and off."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser import pictures

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EVENT = "/events/2025-05-12-geneva-tariff-truce/"
PAGES = (
    "/",
    "/?as_of=2025-10-01",
    "/recommendations/civilian-first/",
    "/recommendations/trust/",
    "/recommendations/trust/?as_of=2025-06-01&known_at=2026-07-07&direction=-1",
    "/events/",
    "/events/?q=chips&actor=us&page=2",
    EVENT,
    "/actors/",
    "/actors/us/",
    "/actors/multilateral/",
    "/method/",
    "/data/",
    "/about/",
    "/changes/",
    "/changed/",
    "/next/",
    "/asks/",
    "/brief/",
    "/glossary/",
    "/embed/all/",
    "/embed/trust/",
)
# What another page's template shows already, in Chinese too.
ALIKE = ("/?as_of=2025-10-01", "/recommendations/civilian-first/", "/actors/multilateral/", "/embed/all/")
LIMIT = 100_000
# A hundredth of the layout shift that counts as good: a line that grows by a fraction of a pixel as the second
# half of its text arrives stays below it, a line that jumps does not.
STEADY = 0.001


@pytest.mark.parametrize(
    ("language", "path"),
    [("", path) for path in PAGES] + [("/zh-hans", path) for path in PAGES if path not in ALIKE],
)
def test_a_page_is_sound_and_open_to_all_in_both_themes_on_phone_and_desk(open_page, path, language):
    """Axe looks at both sizes and both themes in English, and once more at what Chinese words make of them."""
    examined = ((1280, True),) if language else ((1280, False), (360, True))
    for width in (360, 1280):
        page = open_page(language + path, width=width)
        assert page.answer.status == 200
        assert page.evaluate("document.documentElement.lang") == ("zh-Hans" if language else "en")
        for dark in (False, True):
            page.emulate_media(color_scheme="dark" if dark else "light")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (width, dark)
            assert page.troubles == [], (width, dark)
            if (width, dark) in examined:
                found = Axe().run(page).response["violations"]
                assert [(item["id"], item["nodes"][0]["html"][:120]) for item in found] == []
                page.troubles.clear()  # axe's own


@pytest.mark.parametrize(
    "path", ["/", "/recommendations/trust/", EVENT, "/method/", "/changed/", "/asks/", "/brief/", "/alerts/"]
)
def test_a_page_fits_the_narrowest_screens(open_page, path):
    assert open_page(path, width=320).evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("path", PAGES)
def test_a_page_says_the_same_without_javascript(open_page, path):
    def words(page):
        text = page.locator("main").inner_text()
        return re.findall(r"[+−]?\d+(?:\.\d+)?", re.sub(r"\s+", " ", text))

    for _attempt in range(3):  # what the record says may have changed between the two
        without = open_page(path, java_script_enabled=False)
        assert without.locator("h1").count() == 1
        missing = set(words(without)) - set(words(open_page(path)))
        if not missing:
            break
    assert not missing, missing


@pytest.mark.parametrize("path", PAGES)
def test_first_load_is_light_and_nothing_moves(browser, site, path):
    context = browser.new_context(viewport={"width": 360, "height": 900})
    context.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => { for (const entry of list.getEntries()) "
        "window.shift += entry.value; }).observe({type: 'layout-shift', buffered: true});"
    )
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    loaded = []
    session.on("Network.loadingFinished", lambda event: loaded.append(event["encodedDataLength"]))
    page.goto(site + path, wait_until="networkidle")
    assert 0 < sum(loaded) < LIMIT
    if path == "/":
        assert len(loaded) <= 5
        assert len(page.content().encode()) <= 60_000  # before compression
    assert page.evaluate("window.shift") < STEADY
    context.close()


@pytest.mark.parametrize("path", ["/", "/recommendations/trust/", "/events/", EVENT, "/actors/", "/method/"])
def test_the_keyboard_alone_reaches_everything_and_always_shows_where_it_is(open_page, path):
    page = open_page(path)
    wanted = page.evaluate(
        "[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary, '"
        " + '[tabindex=\"0\"]')]"
        ".filter(item => item.tabIndex >= 0 && item.checkVisibility()"
        " && !item.closest('details:not([open]) > :not(summary)'))"
        ".length"
    )
    seen = 0
    for _press in range(wanted + 5):
        page.keyboard.press("Tab")
        state = page.evaluate(
            "(() => { const item = document.activeElement; if (!item || item === document.body) return null;"
            "const box = item.getBoundingClientRect(), style = getComputedStyle(item);"
            "return {first: item.className === 'skip',"
            "visible: box.width > 0 && box.bottom > 0 && box.top < innerHeight,"
            "outline: style.outlineStyle !== 'none' || item.tagName === 'INPUT'} })()"
        )
        if state is None:
            break
        assert seen > 0 or state["first"], "the first stop is the link that skips the menu"
        assert state["visible"], seen
        assert state["outline"]
        seen += 1
    assert seen >= wanted


def test_the_date_control_leads_to_that_day_and_back(open_page):
    page = open_page("/recommendations/trust/")
    page.locator("summary", has_text="another day").click()
    page.fill("input[name=as_of]", "2025-10-01")
    page.get_by_role("button", name="Show that day").click()
    assert "as_of=2025-10-01" in page.url
    assert (
        page.get_by_role("note")
        .first.inner_text()
        .replace("\N{NO-BREAK SPACE}", " ")
        .startswith("You are reading the scorecard as of 1 October 2025")
    )
    page.get_by_role("link", name="Back to today").click()
    assert "as_of" not in page.url
    assert page.troubles == []


@pytest.mark.parametrize("width", [1280, 320])
def test_the_other_language_is_one_click_away_and_keeps_page_and_day(open_page, width):
    """In sight also where the rest of the menu has to be pushed."""
    page = open_page("/recommendations/trust/?as_of=2025-10-01", width=width)
    place = page.get_by_role("link", name="中文").bounding_box()
    assert 0 < place["x"] < place["x"] + place["width"] <= width
    page.get_by_role("link", name="中文").click()
    assert page.url.endswith("/zh-hans/recommendations/trust/?as_of=2025-10-01")
    assert "互信" in page.locator("h1").inner_text()


def test_the_sliders_start_at_the_official_scores_and_keep_the_choice_in_the_address(open_page):
    page = open_page("/method/")
    form = page.locator("#sensitivity[data-ready]")
    form.wait_for()
    for row in page.locator("[data-recommendation]").all():
        yours, official = (float(row.get_attribute(f"data-{name}")) for name in ("score", "official"))
        assert yours == pytest.approx(official, abs=1e-9)
    before = page.locator("[data-recommendation=trust] td").first.inner_text()
    page.locator("#slider-k").fill("8")
    page.wait_for_url(lambda address: "k=8" in address)
    row = page.locator("[data-recommendation=trust]")
    assert abs(float(row.get_attribute("data-score"))) < abs(float(row.get_attribute("data-official")))
    assert row.locator("td").first.inner_text() == before
    page.reload()
    page.locator("#sensitivity[data-ready]").wait_for()
    assert page.locator("#slider-k").input_value() == "8"
    page.get_by_role("button", name="Back to the official weights").click()
    page.wait_for_url(lambda address: "k=" not in address)
    assert page.troubles == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?q=%22%3Cscript%3Ealert(1)%3C/script%3E%22", 200),
        ("?q=x%27%20onmouseover%3Dalert(1)%20x%3D%27", 200),
        ("?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", 400),  # a quotation mark is missing
        ("?q=javascript:alert(1)", 400),  # a prefix that is none
        ("?q=%00%01%ff", 400),
        ("?q={{7*7}}{%25%20csrf_token%20%25}", 400),  # a word without letters
    ],
)
def test_a_hostile_search_injects_nothing(open_page, query, status):
    page = open_page("/events/" + query)
    assert page.answer.status == status
    assert page.locator("main script").count() == 0
    told = [] if status == 200 else ["Failed to load resource: the server responded with a status of 400 ()"]
    assert [trouble.replace("(Bad Request)", "()") for trouble in page.troubles] == told


# The names of the table whose word lies over them.
OVERLAPPING = """() => [...document.querySelectorAll(".stand tbody tr")].filter((row) => {
    const name = document.createRange();
    name.selectNodeContents(row.querySelector(".short"));
    const [one, other] = [name, row.querySelector(".label-word")].map((each) => each.getBoundingClientRect());
    return other.top < one.bottom && other.bottom > one.top && other.left < one.right;
}).map((row) => row.textContent)"""


@pytest.mark.parametrize("path", ["/", "/zh-hans/"])
def test_the_first_screen_holds_all_that_is_found(open_page, path):
    """On a desk the whole table, on a phone one screen of the table; and no page is endless on a phone."""
    page = open_page(path, width=1280)
    assert page.locator(".stand tbody tr").last.bounding_box()["y"] < 800
    assert page.locator(".story a").get_attribute("href").startswith("https://")
    phone = open_page(path, width=375)
    table = phone.locator(".stand").bounding_box()
    assert table["height"] <= 480
    assert phone.evaluate("document.documentElement.scrollHeight") <= 6_000
    for width in (320, 360, 375, 412):
        phone.set_viewport_size({"width": width, "height": 800})
        assert phone.evaluate(OVERLAPPING) == [], width
    trust = open_page(f"{path}recommendations/trust/", width=375)
    assert trust.evaluate("document.documentElement.scrollHeight") <= 10_000


@pytest.mark.parametrize("path", ["/brief/", "/recommendations/trust/brief/", "/zh-hans/brief/"])
@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_a_brief_prints_on_two_pages_at_most(open_page, path, paper):
    page = open_page(path)
    page.emulate_media(media="print")
    printed = page.pdf(format=paper)
    assert len(re.findall(rb"/Type /Page\b(?!s)", printed)) <= 2


@pytest.mark.parametrize("language", ["", "/zh-hans"])
@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_a_recommendation_prints_what_a_reader_keeps(open_page, language, paper):
    """Readings, chart, acts, asks and how to cite it, on three pages; no filters, no other tries, no list of all."""
    for slug in ("civilian-first", "trust"):
        page = open_page(f"{language}/recommendations/{slug}/")
        page.emulate_media(media="print")
        seen = "main h1, .readings, .plot, #largest, #asks, .only-print"
        assert all(part.is_visible() for part in page.locator(seen).all())
        assert not any(part.is_visible() for part in page.locator("nav, form, .take, #robust, #events").all())
        assert len(re.findall(rb"/Type /Page\b(?!s)", page.pdf(format=paper))) <= 3


def test_the_pages_can_be_leafed_through_as_pictures(browser, site, tmp_path):
    """The command makes all of them (`python -m tests.browser.pictures FOLDER`); here two kinds."""
    kinds = {kind: pictures.KINDS[kind] for kind in ("overview", "next")}
    taken = pictures.take(browser, site, tmp_path, kinds)
    assert len(taken) == len(kinds) * len(pictures.LANGUAGES) * len(pictures.LOOKS)
    index = (tmp_path / "index.html").read_text("utf-8")
    for _kind, _language, look, path, height in taken:
        assert f"src='{path.name}'" in index
        assert height > 1_000
        width = int.from_bytes(path.read_bytes()[16:20])
        assert width == pictures.LOOKS[look]["width"], path
    assert len({path.read_bytes() for *_, path, _height in taken}) == len(taken), "no two look alike"


def test_readers_get_no_cookie(open_page):
    for path in PAGES:
        page = open_page(path)
        assert page.context.cookies() == []
        assert "set-cookie" not in page.answer.headers


def test_a_card_can_be_framed_by_another_site_and_a_page_cannot(open_page, site):
    framed = open_page("/embed/trust/").answer.headers["content-security-policy"]
    assert "frame-ancestors *" in framed
    assert "frame-ancestors 'none'" in open_page("/").answer.headers["content-security-policy"]


def test_printing_drops_the_menu_and_keeps_the_figures(open_page):
    page = open_page("/recommendations/trust/")
    page.emulate_media(media="print")
    assert not page.locator(".masthead ul").is_visible()
    assert page.locator(".readings .score").first.is_visible()


def test_the_chart_tells_the_day_under_the_pointer_and_opens_it_on_a_click(open_page):
    page = open_page("/recommendations/trust/")
    chart = page.locator(".plot svg")
    chart.hover(position={"x": 300, "y": 150})
    page.locator(".plot path.event-line[pointer-events]").first.wait_for(state="attached")
    chart.hover(position={"x": 310, "y": 150})
    told = page.locator(".readout").inner_text()
    assert re.match(r"\d+ \w+ 202[56]: [+−]?\d+ \([+−]?\d+ to [+−]?\d+\)", told)
    chart.click(position={"x": 310, "y": 60})
    page.wait_for_url("**as_of=202*")
    assert page.troubles == []


def test_a_stranger_finds_everything_by_links_alone(open_page, site):
    """Who recommended what; where trust stands and why; what ends next; cite it, embed it, follow it, print it."""
    page = open_page("/")

    def follow(link):
        link.click()
        page.wait_for_load_state()
        assert page.url.startswith(site)

    def opened(name):
        page.locator("details.fold > summary", has_text=name).click()
        return page.locator("details.fold[open]")

    story = page.locator(".story").inner_text()
    assert "Alvin Wang Graylin" in story
    assert "MIT Technology Review" in story
    assert page.locator(".story a").get_attribute("href").startswith("https://www.technologyreview.com/")
    follow(page.locator(".stand tbody a.full", has_text="trust"))
    assert re.search(r"Trust.*(undermined|advancing|contested|unclear)", page.locator("h1").inner_text())
    assert re.match(r"[+−]?\d+", page.locator(".readings .score").first.inner_text())
    why = page.locator(".acts a.what").first
    title = why.inner_text()
    follow(why)
    assert page.locator("h1").inner_text().strip() == title.strip()
    assert page.locator(".sources a[href^=http]").count() > 0
    follow(page.locator(".masthead a", has_text="What comes next"))
    assert page.locator(".calendar .when").count() > 0
    assert "webcal://" in page.locator("a[href^='webcal:']").get_attribute("href")
    follow(page.locator(".wordmark"))
    follow(page.locator(".stand tbody a.full", has_text="trust"))
    kit = opened("Cite, embed, follow")
    assert re.search(r"Method 1\.1, .*revision \d+\. http", kit.inner_text())
    bibtex = kit.locator("a", has_text="BibTeX").get_attribute("href")
    assert page.request.get(site + bibtex).text().startswith("@misc{")
    frame = re.search(r'src="([^"]+)"', kit.locator("pre").inner_text())[1]
    assert page.request.get(frame).ok
    feed = kit.locator("a", has_text="JSON Feed").get_attribute("href")
    assert page.request.get(site + feed).json()["items"]
    follow(page.locator(".footer a", has_text="One page to print"))
    page.emulate_media(media="print")
    assert len(re.findall(rb"/Type /Page\b(?!s)", page.pdf(format="A4"))) <= 2
    assert page.troubles == []
