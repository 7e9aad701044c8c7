"""Nothing that people press breaks while the broker is away: what needs it says so in a sentence."""

import re

import pytest

from tests.service import ROOT, Service

PRESSED = """
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from feeds.models import Feed
from tests.security import addresses
from tracker.admin import lists

Feed.objects.get_or_create(url="https://news.example/feed.xml")
asked = []
real = lists.queued
def noted(request, task, *args, **more):
    asked.append(task.name if hasattr(task, "name") else task.task)
    return real(request, task, *args, **more)
for module in ("tracker.admin.tagger", "feeds.admin"):
    setattr(__import__(module, fromlist=["x"]), "queued", noted)
user, _made = get_user_model().objects.get_or_create(username="root", is_staff=True, is_superuser=True)
client = Client(raise_request_exception=False)
client.force_login(user)
answer = {}
def press(name, path, form):
    told = client.post(path, form, HTTP_HOST="localhost")
    words = [str(each) for each in get_messages(told.wsgi_request)]
    answer[name] = [told.status_code, " ".join(words)]
for model, own in admin.site._registry.items():
    place = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    keys = list(model._default_manager.values_list("pk", flat=True)[:2])
    for action in own.actions or ():
        name = action if isinstance(action, str) else action.__name__
        if keys and name not in ("delete_selected", "forget"):
            press(f"{model._meta.label} {name}", place, {"action": name, "_selected_action": keys})
for deed in ("retrain", "back"):
    press(deed, reverse(f"admin:tagger_{deed}"), {})
for each in addresses.every():
    if each.is_inside and not each.parts and "logout" not in each.path:
        answer[each.path] = [client.get(each.path, HTTP_HOST="localhost").status_code, ""]
answer["asked"] = asked
"""
AWAY = "The queue of tasks does not answer, so nothing was begun."


@pytest.mark.slow  # half a minute: every action of the admin and every page inside, with Redis stopped and with it full
@pytest.mark.servers
@pytest.mark.parametrize("trouble", ["stopped", "full"])
def test_every_button_says_what_is_wrong(redis_server, tmp_path, trouble):
    with Service(tmp_path, redis_url=redis_server.url, SECOND_FACTOR="0").filled() as service:
        if trouble == "stopped":
            redis_server.kill()
        else:
            redis_server.ask("CONFIG SET maxmemory 1")
        try:
            told = service.ask(PRESSED)
        finally:
            if trouble == "stopped":
                redis_server.start()
            else:
                redis_server.ask("CONFIG SET maxmemory 0")
    asked = told.pop("asked")
    assert {name for name, (status, _words) in told.items() if status >= 500} == set()
    assert sorted(asked) == ["feeds.tasks.backfill", "tracker.tasks.retrain"]
    for name in ("retrain", "feeds.Feed read_archive"):
        assert (told[name][0], AWAY in told[name][1]) == (302, True), told[name]
        assert "begun. The new" not in told[name][1]
        assert "page by page" not in told[name][1]
    assert "polled within a minute" in told["feeds.Feed poll_now"][1], "what needs no broker is done"
    assert len(told) > 40


def test_no_page_puts_a_task_into_the_broker_by_another_way():
    """Only this door says what is wrong; a new `delay` in what people press would be a page that breaks."""
    pressed = [
        *ROOT.glob("*/admin*.py"), *ROOT.glob("*/admin/**/*.py"), *ROOT.glob("tracker/desk/*.py"),
        *ROOT.glob("scorecard/api/**/*.py"), *ROOT.glob("scorecard/pages/**/*.py"), ROOT / "feeds/adding.py",
    ]  # fmt: skip
    sends = re.compile(r"\.delay\(|\.apply_async\(|send_task\(")
    assert [str(path) for path in pressed if sends.search(path.read_text())] == [
        str(ROOT / "tracker/admin/lists.py")
    ]
