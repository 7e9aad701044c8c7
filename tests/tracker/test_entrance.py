"""The way in: no admin page before the second factor, lock-out, and sessions that end."""

import re
import time

import pytest
from django.contrib.auth.models import Group
from django.urls import get_resolver, reverse
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def second_factor_is_on(settings):
    settings.SECOND_FACTOR = True


@pytest.fixture
def root(django_user_model):
    return django_user_model.objects.create_superuser("root", password=PASSWORD)


def code_of(device):
    totp = TOTP(device.bin_key)
    totp.time = time.time()
    return f"{totp.token():06d}"


def inside():
    """One address for every pattern of admin and desk, whatever it takes."""
    found = []

    def walk(patterns, prefix, spaces):
        for pattern in patterns:
            path = prefix + re.sub(r"<[^>]+>", "1", str(pattern.pattern).replace("^", "").replace("$", ""))
            if hasattr(pattern, "url_patterns"):
                walk(pattern.url_patterns, path, spaces | {pattern.namespace})
            elif spaces & {"admin", "desk"} and pattern.name not in ("login", "logout", "jsi18n"):
                found.append("/" + path.lstrip("/"))

    walk(get_resolver().url_patterns, "", set())
    closed = reverse("admin:index") + "r/"  # its door to a page on the site leads nowhere, for everybody
    return [path for path in found if "(" not in path and not path.startswith(closed)]


def test_no_page_inside_opens_before_the_second_factor(client, root):
    client.force_login(root)
    paths = inside()
    assert len(paths) > 60
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 302, path
        assert reverse("second-factor") in answer["Location"], path


def test_enrolling_with_a_phone_shows_spare_codes_once(client, root):
    client.force_login(root)
    page = client.get(reverse("second-factor")).content.decode()
    device = TOTPDevice.objects.get()
    assert "data:image/svg+xml;base64," in page
    assert client.get(reverse("second-factor")).content.decode().count("<svg") == 0
    assert TOTPDevice.objects.count() == 1, "the secret stays the same while the page is reloaded"
    wrong = client.post(reverse("second-factor"), {"code": "000000"})
    assert wrong.status_code == 400
    assert client.get("/admin/").status_code == 302
    TOTPDevice.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)
    right = client.post(reverse("second-factor"), {"code": code_of(device)}).content.decode()
    spare = list(StaticToken.objects.values_list("token", flat=True))
    assert len(spare) == 8
    assert all(code in right for code in spare)
    assert client.get("/admin/").status_code == 200


def test_a_spare_code_works_once(client, root):
    client.force_login(root)
    client.get(reverse("second-factor"))
    client.post(reverse("second-factor"), {"code": code_of(TOTPDevice.objects.get())})
    spare = StaticToken.objects.first().token
    for status in (302, 400):
        client.logout()
        client.force_login(root)
        answer = client.post(reverse("second-factor"), {"code": spare, "next": "/admin/desk/"})
        assert answer.status_code == status
    assert TOTPDevice.objects.filter(confirmed=True).count() == 1


def test_whose_phone_is_lost_enrols_another_once_it_is_deleted(client, root):
    """As docs/operators.md says; the spare codes of the old one end with it."""
    client.force_login(root)
    client.get(reverse("second-factor"))
    client.post(reverse("second-factor"), {"code": code_of(TOTPDevice.objects.get())})
    before = set(StaticToken.objects.values_list("token", flat=True))
    TOTPDevice.objects.all().delete()
    client.logout()
    client.force_login(root)
    assert client.get(reverse("admin:index")).status_code == 302
    assert "data:image/svg+xml;base64," in client.get(reverse("second-factor")).content.decode()
    assert client.post(reverse("second-factor"), {"code": before.copy().pop()}).status_code == 400
    phone = TOTPDevice.objects.get()
    phone.throttle_reset()
    client.post(reverse("second-factor"), {"code": code_of(phone)})
    assert client.get(reverse("admin:index")).status_code == 200
    assert len(set(StaticToken.objects.values_list("token", flat=True)) - before) == 8


def test_where_to_go_next_stays_on_this_host(client, root):
    client.force_login(root)
    client.get(reverse("second-factor"))
    client.post(reverse("second-factor"), {"code": code_of(TOTPDevice.objects.get())})
    for wanted in ("https://evil.example/", "//evil.example", "javascript:alert(1)", "https:evil.example"):
        assert client.get(reverse("second-factor"), {"next": wanted})["Location"] == reverse("admin:index")


def test_scripts_are_told_in_json(client, root):
    client.force_login(root)
    answer = client.post(reverse("desk:deed"), "{}", "application/json")
    assert (answer.status_code, answer.json()["kind"]) == (401, "signed out")


def test_five_wrong_passwords_lock_the_account_from_there(client, root):
    for _number in range(4):
        assert (
            client.post(reverse("admin:login"), {"username": "root", "password": "wrong"}).status_code == 200
        )
    locked = client.post(reverse("admin:login"), {"username": "root", "password": "wrong"})
    assert locked.status_code in (403, 429)
    assert "Too many wrong passwords" in locked.content.decode()
    right = client.post(reverse("admin:login"), {"username": "root", "password": PASSWORD})
    assert right.status_code in (403, 429), "even the right one, until the quarter of an hour is over"


@pytest.mark.parametrize(("key", "ago"), [("seen", 31 * 60), ("started", 12 * 3600 + 60)])
def test_sessions_end(client, root, settings, key, ago):
    settings.SECOND_FACTOR = False
    client.force_login(root)
    assert client.get("/admin/").status_code == 200
    session = client.session
    session[key] = time.time() - ago
    session.save()
    answer = client.get("/admin/")
    assert answer.status_code == 302
    assert reverse("admin:login") in answer["Location"]
    assert client.get("/admin/").status_code == 302


ROLES = {
    "viewer": set(),
    "analyst": {"triage_event"},
    "reviewer": {"triage_event", "review_event"},
    "editor": {"triage_event", "review_event", "change_cue", "add_asksetting"},
}


@pytest.mark.django_db
def test_the_four_roles_hold_what_they_should():
    deciding = {
        "triage_event",
        "review_event",
        "change_cue",
        "add_asksetting",
        "change_event",
        "delete_event",
    }
    for name, wanted in ROLES.items():
        held = set(Group.objects.get(name=name).permissions.values_list("codename", flat=True))
        assert held & deciding == wanted, name
        assert "view_event" in held


@pytest.mark.parametrize("role", ROLES)
def test_nobody_changes_events_or_the_log_in_the_admin(client, django_user_model, settings, role):
    settings.SECOND_FACTOR = False
    user = django_user_model.objects.create_user(role, password=PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    for model in ("event", "revision", "decision", "article", "coding"):
        assert client.get(f"/admin/tracker/{model}/").status_code == 200
        answer = client.get(f"/admin/tracker/{model}/add/", follow=True)
        may = model == "event" and "triage_event" in ROLES[role]  # it leads to the desk's own form
        assert answer.status_code == (200 if may else 403)
        assert bool(answer.redirect_chain) == (model == "event")
        answer = client.post(
            f"/admin/tracker/{model}/", {"action": "delete_selected", "_selected_action": "1"}
        )
        assert answer.status_code in (200, 302, 403)
    assert client.get("/admin/auth/user/").status_code == 403
