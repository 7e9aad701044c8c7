"""What machines look for, with its addresses at the root in one language: robots, sitemap, llms.txt, the contact for
security, the catalogue of the API; and languages as people spell them.
"""

from __future__ import annotations

import datetime
import re
from html import escape
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import path, re_path, reverse
from django.utils import timezone, translation
from django.utils.encoding import iri_to_uri

from scorecard import catalogue, conditional
from scorecard.method import parameters
from scorecard.pages import frame, prose, reading
from tracker.codebook import current

# `zh`, `zh-cn`, `zh-Hans`, `en`, `en-gb`: every spelling of a language that is offered, but for the prefix itself.
FAMILIES = "|".join(sorted({re.escape(code.partition("-")[0]) for code, _name in settings.LANGUAGES}))
PREFIXES = "|".join(re.escape(code) for code, _name in settings.LANGUAGES[1:])
OURS = f"(?!(?:{PREFIXES})/)" if PREFIXES else ""


def other_spelling(request: HttpRequest, tag: str, rest: str = "") -> HttpResponse:
    """To the page under the prefix that its language has here: `/zh-cn/events/` to `/zh-hans/events/`."""
    family = tag.lower().partition("-")[0]
    code = next(code for code, _name in settings.LANGUAGES if code.partition("-")[0] == family)
    prefix = "/" if code == settings.LANGUAGE_CODE else f"/{code}/"
    # Without its own slashes in front the rest cannot name another host.
    address = prefix + iri_to_uri(quote(rest.lstrip("/\\")))
    asked = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(address + (f"?{iri_to_uri(asked)}" if asked else ""))


@conditional.page
def robots(request: HttpRequest) -> HttpResponse:
    lines = (
        "User-agent: *",
        "Disallow: /*?*as_of=",
        "Disallow: /*?*q=",
        "Allow: /",
        f"Sitemap: {frame.absolute(reverse('sitemap'))}",
    )
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@conditional.page
def sitemap(request: HttpRequest) -> HttpResponse:
    read = reading.open_(request)
    pages: list[tuple[str, list[str]]] = [
        (name, [])
        for name in (
            "overview",
            "changed",
            "next",
            "asks",
            "brief",
            "glossary",
            "events",
            "actors",
            "method",
            "codebook",
            "data",
            "editions",
            "about",
            "changes",
        )
    ]
    pages += [("recommendation", [slug]) for slug in read.slugs]
    pages += [("actor", [actor]) for actor in current().actor_slugs]
    pages += [("event", [record["id"]]) for record in read.records]
    entries = "".join(_entry(name, args) for name, args in pages)
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:xhtml="http://www.w3.org/1999/xhtml">{entries}</urlset>\n'
    )
    return HttpResponse(body, content_type="application/xml; charset=utf-8")


def _entry(name: str, args: list[str]) -> str:
    """One page in every language, each pointing at the others."""
    addresses = {}
    for code, tag in frame.TAGS.items():
        with translation.override(code):
            addresses[tag] = escape(frame.absolute(reverse(f"pages:{name}", args=args)))
    links = "".join(
        f'<xhtml:link rel="alternate" hreflang="{tag}" href="{address}"/>'
        for tag, address in addresses.items()
        if len(addresses) > 1
    )
    return "".join(f"<url><loc>{address}</loc>{links}</url>" for address in addresses.values())


@conditional.page
def llms(request: HttpRequest) -> HttpResponse:
    """A plain description of the site for language models (llmstxt.org)."""
    read = reading.open_(request)
    coverage, site = read.coverage(), prose.instance()
    lines = [
        f"# {site['title']}",
        "",
        f"> {site['capital']} recommendations for {site['subject']}, followed act by act since {site['day']}. "
        "Scores run from -100 to +100 with an 80 % evidence band; 0 is where each stood on that day, not neutral. "
        "A negative score means against the recommendation, not bad policy.",
        "",
        f"Method {parameters.CURRENT}. {coverage['sentence']}. {coverage['silence']}".strip(),
        f"The figures below are of {read.read_on.isoformat()}.",
        "Quote a score only with its band, its day and the day to which coding is complete.",
        "",
        f"## The {site['count']}",
        "",
    ]
    for slug in read.slugs:
        balance = read.report["recommendations"][slug]["balance"]
        figures = f"{round(balance['score'])} ({round(balance['low'])} to {round(balance['high'])})"
        address = frame.absolute(reverse("pages:recommendation", args=[slug]))
        word = balance["label"] if read.firm(slug) else f"{balance['label']} (not firm)"
        lines.append(f"- [{read.name(slug)}]({address}): {word}, {figures}")
    lines += ["", "## More", ""]
    for name in ("method", "codebook", "data", "editions", "events", "changes", "about"):
        lines.append(f"- [{name}]({frame.absolute(reverse(f'pages:{name}'))})")
    for name, address, words in (
        (
            "figures as JSON",
            reverse("pages:take", args=["all", "json"]),
            "the present scores with their series",
        ),
        ("API", reverse("api-docs"), "no key is needed to read"),
        ("OpenAPI", reverse("api:schema"), "every address of the API with its parameters"),
        ("downloads", reverse("api:exports"), "whole tables with the meaning of each column"),
        ("data package", reverse("api:datapackage.json"), "the tables for machines"),
    ):
        lines.append(f"- [{name}]({frame.absolute(address)}): {words}")
    lines.append(
        "- MCP: `manage.py mcp` serves these figures to an assistant, see docs/api.md of the project"
    )
    return HttpResponse("\n".join(lines) + "\n", content_type="text/markdown; charset=utf-8")


@conditional.asked_with()
def security(request: HttpRequest) -> HttpResponse:
    """Whom to tell of a weakness (RFC 9116)."""
    ends = (timezone.now() + datetime.timedelta(days=180)).replace(hour=0, minute=0, second=0, microsecond=0)
    contact = settings.FETCH_CONTACT or frame.absolute(reverse("pages:about"))
    lines = (
        f"Contact: {contact if '://' in contact or contact.startswith('mailto:') else f'mailto:{contact}'}",
        f"Expires: {ends.strftime('%Y-%m-%dT%H:%M:%SZ')}",
        "Preferred-Languages: " + ", ".join(tag.partition("-")[0] for tag in frame.TAGS.values()),
        f"Canonical: {frame.absolute(reverse('security'))}",
    )
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@conditional.asked_with()
def api_catalog(request: HttpRequest) -> HttpResponse:
    """Where the API and its descriptions are (RFC 9727), as a set of links."""

    def link(path: str, kind: str) -> dict[str, str]:
        return {"href": frame.absolute(path), "type": kind}

    documents = [link(reverse(f"api:{name}"), kind) for name, (_make, kind) in catalogue.DOCUMENTS.items()]
    links = {
        "anchor": frame.absolute(reverse("api:start")),
        "service-desc": [link(reverse("api:schema"), "application/json")],
        "service-doc": [link(reverse("api-docs"), "text/html")],
        "service-meta": documents,
    }
    kind = 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'
    return HttpResponse(conditional.written({"linkset": [links]}), content_type=kind)


urlpatterns = [
    path("robots.txt", robots, name="robots"),
    path("sitemap.xml", sitemap, name="sitemap"),
    path("llms.txt", llms, name="llms"),
    path(".well-known/security.txt", security, name="security"),
    path(".well-known/api-catalog", api_catalog, name="api-catalog"),
    re_path(
        rf"^{OURS}(?P<tag>(?i:{FAMILIES})(?:-[A-Za-z]{{2,8}}){{0,2}})(?:/(?P<rest>.*))?$",
        other_spelling,
    ),
]
