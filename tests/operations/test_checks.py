"""What is wrong with production settings is found and named, with its remedy; errors are reported if asked."""

import sys
import types

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from tracker import environment
from tracker.operations import hardening, logs

SAFE = {
    "ALLOWED_HOSTS": ["scorecard.example.org"],
    "SECURE": True,
    "SECURE_SSL_REDIRECT": True,
    "TRUSTED_PROXIES": 1,
    "METRICS_TOKEN": "0123456789abcdef0123",
    "SECOND_FACTOR": True,
    "FETCH_ALLOW_PRIVATE": False,
    "REDIS_URL": "",
    "CONTACT": "editor@desk.example",
    "EMAIL_URL": "smtp+tls://mail.example.org:587",
    "ADMINS": [("Editor", "editor@desk.example")],
}


@pytest.fixture
def found(settings, tmp_path):
    (tmp_path / "staticfiles.json").write_text("{}")
    settings.STATIC_ROOT = tmp_path
    for name, value in SAFE.items():
        setattr(settings, name, value)

    def ids(**changes):
        for name, value in changes.items():
            setattr(settings, name, value)
        every = run_checks(include_deployment_checks=True)
        return {message.id for message in every if message.id.startswith("tracker.")}

    return ids


def test_safe_settings_have_no_finding(found):
    assert found() == set()


@pytest.mark.parametrize(
    ("setting", "value", "finding"),
    [
        ("ALLOWED_HOSTS", ["*"], "tracker.E001"),
        ("SECURE", False, "tracker.E002"),
        ("TRUSTED_PROXIES", 0, "tracker.W003"),
        ("METRICS_TOKEN", "short", "tracker.E004"),
        ("SECOND_FACTOR", False, "tracker.W005"),
        ("FETCH_ALLOW_PRIVATE", True, "tracker.W006"),
        ("STATIC_ROOT", "/nowhere/at/all", "tracker.E008"),
        ("EMAIL_URL", "", "tracker.W009"),
        ("ADMINS", [], "tracker.W010"),
    ],
)
def test_each_fault_is_found(found, setting, value, finding):
    assert found(**{setting: value}) == {finding}


def test_many_processes_on_one_sqlite_file_are_found(settings):
    settings.REDIS_URL = "redis://localhost/0"
    settings.DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3"}}
    assert "tracker.W007" in {message.id for message in hardening.data(None)}


def test_every_finding_comes_with_a_remedy(settings):
    for name, value in {
        **SAFE,
        "ALLOWED_HOSTS": ["*"],
        "SECURE": False,
        "METRICS_TOKEN": "x",
        "SECOND_FACTOR": False,
        "EMAIL_URL": "",
        "ADMINS": [],
    }.items():
        setattr(settings, name, value)
    messages = [*hardening.addresses(None), *hardening.tokens(None), *hardening.mail(None)]
    assert len(messages) == 6
    assert all(message.hint for message in messages)


def test_errors_are_reported_without_anything_personal(settings, monkeypatch):
    told = {}
    fake = types.SimpleNamespace(init=lambda **options: told.update(options))
    monkeypatch.setitem(sys.modules, "sentry_sdk", fake)
    logs.start()
    assert told == {}
    settings.SENTRY_DSN = "https://key@errors.example/1"
    logs.start()
    assert told["dsn"] == settings.SENTRY_DSN
    assert told["send_default_pii"] is False
    assert told["include_local_variables"] is False
    assert told["max_request_body_size"] == "never"


def test_a_dsn_without_the_extra_stops_the_start_with_the_remedy(settings, monkeypatch):
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    settings.SENTRY_DSN = "https://key@errors.example/1"
    with pytest.raises(ImproperlyConfigured, match="requirements/errors"):
        logs.start()


@pytest.mark.parametrize(
    ("value", "people"),
    [
        ("", []),
        (" editor@desk.example ", [("editor@desk.example", "editor@desk.example")]),
        (
            'editor@desk.example, "Lovelace, Ada" <ada@desk.example>',
            [("editor@desk.example", "editor@desk.example"), ("Lovelace, Ada", "ada@desk.example")],
        ),
    ],
)
def test_the_administrators_come_from_the_environment(monkeypatch, value, people):
    monkeypatch.setenv("ADMINS", value)
    assert environment.people("ADMINS") == people


@pytest.mark.parametrize("value", ["editor", "a@b.example, nobody", "a@b.example;c@d.example", "Ada <>"])
def test_an_address_that_is_none_stops_the_start_with_its_name(monkeypatch, value):
    monkeypatch.setenv("ADMINS", value)
    with pytest.raises(ImproperlyConfigured, match="ADMINS: mail addresses separated by commas"):
        environment.people("ADMINS")


def test_full_texts_without_what_reads_them_are_found(settings, monkeypatch):
    settings.FETCH_FULL_TEXT = True
    assert "tracker.E017" not in {finding.id for finding in hardening.data(None)}
    monkeypatch.setattr(hardening.importlib.util, "find_spec", lambda _name: None)
    assert "tracker.E017" in {finding.id for finding in hardening.data(None)}
