"""Every kind of page as a reader meets it: `python -m tests.browser.pictures FOLDER` writes a picture of each in both
languages, on a desk, on a phone, in the dark and on paper, and an index.html to leaf through them.

The service is one of its own on the seeds, or the one that SITE names. WORDS after the folder choose kinds by name.
"""

import argparse
import contextlib
import os
import tempfile
from html import escape
from pathlib import Path

import django
from playwright.sync_api import sync_playwright

from tests.browser.chromium import FLAGS, chromium_path

EVENT = "2025-05-12-geneva-tariff-truce"
KINDS = {
    "overview": "/",
    "overview-past": "/?as_of=2025-10-01",
    "recommendation": "/recommendations/trust/",
    "recommendation-thin": "/recommendations/global-challenges/",
    "changed": "/changed/",
    "changed-year": "/changed/?period=year",
    "next": "/next/",
    "asks": "/asks/",
    "brief": "/brief/",
    "brief-one": "/recommendations/trust/brief/",
    "acts": "/events/",
    "acts-search": "/events/?q=chips&actor=us",
    "act": f"/events/{EVENT}/",
    "actors": "/actors/",
    "actor": "/actors/us/",
    "method": "/method/",
    "codebook": "/codebook/",
    "glossary": "/glossary/",
    "data": "/data/",
    "about": "/about/",
    "changes": "/changes/",
    "editions": "/editions/",
    "alerts": "/alerts/",
    "challenge": f"/events/{EVENT}/challenge/",
    "disputes": "/disputes/",
    "not-found": "/recommendations/nowhere/",
    "embed": "/embed/trust/",
    "embed-all": "/embed/all/",
}
LANGUAGES = {"en": "", "zh": "/zh-hans"}
# The printable width of A4 between the margins of the print style, at 96 dots an inch.
PAPER = 688
LOOKS = {
    "desk": {"width": 1280, "media": "screen", "color_scheme": "light"},
    "phone": {"width": 375, "media": "screen", "color_scheme": "light"},
    "dark": {"width": 1280, "media": "screen", "color_scheme": "dark"},
    "print": {"width": PAPER, "media": "print", "color_scheme": "light"},
}
# What a browser can still draw in one piece; a longer page is cut there and says so in its caption.
TALLEST = 16_000


def take(browser, site, folder, kinds=KINDS, languages=LANGUAGES, looks=LOOKS):
    """Write the pictures and their index; returns (kind, language, look, path, height) of each."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = []
    context = browser.new_context()
    page = context.new_page()
    for kind, path in kinds.items():
        for language in languages:
            page.goto(site + LANGUAGES[language] + path, wait_until="load")
            for look in looks:
                taken.append(
                    (kind, language, look, *_picture(page, folder / f"{kind}-{language}-{look}.png", look))
                )
            if "print" in looks:
                page.pdf(path=folder / f"{kind}-{language}.pdf", format="A4")
    context.close()
    (folder / "index.html").write_text(_index(taken), encoding="utf-8")
    return taken


def _picture(page, path, look):
    how = LOOKS[look]
    page.emulate_media(media=how["media"], color_scheme=how["color_scheme"])
    page.set_viewport_size({"width": how["width"], "height": 900})
    height = page.evaluate("document.documentElement.scrollHeight")
    clip = {"x": 0, "y": 0, "width": how["width"], "height": min(height, TALLEST)}
    page.screenshot(path=path, full_page=True, clip=clip)
    return path, height


def _index(taken):
    parts = [
        "<!doctype html><meta charset='utf-8'><title>Pages</title><style>"
        "body{font:14px system-ui;margin:1rem}div{display:flex;gap:1rem;overflow-x:auto;align-items:start}"
        "figure{margin:0;flex:none}img{height:34rem;object-fit:cover;object-position:top;border:1px solid #bbb}"
        "</style><h1>Every kind of page</h1>"
    ]
    kinds = {kind: None for kind, *_ in taken}
    parts += ["<p>", *(f"<a href='#{kind}'>{escape(kind)}</a> " for kind in kinds), "</p>"]
    for kind in kinds:
        parts.append(f"<h2 id='{kind}'>{escape(kind)}</h2><div>")
        for _, language, look, path, height in (entry for entry in taken if entry[0] == kind):
            pdf = f", <a href='{kind}-{language}.pdf'>PDF</a>" if look == "print" else ""
            cut = f", cut at {TALLEST}" if height > TALLEST else ""
            parts.append(
                f"<figure><a href='{path.name}'><img loading='lazy' src='{path.name}' alt=''></a>"
                f"<figcaption>{language}, {look}, {height} px{cut}{pdf}</figcaption></figure>"
            )
        parts.append("</div>")
    return "\n".join(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("words", nargs="*", help="kinds whose names begin so; none: all")
    asked = parser.parse_args()
    kinds = {
        kind: path for kind, path in KINDS.items() if not asked.words or kind.startswith(tuple(asked.words))
    }
    with contextlib.ExitStack() as open_:
        site = os.environ.get("SITE", "").rstrip("/") or open_.enter_context(_served())
        playwright = open_.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
        taken = take(browser, site, asked.folder, kinds)
        browser.close()
    print(f"{len(taken)} pictures: {asked.folder / 'index.html'}")


@contextlib.contextmanager
def _served():
    """The address of a service of our own on the seeds."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from tests.service import Service  # its imports need the line above

    with tempfile.TemporaryDirectory() as folder, Service(folder).filled() as service:
        service.start_web()
        yield service.address


if __name__ == "__main__":
    main()
