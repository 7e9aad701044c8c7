"""An assistant's client, the protocol's own, asks a running server over stdio and over HTTP."""

import asyncio
import sys

import pytest
from django.core.management import CommandError, call_command
from mcp import StdioServerParameters
from mcp.client.client import Client

from scorecard.management.commands import mcp
from tests.servers import free_port
from tests.service import ROOT, Service

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with Service(
        tmp_path_factory.mktemp("assistants"), LOG_LEVEL="ERROR", API_RATE_ANONYMOUS="100000"
    ) as found:
        found.filled()
        found.start_web()
        yield found


async def asked(server):
    """What an assistant would ask in turn."""
    async with Client(server) as client:
        assert client.server_info.version  # the release that answers
        tools = {tool.name for tool in (await client.list_tools()).tools}
        call = client.call_tool
        standing = (await call("standings", {"as_of": "2026-01-31"})).structured_content
        found = (await call("search_acts", {"words": "export controls", "limit": 2})).structured_content
        slug = next(iter(standing["recommendations"]))
        proof = (
            await call("explain_figure", {"recommendation": slug, "as_of": "2026-01-31"})
        ).structured_content
        act = (await call("act", {"id": found["results"][0]["id"]})).structured_content
        book = (await call("codebook", {})).structured_content
        refused = (await call("standings", {"as_of": "2099-01-01"})).structured_content
    return tools, standing, found, proof, act, book, refused


def check(service, answers):
    tools, standing, found, proof, act, book, refused = answers
    assert tools == {"standings", "search_acts", "explain_figure", "act", "codebook"}
    told = service.json("/api/v1/scores/?as_of=2026-01-31")
    for slug, readings in told["recommendations"].items():
        assert standing["recommendations"][slug]["balance"]["score"] == readings["balance"]["score"]
    assert (standing["method"], standing["as_of"]) == (told["method"], "2026-01-31")
    assert standing["address"].startswith(service.address)
    assert (found["total"] > 2, len(found["results"])) == (True, 2)
    assert proof["score"] == told["recommendations"][proof["recommendation"]]["balance"]["score"]
    assert act["sources"]
    assert {each["slug"] for each in book["recommendations"]} == set(told["recommendations"])
    assert "as_of" in refused["problem"]


def test_over_stdio(service):
    words = ["manage.py", "mcp", "--address", service.address]
    started = StdioServerParameters(
        command=sys.executable, args=words, cwd=str(ROOT), env=service.environment
    )
    check(service, asyncio.run(asked(started)))


def test_over_http(service):
    port = free_port()
    process = service.fork("manage.py", "mcp", "--address", service.address, "--port", str(port), log="mcp")

    async def patient():
        for _try in range(100):
            try:
                return await asked(f"http://127.0.0.1:{port}/mcp")
            except Exception:
                if process.poll() is not None:
                    raise
                await asyncio.sleep(0.2)
        return await asked(f"http://127.0.0.1:{port}/mcp")

    check(service, asyncio.run(patient()))


def test_without_the_sdk_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "mcp.server", None)
    with pytest.raises(CommandError, match=r"requirements/mcp\.txt"):
        call_command("mcp")


def test_a_server_that_does_not_answer_is_said_in_words():
    found = mcp.Scorecard("http://127.0.0.1:9").standings()
    assert "does not answer" in found["problem"]
