"""Every address of admin, desk and API in every role; what is not granted here is refused.

The table below is the whole truth about who may do what. A new address is closed until somebody adds it.
"""

import itertools
import json

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client

from feeds.models import Feed
from scorecard import keys
from scorecard.models import ApiKey, Dispute
from tests.security import addresses
from tracker.models import Assessment, Decision, Event, Revision

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded_once")]

LOOKS = ("changelist", "change", "history")
ROLES = ("stranger", "reader", "viewer", "analyst", "reviewer", "editor")
STAFF = frozenset(ROLES[2:])
DOOR = frozenset({"admin:login", "admin:logout", "second-factor"})
EVERYBODY_INSIDE = frozenset(
    {"admin:index", "admin:password_change", "admin:password_change_done", "admin:jsi18n", "admin:app_list"}
)
LOOKING_AT_THE_DESK = frozenset(
    f"desk:{name}"
    for name in (
        *("desk", "event", "item", "rows", "now", "reports", "find", "last", "codings", "figures"),
        *("practice", "roles"),
    )
)
SEEN = {
    **dict.fromkeys(
        ("article", "articleversion", "ask", "asksetting", "assessment", "claim", "coding"), STAFF
    ),
    **dict.fromkeys(("completeness", "coverageday", "cue", "decision", "dispute", "event"), STAFF),
    **dict.fromkeys(("recommendation", "report", "revision", "taggerversion"), STAFF),
    **dict.fromkeys(("feeds_feed", "feeds_poll", "feeds_delivery"), STAFF),
    **dict.fromkeys(
        ("scorecard_delivery", "webhook", "mail", "subscription", "edition"), frozenset({"editor"})
    ),
}
CHANGED = {
    "feed": {"add": {"editor"}, "change": {"editor"}},
    "cue": {"add": {"editor"}, "change": {"editor"}},
    "asksetting": {"add": {"editor"}, "turn": {"editor"}},
    "completeness": {"add": {"editor", "reviewer"}, "turn": {"editor", "reviewer"}},
    "taggerversion": {"change": {"editor"}},
}
FEEDS = {"admin:feeds_where": STAFF, "admin:feeds_export": STAFF}
FEEDS |= {"admin:feeds_answer": STAFF, "admin:feeds_answer_download": STAFF}
FEEDS |= dict.fromkeys(("admin:feeds_look", "admin:feeds_import"), frozenset({"editor"}))
DEEDS = {
    f"desk:{name}"
    for name in (
        *("preview", "claim", "release", "deed", "keys", "coding", "bulk", "new", "articles", "mirror"),
        *("name", "confirming", "draws", "raw_codings", "lasting", "second", "details"),
    )
}


def may_see(role, address):
    """Whether the table grants this role a page at this address."""
    if address.name in DOOR:
        return True
    if role not in STAFF:
        return False
    if address.name in EVERYBODY_INSIDE | LOOKING_AT_THE_DESK:
        return True
    if address.name in DEEDS:
        return role != "viewer"
    if address.name in FEEDS:
        return role in FEEDS[address.name]
    parts = address.name.removeprefix("admin:").split("_")
    if parts[0] in ("feeds", "tracker", "scorecard") and len(parts) == 3:
        app, model, deed = parts
        seeing = role in SEEN.get(f"{app}_{model}", SEEN.get(model, ()))
        return (deed in LOOKS and seeing) or role in CHANGED.get(model, {}).get(deed, ())
    return False


@pytest.fixture
def known(seeded):
    return {"event_id": Event.objects.order_by("id").first().id}


@pytest.fixture
def as_role(django_user_model, settings):
    settings.SECOND_FACTOR = False

    def enter(role, **options):
        client = Client(raise_request_exception=False, **options)
        if role != "stranger":
            person = django_user_model.objects.create_user(f"a {role}", password="x", is_staff=role in STAFF)
            if role in STAFF:
                person.groups.add(Group.objects.get(name=role))
            client.force_login(person)
        return client

    return enter


def state():
    """Whatever a request without rights must not change."""
    feeds = list(Feed.objects.order_by("pk").values_list("pk", "url", "paused"))
    events = list(Event.objects.order_by("pk").values_list("pk", "status", "version", "title"))
    return feeds, events, Decision.objects.count(), Revision.objects.count(), Assessment.objects.count()


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
def test_every_page_inside_opens_only_to_the_roles_of_the_table(as_role, known, role):
    client, wrong = as_role(role), []
    for address in addresses.every(**known):
        if address.is_inside:
            status = client.get(address.path).status_code
            if status == 200 and not may_see(role, address):
                wrong.append(f"{address.name} opens")
            if status >= 500:
                wrong.append(f"{address.name} breaks with {status}")
    assert not wrong


@pytest.mark.slow
@pytest.mark.parametrize("role", ["stranger", "reader", "viewer"])
def test_whoever_only_looks_changes_nothing_by_any_method(as_role, known, role):
    client, before = as_role(role), state()
    form = {
        "deed": "accept",
        "event": known["event_id"],
        "version": 1,
        "action": "delete_selected",
        "post": "yes",
    }
    methods = itertools.cycle(("PUT", "PATCH", "DELETE"))
    for address in addresses.every(**known):
        if address.is_inside and address.name not in DOOR:
            client.post(address.path, form)
            if address.name.startswith("desk:"):
                client.post(address.path, json.dumps(form), content_type="application/json")
            client.generic(next(methods), address.path)
    assert state() == before


@pytest.mark.slow
def test_even_an_administrator_cannot_change_the_log_or_the_journal_in_the_admin(
    client, analyst, known, settings
):
    settings.SECOND_FACTOR = False
    client.force_login(analyst)
    before = state()
    for address in addresses.every(**known):
        for table in ("revision", "decision", "coding", "article", "event"):
            for deed in ("add", "delete"):
                if address.name == f"admin:tracker_{table}_{deed}":
                    assert client.get(address.path).status_code in (302, 403), address.path
                    assert client.post(address.path, {"post": "yes"}).status_code in (302, 403), address.path
    assert state() == before


def test_inside_is_closed_before_the_second_factor_whatever_the_role(client, analyst, known, settings):
    settings.SECOND_FACTOR = True
    client.force_login(analyst)
    for address in addresses.every(**known):
        if address.is_inside and address.name not in DOOR | {"admin:jsi18n"}:
            answer = client.get(address.path)
            assert answer.status_code in (302, 401, 404), address.path
            place = answer.headers.get("Location", "")
            assert answer.status_code != 302 or "second-factor" in place or place.endswith("/change/"), (
                address.path
            )


WRITING = {
    "proposals": "propose",
    "decisions": "decide",
    "imports": "import",
    "webhooks": "webhooks",
    "webhook": "webhooks",
    "webhook_rotate": "webhooks",
    "webhook_enable": "webhooks",
    "webhook_ping": "webhooks",
    "webhook_deliveries": "webhooks",
    "webhook_resend": "webhooks",
}
OPEN_TO_ALL = {"disputes", "subscriptions", "api-docs", "heads"}  # heads: a signature is the key
METHODS = ("post", "put", "patch", "delete")


def api(known):
    return [address for address in addresses.every(**known) if address.is_api]


def call(client, method, address, **headers):
    cache.clear()  # the ration of requests has tests of its own
    return client.generic(method.upper(), address.path, "{}", "application/json", headers=headers)


def test_no_address_of_the_api_writes_without_a_key(client, known):
    before = state()
    for address in api(known):
        for method in METHODS:
            status = call(client, method, address).status_code
            if address.name.split(":")[-1] not in OPEN_TO_ALL:
                assert status in (302, 401, 403, 404, 405), (method, address.path, status)
    assert state() == before
    assert Dispute.objects.count() == 0


@pytest.mark.parametrize("scope", ApiKey.Scope.values)
def test_a_key_does_what_its_scope_says_and_no_more(client, analyst, known, scope):
    _key, text = keys.issue("program", analyst, [scope])
    before = state()
    for address in api(known):
        needed = WRITING.get(address.name.split(":")[-1])
        if needed and needed != scope:
            for method in ("get", *METHODS):
                status = call(client, method, address, Authorization=f"Bearer {text}").status_code
                assert status in (403, 405), (method, address.path, status)
    assert state() == before


def test_a_key_is_bounded_by_the_role_of_its_account(client, django_user_model, known):
    viewer = django_user_model.objects.create_user("vera", is_staff=True)
    viewer.groups.add(Group.objects.get(name="viewer"))
    _key, text = keys.issue("program", viewer, list(ApiKey.Scope.values))
    before = state()
    body = json.dumps({"deed": "retract", "why": "because"})
    path = f"/api/v1/events/{known['event_id']}/decisions/"
    answer = client.post(
        path, body, content_type="application/json", headers={"Authorization": f"Bearer {text}"}
    )
    assert answer.status_code == 403
    assert state() == before


def test_no_form_takes_a_field_that_it_does_not_show(client, analyst, known, settings):
    """Mass assignment: extra fields are refused or ignored, never stored."""
    settings.SECOND_FACTOR = False
    _key, text = keys.issue("program", analyst, ["propose"])
    proposal = {
        "title": "An act",
        "date": "2026-05-01",
        "sources": [{"title": "A report", "url": "https://news.example/1"}],
    }
    for extra in (
        {"status": "accepted"},
        {"id": "chosen"},
        {"decided_by": 1},
        {"version": 9},
        {"retracted": True},
    ):
        answer = client.post(
            "/api/v1/proposals/",
            json.dumps(proposal | extra),
            content_type="application/json",
            headers={"Authorization": f"Bearer {text}"},
        )
        assert answer.status_code == 400, extra
    dispute = {
        "event": known["event_id"],
        "claim": "This act was never enacted at all.",
        "source": "https://a.example/",
    }
    for extra in (
        {"state": "upheld"},
        {"answer": "yes"},
        {"reference": "D-AAAA-AAAA"},
        {"answered_at": "2026-01-01"},
    ):
        answer = client.post(
            "/api/v1/disputes/", json.dumps(dispute | extra), content_type="application/json"
        )
        assert answer.status_code == 400, extra
    client.force_login(analyst)
    client.post(
        "/admin/feeds/feed/add/",
        {
            "url": "https://news.example/feed",
            "lease_token": "mine",
            "state": "green",
            "attempts": 99,
            "_save": "1",
        },
    )
    feed = Feed.objects.filter(url="https://news.example/feed").first()
    assert feed is None or (feed.lease_token, feed.attempts) == ("", 0)
    assert not Event.objects.filter(title="An act").exists()


def test_nobody_makes_an_administrator_of_himself(as_role, django_user_model, known):
    client = as_role("editor")
    me = django_user_model.objects.get(username="a editor")
    for path in (f"/admin/auth/user/{me.pk}/change/", "/admin/auth/user/add/", "/admin/auth/group/add/"):
        assert client.get(path).status_code in (302, 403, 404)
        client.post(path, {"username": "a editor", "is_superuser": "on", "is_staff": "on"})
    client.post("/admin/password_change/", {"old_password": "x", "new_password1": "y", "is_superuser": "on"})
    me.refresh_from_db()
    assert not me.is_superuser
