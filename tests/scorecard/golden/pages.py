"""Every page of the seeded service as a file each, so that two releases can be compared with `diff -r`.

What is new with every answer is blotted out: nonces, tokens of forms, what a clock measures. Pages are found by
following the links from the start in both languages; links with a query are not followed, those that matter are
asked below.
"""

import html
import re
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

from tests.scorecard.golden.service import answer

STARTS = ("/", "/zh-hans/", "/robots.txt", "/sitemap.xml", "/llms.txt", "/api/docs/")
DAYS = (
    "as_of=2025-10-01",
    "as_of=2026-01-31&known_at=2026-07-08",
    "as_of=2025-01-21",
    "as_of=2027-01-01",
    "as_of=x",
)
RECOMMENDATIONS = ("trust", "governance")
ASKED = (
    *(f"{path}?{day}" for day in DAYS for path in ("", "actors/", "actors/china/", "recommendations/trust/")),
    *(f"recommendations/{slug}/?actor={actor}" for slug in RECOMMENDATIONS for actor in ("us", "china")),
    *(f"r/{number}{slash}" for number in range(9) for slash in ("", "/")),
    *(f"r/trust.{ending}" for ending in ("svg", "png", "csv", "json", "zip")),
    *("r/trust.csv?as_of=2025-10-01", "r/overview.svg", "r/overview.csv", "r/overview.json", "r/actors.svg"),
    *("events/?recommendation=trust&direction=-1", "events/?actor=china&q=export+controls", "events/?page=2"),
    *("events/?q=%E5%87%BA%E5%8F%A3%E7%AE%A1%E5%88%B6", "events/?strength=9", "events/?q=nothing+like+it"),
    *("events/2025-05-12-geneva-tariff-truce/?as_of=2025-10-01&known_at=2026-07-08", "events/nowhere/"),
    *(
        "changes/?since=2026-01-31",
        "changes/?earlier=2026-01-31&later=2026-06-30",
        "recommendations/nothing/",
    ),
    *(
        f"embed/{name}/{part}"
        for name in ("trust", "overview")
        for part in ("", "badge.svg", "sparkline.svg")
    ),
    *(
        f"cards/{name}.png"
        for name in ("trust", "overview", "actor-us", "event-2025-05-12-geneva-tariff-truce")
    ),
    *("cite.bib", "cite.ris", "actors/nobody/", "alerts/", "disputes/", "nowhere/"),
    *(
        f"feeds/{name}.{ending}"
        for name in ("all", "recommendations/trust", "actors/us")
        for ending in ("atom", "json")
    ),
    *("feeds/recommendations/trust/actors/china.atom", "events/2025-05-12-geneva-tariff-truce/challenge/"),
)
LINK = re.compile(r'\s(?:href|src|action)="([^"]+)"')
SITEMAP = re.compile(r"<loc>([^<]+)</loc>")
NEW_EACH_TIME = (
    (re.compile(rb'nonce(="|-)[A-Za-z0-9+/=_-]+'), rb"nonce\g<1>N"),
    (re.compile(rb'data-csrf="[^"]+"'), rb'data-csrf="T"'),
    (re.compile(rb'name="csrfmiddlewaretoken" value="[^"]+"'), rb'name="csrfmiddlewaretoken" value="T"'),
)
INSIDE = ("/admin/", "/zh-hans/admin/")
TOLD = ("Content-Type", "Location", "Content-Language", "Link", "X-Robots-Tag", "Content-Security-Policy")
ELSEWHERE = ("/static/", "/api/v1/", *INSIDE)  # files of the checkout; digests; below


def write(client, folder):
    """The public pages, each asked by somebody who has never been here."""
    asked = [f"/{language}{path}" for language in ("", "zh-hans/") for path in ASKED]
    return _walk(client, folder, [*STARTS, *asked], _public, client.cookies.clear)


def write_inside(client, folder, events):
    """The desk, these events at the desk and the lists of the admin, as the client sees them who has signed in."""
    parts = (
        "",
        "desk/?tab=snoozed",
        "desk/?q=chips",
        *(f"desk/{what}/{key}/" for what in ("event", "item") for key in events),
    )
    return _walk(client, folder, [start + part for start in INSIDE for part in parts], _list_or_desk)


def _public(path):
    return not path.startswith(ELSEWHERE)


def _list_or_desk(path):
    """Not the page of every row: there are thousands."""
    return path.startswith(INSIDE) and path.removeprefix("/zh-hans").count("/") <= 4


def _walk(client, folder, waiting, follows, before_each=lambda: None):
    """One file an address, and `index.txt`: address, status and what the head says."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        return f"{folder} is not empty: name a new folder"
    seen, index = set(), []
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        seen.add(address)
        before_each()
        response, body = answer(client, address)
        body = _still(body)
        if address.endswith("/operations/"):  # it measures by the database's clock, which nobody stops
            body = re.sub(rb"\d+", b"N", body)
        path = folder / _name(address)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        told = (f"{name}: {_still(response[name].encode()).decode()}" for name in TOLD if name in response)
        index.append("\n  ".join([f"{address} {response.status_code}", *told]) + "\n")
        if "?" not in address:
            waiting += [
                link for link in _links(address, response, body) if follows(link) and link not in seen
            ]
    (folder / "index.txt").write_text("".join(sorted(index)))
    return None


def _name(address):
    """A file name that says the address: folders as it has them, `index` where it ends with a slash."""
    path, mark, query = address.lstrip("/").partition("?")
    path += "index" if path.endswith("/") or not path else "" if "." in path else ".page"
    return f"{path}{mark and '@'}{query.replace('%', '=')}"


def _still(body):
    for pattern, put in NEW_EACH_TIME:
        body = pattern.sub(put, body)
    return body


def _links(address, response, body):
    """Pages of this service that an answer leads to, without their queries."""
    found = [response.headers["Location"]] if "Location" in response else []
    kind = response.headers.get("Content-Type", "")
    if kind.startswith(("text/html", "application/xml", "text/plain")):
        text = body.decode()
        found += [html.unescape(each) for each in LINK.findall(text) + SITEMAP.findall(text)]
    for link in found:
        parts = urlsplit(urldefrag(urljoin(f"http://testserver{address}", link)).url)
        if parts.netloc == "testserver" and not parts.query:
            yield parts.path
