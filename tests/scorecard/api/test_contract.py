"""The contract from outside: a running server, the description fuzzed against it, a generated client, curl."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import jsonschema
import pandas
import polars
import pyarrow
import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from scorecard import keys, tables
from scorecard.api import schema
from tests.scorecard import cast
from tests.service import Service

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
DOCUMENT = ROOT / "docs" / "api.md"
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "5")

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def service(tmp_path_factory, postgres_server):
    """The service as an operator starts it on PostgreSQL, seeded, with rates that do not stand in the way."""
    rates = dict.fromkeys(("API_RATE_ANONYMOUS", "API_RATE_KEY"), "100000000")
    plain = {"DEBUG": "0", "ALLOWED_HOSTS": "127.0.0.1", "LOG_LEVEL": "WARNING", "SIGNING_KEY": "07" * 32}
    with Service(tmp_path_factory.mktemp("contract"), **plain, **rates) as found:
        found.filled(postgres_server)
        found.manage("edition", "make", "2026-01-31")  # the day of the examples
        found.start_web()
        yield found


@pytest.fixture(scope="module")
def server(service):
    return service.address


@pytest.fixture(scope="module")
def key(service):
    service.ask(
        "from django.contrib.auth import get_user_model\n"
        "get_user_model().objects.create_superuser('ada', password='x')\nanswer = 1"
    )
    scopes = [part for scope in ("propose", "decide", "import", "webhooks") for part in ("--scope", scope)]
    return service.manage("keys", "issue", "contract", "--account", "ada", *scopes).strip()


def test_the_description_has_no_warning():
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", os.devnull)


@pytest.fixture(scope="module")
def description():
    return schema.document()


def operations(description):
    return [each for path in description["paths"].values() for each in path.values()]


def test_every_operation_is_described(description):
    assert description["openapi"].startswith("3.1")
    found = operations(description)
    assert len(found) >= 46
    assert len({each["operationId"] for each in found}) == len(found)
    for each in found:
        assert each.get("description"), each["operationId"]
        assert 5 < len(each["summary"]) <= 120, each["operationId"]
        assert {"RateLimit", "RateLimit-Policy"} <= each["responses"]["400"]["headers"].keys()
        assert any(code.startswith("2") for code in each["responses"])
        assert "429" in each["responses"]
        named = [parameter for parameter in each.get("parameters", ()) if parameter["in"] == "path"]
        assert all("example" in parameter for parameter in named)


def test_each_list_of_values_has_a_name_and_words_for_programs(description):
    def values(node, place):
        if isinstance(node, dict):
            if isinstance(node.get("enum"), list):
                yield place, node
            for name, each in node.items():
                yield from values(each, f"{place}/{name}")
        elif isinstance(node, list):
            for number, each in enumerate(node):
                yield from values(each, f"{place}/{number}")

    found = [*values(description, "")]
    assert len(found) > 30
    for place, node in found:
        assert re.fullmatch(r"/components/schemas/[A-Za-z]+", place), place
        words = node["x-enum-varnames"]
        assert len(set(words)) == len(words) == len(node["enum"]), place
        assert all(word.isidentifier() and not word.startswith("VALUE") for word in words), place


def test_reads_need_no_key_lists_come_both_ways_and_webhooks_have_their_section(description):
    by_name = {each["operationId"]: each for each in operations(description)}
    assert by_name["events"]["security"] == by_name["export"]["security"] == []
    assert by_name["decide"]["security"] == [{"key": []}]
    actor = next(each for each in by_name["events"]["parameters"] if each["name"] == "actor")
    assert (actor["style"], actor["explode"]) == ("form", True)
    told = {f"event.{kind}" for kind in schema.MESSAGES} | {"calendar.changed"}
    assert set(description["webhooks"]) == told
    assert {tag["name"] for tag in description["tags"]} == {each["tags"][0] for each in by_name.values()}


BINARY = {
    "application/zip",
    "application/vnd.apache.parquet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def test_every_request_and_answer_has_an_example_that_fits(description):
    for each in operations(description):
        for body in each.get("requestBody", {}).get("content", {}).values():
            assert body["examples"], each["operationId"]
            for example in body["examples"].values():
                fits(example["value"], body["schema"], description, each["operationId"])
        for code, answer in each["responses"].items():
            for kind, content in answer.get("content", {}).items():
                if kind not in BINARY:
                    assert "example" in content, (each["operationId"], code, kind)
                if kind.endswith("json") and "format" not in content["schema"]:
                    fits(content["example"], content["schema"], description, f"{each['operationId']} {code}")


def fits(value, shape, description, name):
    """Held against the description by a validator that knows formats."""
    document = {**shape, "components": description["components"]}
    checker = jsonschema.Draft202012Validator(document, format_checker=jsonschema.FormatChecker())
    wrong = [
        f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in checker.iter_errors(value)
    ]
    assert not wrong, (name, wrong)


def test_the_page_of_the_api_asks_no_other_host(client, db):
    page = client.get("/api/docs/")
    policy = page.headers["Content-Security-Policy"]
    assert page.status_code == 200
    assert "unsafe-eval" not in policy
    assert "script-src 'self';" in policy
    assert not re.search(r"(src|href)=\"(https?:)?//", page.content.decode())
    for source in re.findall(r"(?:src|href)=\"(/static/[^\"]+)\"", page.content.decode()):
        assert finders.find(source.removeprefix("/static/")), source


def test_when_we_fail_programs_get_a_problem_and_no_word_of_why(monkeypatch, settings, db):
    settings.DEBUG = False
    monkeypatch.setattr("scorecard.footing.head", lambda: 1 / 0)
    answer = Client(raise_request_exception=False).get("/api/v1/scores/")
    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert b"division" not in answer.content


def test_a_generated_client_works(server, key, tmp_path):
    made = subprocess.run(
        [
            *(BIN / "openapi-python-client", "generate", "--url", f"{server}/api/v1/schema/"),
            *("--config", Path(__file__).with_name("client.yml"), "--meta", "none"),
            *("--output-path", tmp_path / "made"),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"},
    )
    assert made.returncode == 0, made.stdout + made.stderr
    assert "WARNING" not in made.stdout + made.stderr, made.stdout
    program = f"""
from made import AuthenticatedClient, Client
from made.api.figures import score
from made.api.record import event, events
from made.api.mirror import changes
from made.api.writing import proposals
from made.models import ActorSlug, DirectionText
client = Client(base_url={server!r})
found = score.sync("trust", client=client)
assert found.readings.balance.low < found.readings.balance.score < found.readings.balance.high
page = events.sync(client=client, limit=3)
assert page.total > len(page.results) == 3
assert event.sync({"2025-05-12-geneva-tariff-truce"!r}, client=client).assessments
assert changes.sync(client=client, after=0, limit=2).results[1].sequence == 2
refused = proposals.sync_detailed(client=client)
assert refused.status_code == 401
allowed = proposals.sync_detailed(client=AuthenticatedClient(base_url={server!r}, token={key!r}))
assert allowed.status_code == 200
print("worked")
"""
    used = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path)
    assert used.stdout.strip() == "worked", used.stderr[-3000:]
    (tmp_path / "typed.py").write_text(TYPED)
    words = ("-m", "mypy", "--strict", "--follow-imports=silent", "--cache-dir", os.devnull, "typed.py")
    typed = subprocess.run([sys.executable, *words], capture_output=True, text=True, cwd=tmp_path)
    assert typed.returncode == 0, typed.stdout[-3000:]


TYPED = """
from made import Client
from made.api.figures import score
from made.api.record import events
from made.models import ActorSlug, Events, RecommendationSlug, Score

client = Client(base_url="http://localhost")
found = events.sync(client=client, actor=[ActorSlug.US], limit=3)
if isinstance(found, Events):
    print(found.total, [each.id for each in found.results])
figure = score.sync(list(RecommendationSlug)[0], client=client)
if isinstance(figure, Score):
    print(figure.readings.balance.score)
"""


@pytest.mark.parametrize("name", [*tables.TABLES])
def test_the_readers_of_researchers_take_every_file_over_http(server, name):
    """Whole, and in parts where a reader asks for ranges (polars' scans). DuckDB's own way over HTTP is an extension
    that it fetches from a host of its own, so it reads what was downloaded (`test_exports.py`)."""
    query = "?as_of=2025-02-10" if "method" in tables.TABLES[name].takes else ""
    csv, jsonl, packed, sheet = (
        f"{server}/api/v1/exports/{name}.{ending}{query}" for ending in ("csv", "jsonl", "parquet", "xlsx")
    )
    lines = arrow_csv.ParseOptions(newlines_in_values=True)
    counted = {
        len(pandas.read_csv(csv)),
        len(pandas.read_json(jsonl, lines=True)),
        len(pandas.read_parquet(packed)),
        len(pandas.read_excel(sheet)),
        polars.read_csv(csv, infer_schema_length=None).height,
        polars.scan_csv(csv, infer_schema_length=None).collect().height,
        polars.read_parquet(packed).height,
        polars.scan_parquet(packed).select(polars.len()).collect().item(),
        polars.scan_ndjson(jsonl, infer_schema_length=None).collect().height,
        arrow_csv.read_csv(urllib.request.urlopen(csv), parse_options=lines).num_rows,
        parquet.read_table(pyarrow.BufferReader(urllib.request.urlopen(packed).read())).num_rows,
    }
    assert len(counted) == 1
    assert counted.pop() > 0 or name == "articles"


def test_frictionless_finds_every_file_to_be_what_the_package_says(server):
    """Frictionless stands in an environment of its own (`.ci/run`), so that ours need not agree with what it needs."""
    program = os.environ.get("FRICTIONLESS", "")
    if not Path(program).is_file():
        assert not os.environ.get("CI"), "FRICTIONLESS names no program"
        pytest.skip("FRICTIONLESS names no program")
    package = f"{server}/api/v1/exports/datapackage.json"
    done = subprocess.run(
        [program, "validate", package, "--trusted", "--json"], capture_output=True, text=True
    )
    told = json.loads(done.stdout)
    assert told["valid"], json.dumps(told, indent=1)[:4000]
    assert len(told["tasks"]) == len(json.load(urllib.request.urlopen(package))["resources"])
    assert sum(task["stats"]["rows"] for task in told["tasks"]) > 10_000


def examples(language):
    return re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)


def test_the_examples_of_the_documentation_run(server, key, tmp_path):
    if shutil.which("curl") is None:
        assert not os.environ.get("CI"), "curl is needed"
        pytest.skip("curl is not installed")
    commands = "\n".join(examples("sh")).replace("http://localhost:8000", server)
    done = subprocess.run(
        ["sh", "-e", "-c", commands], capture_output=True, text=True, cwd=tmp_path,
        env={"KEY": key, "PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "assessments.csv").read_text().startswith("id,date")
    (mirror,) = examples("python")
    exec(compile(mirror.replace("http://localhost:8000", server), "docs/api.md", "exec"), {})
    accepted = json.load(urllib.request.urlopen(f"{server}/api/v1/events/?q=curbs+on+research+chips"))
    assert accepted["total"] == 1


def test_nothing_of_a_key_is_in_an_answer(client, analyst, db):
    text = keys.issue("tool", analyst, ["webhooks"])[1]
    for path in ("/webhooks/", "/proposals/", "/codebook/", "/nowhere/"):
        answer = client.get(cast.API + path, HTTP_AUTHORIZATION=f"Bearer {text}")
        assert text.rpartition("_")[2].encode() not in cast.content(answer)


# Last, as it writes whatever the description allows.
def test_schemathesis_finds_nothing(server, key, description, tmp_path):
    command = [
        *(BIN / "schemathesis", "--config-file", Path(__file__).with_name("schemathesis.toml")),
        *(
            "run",
            f"{server}/api/v1/schema/",
            "--checks",
            "all",
            "--max-examples",
            EXAMPLES,
            "--seed",
            "8",
        ),
        *("--header", f"Authorization: Bearer {key}", "--no-color", "--request-timeout", "30"),
        *("--workers", "2"),
    ]
    env = os.environ | {"SCHEMATHESIS_HOOKS": "tests.scorecard.api.files_to_send", "PYTHONPATH": str(ROOT)}
    for _try in range(2):
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=env)
        # Python's own parser fails now and then when two threads use it (python/cpython#106905): no finding of theirs.
        if "AST constructor recursion depth mismatch" not in done.stdout:
            break
    assert done.returncode == 0, done.stdout[-6000:]
    assert f"Tested: {len(operations(description))}" in done.stdout
