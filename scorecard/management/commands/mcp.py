"""`manage.py mcp`: the figures for an assistant, by the Model Context Protocol, over stdio or HTTP: tools over the
public read API of any installation.

The law: a tool only reads, says what the API says, and every answer carries the day, the method and the address from
which anybody can check it. The SDK is an extra (requirements/mcp.txt).
"""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

SECONDS = 30
MOST = 50
INSTRUCTIONS = (
    "Figures of a policy scorecard. Scores run from -100 to +100 with an 80 % band; 0 is where a recommendation stood "
    "on the first day, not neutral. Quote a score only with its band, its day, the last coded day and the method. Ask "
    "`codebook` first for the slugs of recommendations and actors."
)


class Command(BaseCommand):
    help = (
        "Serve the read API to an assistant by the Model Context Protocol, over stdio or, with --port, HTTP."
    )
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument(
            "--address",
            default=settings.SITE_URL,
            help="the installation to ask; default: this one, SITE_URL",
        )
        parser.add_argument("--port", type=int, help="serve HTTP at /mcp on this port, not stdio")
        parser.add_argument("--host", default="127.0.0.1", help="with --port: the address to listen on")

    def handle(self, *args, address, port, host, **options):
        if not address.startswith(("http://", "https://")):
            raise CommandError(f"--address: {address} does not begin with http:// or https://")
        try:
            made = server(address)
        except ImproperlyConfigured as missing:
            raise CommandError(str(missing)) from None
        if port is None:
            made.run("stdio")
        else:
            made.run("streamable-http", host=host, port=port)


class Scorecard:
    """The read API of one installation."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")

    def get(self, path: str, **asked: Any) -> dict[str, Any]:
        """The answer, with the address that gave it; a refusal as the API words it."""
        pairs = {name: value for name, value in asked.items() if value not in (None, "", [])}
        query = f"?{urllib.parse.urlencode(pairs, doseq=True)}" if pairs else ""
        address = f"{self.address}/api/v1/{path}{query}"
        request = urllib.request.Request(address, headers={"Accept": "application/json"})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310  # nosec B310
                found: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as refusal:
            return {"problem": _detail(refusal), "address": address}
        except OSError as failure:
            return {"problem": f"The scorecard does not answer: {failure}", "address": address}
        return {**found, "address": address}

    def standings(self, as_of: str = "", known_at: str = "", actor: str = "") -> dict[str, Any]:
        """How every recommendation stands: score, band, word and what moved it in 90 days. Days as YYYY-MM-DD; `as_of`
        is the day of the figures, `known_at` leaves out what was recorded later, `actor` counts only its acts."""
        found = self.get("scores/", as_of=as_of, known_at=known_at, actor=actor)
        names = ("score", "low", "high", "label", "n", "since")
        if "recommendations" in found:
            found["recommendations"] = {
                slug: {
                    "balance": {name: readings["balance"][name] for name in names},
                    "pulse": {name: readings["pulse"][name] for name in names},
                    "change_over_90_days": readings["change"]["90"],
                    "delivery": readings["delivery"]
                    and {name: readings["delivery"][name] for name in ("value", "label", "rated", "of")},
                }
                for slug, readings in found["recommendations"].items()
            }
            found.pop("parameters", None)
        return found

    def search_acts(
        self,
        words: str = "",
        recommendation: str = "",
        actor: str = "",
        first: str = "",
        last: str = "",
        limit: int = 10,
    ) -> dict[str, Any]:
        """Acts on record, newest first: by words in English or Chinese, recommendation, actor and days. `total` says
        how many there are."""
        names = ["id", "date", "title", "title_zh", "actors", "certainty", "assessments", "page"]
        return self.get(
            "events/",
            q=words,
            recommendation=recommendation,
            actor=actor,
            first=first,
            last=last,
            limit=max(1, min(limit, MOST)),
            fields=names,
        )

    def act(self, id: str) -> dict[str, Any]:
        """One act by its permanent id, with its summary, its codes, their reasons and its sources."""
        return self.get(f"events/{urllib.parse.quote(id, safe='')}/")

    def explain_figure(
        self, recommendation: str, as_of: str = "", known_at: str = "", actor: str = "", limit: int = 10
    ) -> dict[str, Any]:
        """The proof of one balance: the acts behind it, the strongest first. The points of all of them add up to the
        score; `total` says how many there are."""
        return self.get(
            f"scores/{urllib.parse.quote(recommendation, safe='')}/contributions/",
            as_of=as_of,
            known_at=known_at,
            actor=actor,
            limit=max(1, min(limit, MOST)),
        )

    def codebook(self) -> dict[str, Any]:
        """The recommendations with what advances and undermines each, their asks, and the vocabulary of the codes."""
        return {**self.get("codebook/"), "recommendations": self.get("recommendations/").get("results")}


def _detail(refusal: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(refusal)["detail"])
    except (ValueError, KeyError, TypeError):
        return f"The scorecard answered {refusal.code}."


def server(address: str) -> Any:
    """A server of the protocol whose tools ask the installation at this address."""
    try:
        from mcp.server import MCPServer
    except ImportError:
        raise ImproperlyConfigured(
            "The server for assistants needs the extra requirements/mcp.txt. Install it and start it again."
        ) from None
    asked = Scorecard(address)
    made = MCPServer(
        "scorecard",
        instructions=INSTRUCTIONS,
        website_url=asked.address,
        version=settings.RELEASE,
        log_level="WARNING",
    )
    for tool in (asked.standings, asked.search_acts, asked.act, asked.explain_figure, asked.codebook):
        made.tool()(tool)
    return made
