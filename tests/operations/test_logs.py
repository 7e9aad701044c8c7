"""Lines that machines can read, that name their request and task, and that never hold a secret."""

import io
import json
import logging
import re

import pytest
from celery import current_app
from django.test import Client
from django.urls import reverse

from tracker.operations import logs

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines():
    """What is logged, as production writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.Json())
    handler.addFilter(logs.Context())
    root, access = logging.getLogger(), logging.getLogger("tracker.access")
    level, access_level = root.level, access.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    access.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)
    access.setLevel(access_level)


def test_a_request_is_one_line_with_the_callers_id(lines):
    answer = Client().get("/robots.txt?q=private", headers={"X-Request-ID": "abc-123.DEF_4"})
    assert answer.headers["X-Request-ID"] == "abc-123.DEF_4"
    line = next(line for line in lines() if line["logger"] == "tracker.access")
    assert (line["method"], line["path"], line["status"]) == ("GET", "/robots.txt", 200)
    assert (line["view"], line["request_id"]) == ("robots", "abc-123.DEF_4")
    assert line["time"].endswith("+00:00")
    assert "private" not in json.dumps(line)
    assert "127.0.0.1" not in json.dumps(line)


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "new\nline-12345", "<script>alert(1)</script>"])
def test_a_strange_request_id_is_replaced(lines, given):
    answer = Client().get("/robots.txt", headers={"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] != given
    assert logs.SPELLING.fullmatch(answer.headers["X-Request-ID"])


def test_a_forged_line_stays_one_line(lines):
    logging.getLogger("feeds").warning("title: %s", 'x\n{"level": "info", "message": "forged"}')
    assert len(lines()) == 1
    assert lines()[0]["level"] == "warning"


def test_secrets_are_blotted_out_wherever_they_come_from(lines, settings):
    settings.SECRET_KEY = "the-secret-key-of-this-test"
    settings.METRICS_TOKEN = "metrics-token"
    settings.REDIS_URL = "redis://:redis-password@host:6379/0"
    settings.CACHE_URL = "redis://user:cache%2Fpassword@host:6379/0"
    settings.SECOND_OPINION_URL = "https://me:model-password@model.internal/v1"
    settings.SIGNING_KEY = 'a "quoted" \\ secret'
    logging.getLogger("a").error("cannot connect to %s", settings.REDIS_URL)
    logging.getLogger("a").error("nor to %s: wrong password cache/password", settings.CACHE_URL)
    logging.getLogger("a").error("nor to %s with %s", settings.SECOND_OPINION_URL, settings.SIGNING_KEY)
    try:
        raise ValueError(f"bad {settings.SECRET_KEY} and {settings.METRICS_TOKEN}")
    except ValueError:
        logging.getLogger("a").exception("failed")
    said = json.dumps(lines())
    assert "Traceback" in said
    for secret in ("the-secret-key", "metrics-token", "redis-password", "model-password", "quoted"):
        assert secret not in said
    assert not re.search("cache.{1,3}password", said)


def test_a_password_tried_at_the_door_is_never_logged(lines, analyst):
    form = {"username": "ada", "password": "my other password 7"}
    Client().post(reverse("admin:login"), form)
    Client().post(reverse("admin:login"), form | {"password": "correct horse battery"})
    said = json.dumps(lines())
    assert "my other password" not in said
    assert "correct horse" not in said


def test_a_token_in_an_address_is_blotted_out(lines, rf):
    request = rf.get("/alerts/end/s3cr3t-token/")
    request.resolver_match = type("Match", (), {"captured_kwargs": {"token": "s3cr3t-token"}})
    assert logs.path_of(request) == "/alerts/end/[secret]/"


def test_a_line_of_a_task_names_the_task(lines):
    @current_app.task(name="tests.speaks")
    def speaks():
        logging.getLogger("tests").info("in the task")

    speaks.apply(task_id="the-task-id")
    line = next(line for line in lines() if line["message"] == "in the task")
    assert (line["task"], line["task_id"]) == ("tests.speaks", "the-task-id")


def test_what_cannot_be_written_as_json_is_written_as_text(lines):
    logging.getLogger("a").info("odd", extra={"thing": {1, 2}, "surrogate": "\ud800"})
    assert lines()[0]["thing"] == "{1, 2}"


@pytest.mark.parametrize(
    "path",
    [
        "/alerts/off/WzEsIm9mZiJd:1vE:abc/",
        "/zh-hans/alerts/confirm/WzEsIm9mZiJd:1vE:abc",
        "/elsewhere/WzEs:1vE:abc/x",
    ],
)
def test_a_token_in_an_address_is_never_logged_even_where_no_view_was_asked(rf, path):
    """A redirect to https, an unknown host, a missing slash: nothing has looked the address up yet."""
    request = rf.get(path)
    request.resolver_match = None
    assert "abc" not in logs.path_of(request)
    assert "[secret]" in logs.path_of(request)
