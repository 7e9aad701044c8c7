"""What every answer of the service carries, whatever was asked; and what no page holds."""

import html.parser
import re

import pytest
from django.conf import settings
from django.test import Client

from tests.security import addresses
from tracker.models import Article, Event, Revision

pytestmark = pytest.mark.django_db

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "--><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "javascript:alert(1)",
    "{{7*7}}{% debug %}",
    "\u2028\u2029<iframe src=//evil.example>",
    "<a href=javascript:alert(1)>x</a>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
)


@pytest.fixture
def known(seeded):
    return {"event_id": Event.objects.order_by("id").first().id}


@pytest.fixture
def client(settings):
    settings.METRICS_TOKEN = ""
    return Client(raise_request_exception=False)


class Holding(html.parser.HTMLParser):
    """Whatever in a page could run or load from elsewhere."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if (
            tag == "script"
            and "src" not in values
            and values.get("type") not in ("application/ld+json", "application/json")
        ):
            self.found.append((tag, "inline script"))
        if tag in ("iframe", "object", "embed", "base", "style"):
            self.found.append((tag, "tag"))
        for name, value in attributes:
            if name.startswith("on") or name == "style":
                self.found.append((tag, name))
            if name in ("href", "src", "action", "formaction", "data") and re.match(
                r"\s*(javascript|vbscript|data:text)", value or "", re.I
            ):
                self.found.append((tag, f"{name}={value}"))
            if name == "src" and re.match(r"(https?:)?//", value or ""):
                self.found.append((tag, f"loads from elsewhere: {value}"))

    handle_startendtag = handle_starttag


def body_of(answer):
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def troubles_of(address, answer):
    """What is wrong with the headers of an answer, and what its page holds that should not be there."""
    headers = answer.headers
    embeds = address.name in ("pages:embed", "pages:badge", "pages:sparkline")
    policy = headers.get("Content-Security-Policy", "")
    if answer.status_code >= 500 and address.path != "/health/ready":
        yield answer.status_code
    if headers.get("X-Content-Type-Options") != "nosniff":
        yield "may be sniffed"
    loose = "unsafe" in policy and address.name != "api-docs"  # its viewer writes style attributes
    if "default-src 'none'" not in policy or loose or "unsafe-eval" in policy:
        yield f"policy: {policy}"
    if not embeds and "frame-ancestors 'none'" not in policy and answer.status_code == 200:
        yield "may be framed"
    if not headers.get("Referrer-Policy"):
        yield "no referrer policy"
    if "X-Powered-By" in headers or "Server" in headers:
        yield "says what it runs on"
    if answer.cookies and not address.is_inside:
        yield "sets a cookie"
    if headers.get("Content-Type", "").startswith("text/html") and address.name != "api-docs":
        yield from Holding(body_of(answer).decode()).found


def test_there_is_much_to_ask(known):
    found = addresses.every(**known)
    assert len(found) > 100
    names = {address.name for address in found}
    assert {"pages:event", "admin:login", "desk:deed", "api:decisions", "disputes:challenge"} <= names
    assert not [address for address in found if re.search(r"[<>()$^\\]", address.path)]


@pytest.mark.slow
def test_every_answer_carries_the_headers_sets_no_cookie_and_holds_nothing_that_runs(client, known):
    wrong = [
        (address.path, trouble)
        for address in addresses.every(**known)
        for trouble in troubles_of(address, client.get(address.path))
    ]
    assert not wrong
    assert {name for name, cookie in client.cookies.items() if cookie.value} <= {"csrf"}  # the door's


def test_hostile_words_in_the_record_stay_words(client, known):
    event = Event.objects.get(pk=known["event_id"])
    for number, words in enumerate(HOSTILE):
        article = Article.objects.create(
            url=f"https://news.example/{number}",
            url_key=str(number),
            title=words,
            publisher=words,
            summary=words,
        )
        Event.objects.create(
            id=f"hostile-{number}",
            status="proposed",
            date=event.date,
            title=words,
            summary=words,
            title_zh=words,
        )
        assert article.title == words
    Event.objects.filter(pk=event.pk).update(title=" ".join(HOSTILE)[:500], summary=" ".join(HOSTILE))
    for path in (f"/events/{event.id}/", "/events/", "/", "/zh-hans/events/", "/changes/", "/feeds/all.atom"):
        answer = client.get(path)
        assert answer.status_code == 200
        if "html" in answer.headers["Content-Type"]:
            assert Holding(body_of(answer).decode()).found == [], path
    assert Revision.objects.exists()


@pytest.mark.slow
def test_hostile_words_in_a_query_stay_words(client, known):
    """Each name meets half of the words at a time; a page shows the one that it refuses."""
    half = len(HOSTILE) // 2
    for path in ("/events/", "/actors/", "/changes/", f"/events/{known['event_id']}/challenge/", "/alerts/"):
        for name in ("q", "actor", "recommendation", "claim", "name", "email", "page", "next"):
            for words in ("".join(HOSTILE[:half]), "".join(HOSTILE[half:])):
                answer = client.get(path, {name: words})
                assert answer.status_code < 500
                if "html" in answer.headers["Content-Type"]:
                    assert Holding(body_of(answer).decode()).found == [], (path, name)


def test_over_https_cookies_and_transport_are_strict():
    """As tracker.settings decides from SITE_URL; asked of the running service in tests/operations/test_compose.py."""
    assert settings.SECURE_REFERRER_POLICY == "strict-origin-when-cross-origin"
    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.SESSION_COOKIE_SAMESITE == "Lax"
    assert settings.SECURE_CSP["script-src"] == ["'self'"]
    assert settings.SECURE_CSP["default-src"] == ["'none'"]
