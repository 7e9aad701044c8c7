"""The door: guessed passwords, planted sessions, forged addresses, and what a session is worth afterwards."""

import hashlib
import hmac

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice

from scorecard import keys
from tracker import settings as production
from tracker import triage
from tracker.operations import middleware

pytestmark = pytest.mark.django_db
RIGHT, WRONG = "correct horse battery", "wrong horse"


def tries(client, password=WRONG, name="ada", **headers):
    return client.post(reverse("admin:login"), {"username": name, "password": password}, **headers)


@pytest.fixture(autouse=True)
def one_factor(settings):
    settings.SECOND_FACTOR = False


def test_a_planted_session_is_worth_nothing_after_the_door(client, analyst):
    session = client.session
    session["planted"] = "by an attacker"
    session.save()
    planted = session.session_key
    client.cookies["session"] = planted
    assert tries(client, RIGHT).status_code == 302
    assert client.session.session_key != planted
    thief = Client()
    thief.cookies["session"] = planted
    assert thief.get(reverse("admin:index")).status_code == 302


def test_a_session_ends_at_the_way_out(client, analyst):
    tries(client, RIGHT)
    stolen = client.cookies["session"].value
    client.post(reverse("admin:logout"))
    thief = Client()
    thief.cookies["session"] = stolen
    assert thief.get(reverse("admin:index")).status_code == 302


def test_a_changed_password_ends_other_sessions(client, analyst):
    tries(client, RIGHT)
    analyst.set_password("another long passphrase")
    analyst.save()
    assert client.get(reverse("admin:index")).status_code == 302


def test_after_five_tries_even_the_right_password_waits(client, analyst):
    for _number in range(5):
        answer = tries(client)
    assert answer.status_code == 429
    assert tries(client, RIGHT).status_code == 429
    assert client.get(reverse("admin:index")).status_code == 302


def test_a_forged_address_does_not_reset_the_count(client, analyst):
    for number in range(6):
        answer = tries(
            client, headers={"X-Forwarded-For": f"203.0.113.{number}", "X-Real-IP": f"198.51.100.{number}"}
        )
    assert answer.status_code == 429


def test_others_are_not_locked_out_with_the_one(client, analyst):
    get_user_model().objects.create_superuser("bob", password=RIGHT)
    for _number in range(6):
        tries(client)
    assert tries(Client(), RIGHT, "bob").status_code == 302
    assert tries(Client(REMOTE_ADDR="203.0.113.9"), RIGHT).status_code == 302


def test_the_answer_does_not_tell_whether_a_name_exists(client, analyst):
    known, unknown = tries(client), tries(Client(), name="nobody-by-this-name")
    strip = lambda answer: answer.content.replace(b"nobody-by-this-name", b"ada")  # noqa: E731
    assert known.status_code == unknown.status_code == 200
    assert len(strip(known)) == len(strip(unknown))


@pytest.mark.parametrize("password", ["short", "password1234", "123456789012", "ada-ada-ada", "qwertyuiop12"])
def test_weak_passwords_are_refused(password, analyst):
    with pytest.raises(ValidationError):
        validate_password(password, analyst)


def test_passwords_are_kept_as_argon2_in_production():
    assert production.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")
    assert Argon2PasswordHasher().encode("a passphrase", "saltsaltsalt").startswith("argon2$argon2id$")


def test_an_api_key_is_kept_as_a_digest_and_compared_in_constant_time(analyst, monkeypatch):
    key, text = keys.issue("program", analyst, ["read"])
    secret = text.rsplit("_", 1)[1] if text.count("_") == 2 else text.split("_", 2)[2]
    assert key.digest == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in str(vars(key))
    compared = []
    real = hmac.compare_digest
    monkeypatch.setattr(keys.hmac, "compare_digest", lambda a, b: compared.append(1) or real(a, b))
    assert keys.find(text) == key
    assert keys.find(text[:-1] + ("A" if text[-1] != "A" else "B")) is None
    assert len(compared) == 2


@pytest.mark.parametrize("value", ["", "session", "x" * 5000, "' OR 1=1", "../../secret"])
def test_a_forged_session_cookie_opens_nothing(value, analyst):
    client = Client()
    client.cookies["session"] = value
    assert client.get(reverse("admin:index")).status_code == 302


COLLEAGUE, STRANGER = "203.0.113.5", "198.51.100.9"


@pytest.fixture
def behind_a_proxy(settings):
    """Every request comes from the proxy, which writes down whom it heard."""
    settings.TRUSTED_PROXIES = 1

    def caller(address):
        return Client(REMOTE_ADDR="127.0.0.1", headers={"X-Forwarded-For": f"10.9.8.7, {address}"})

    return caller


def test_a_stranger_behind_the_same_proxy_locks_nobody_out(behind_a_proxy, analyst):
    stranger, colleague = behind_a_proxy(STRANGER), behind_a_proxy(COLLEAGUE)
    for _number in range(8):
        answer = tries(stranger)
    assert answer.status_code == 429
    assert tries(colleague, RIGHT).status_code == 302


def test_what_a_stranger_writes_into_the_line_counts_for_nothing(behind_a_proxy, analyst):
    for number in range(6):
        client = Client(
            REMOTE_ADDR="127.0.0.1", headers={"X-Forwarded-For": f"203.0.113.{number}, {STRANGER}"}
        )
        answer = tries(client)
    assert answer.status_code == 429


def test_one_address_cannot_try_account_after_account(behind_a_proxy, analyst):
    stranger = behind_a_proxy(STRANGER)
    statuses = {tries(stranger, name=f"nobody{number}").status_code for number in range(30)}
    assert statuses == {200}
    assert tries(stranger, name="somebody else").status_code == 429
    assert tries(behind_a_proxy(COLLEAGUE), RIGHT).status_code == 302


def test_a_browser_that_was_inside_before_is_not_kept_out_by_its_neighbours(behind_a_proxy, analyst):
    colleague, neighbour = behind_a_proxy(COLLEAGUE), behind_a_proxy(COLLEAGUE)
    assert tries(colleague, RIGHT).status_code == 302
    colleague.post(reverse("admin:logout"))
    for number in range(40):
        tries(neighbour, name=f"nobody{number % 3}")
        tries(neighbour)
    assert tries(neighbour, RIGHT).status_code == 429
    assert tries(colleague, RIGHT).status_code == 302


def test_a_stolen_sign_of_a_browser_allows_few_guesses_too(behind_a_proxy, analyst):
    colleague = behind_a_proxy(COLLEAGUE)
    tries(colleague, RIGHT)
    thief = behind_a_proxy(STRANGER)
    thief.cookies["known"] = colleague.cookies["known"].value
    statuses = [tries(thief).status_code for _number in range(12)]
    assert statuses == [200] * 10 + [429] * 2
    thief.cookies["known"] = "forged"
    assert tries(thief, RIGHT).status_code == 302  # a forged one is none


def test_tries_while_one_waits_do_not_make_the_wait_longer(client, analyst):
    for _number in range(5):
        tries(client)
    before = AccessAttempt.objects.get().attempt_time
    for _number in range(3):
        assert tries(client).status_code == 429
    assert AccessAttempt.objects.get().attempt_time == before


@pytest.mark.parametrize(
    ("proxies", "line", "found"),
    [
        (0, "1.1.1.1", "192.0.2.1"),
        (1, "1.1.1.1, 2.2.2.2", "2.2.2.2"),
        (2, "1.1.1.1, 2.2.2.2, 10.0.0.1", "2.2.2.2"),
        (2, "1.1.1.1", "192.0.2.1"),
        (1, "nonsense", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        (1, "::ffff:2.2.2.2", "2.2.2.2"),
    ],
)
def test_who_calls_is_read_from_the_outermost_proxy_that_we_trust(rf, settings, proxies, line, found):
    settings.TRUSTED_PROXIES = proxies
    assert (
        middleware.caller_address(rf.get("/", REMOTE_ADDR="192.0.2.1", headers={"X-Forwarded-For": line}))
        == found
    )


def test_readers_see_the_name_that_an_analyst_chose(client, analyst):
    client.force_login(analyst)
    assert triage.public_name(analyst) == f"analyst {analyst.pk}"
    analyst.first_name, analyst.last_name = "Ada", "Lovelace"
    assert triage.public_name(analyst) == "A. L."
    assert client.post(reverse("desk:name"), {"name": "ada"}).status_code == 400
    assert client.post(reverse("desk:name"), {"name": "Chess player"}).status_code == 302
    assert triage.public_name(analyst) == "Chess player"
    assert "Chess player" in client.get(reverse("desk:name")).content.decode()


def test_not_even_an_administrator_reads_a_second_factor(admin_client, analyst, settings):
    settings.SECOND_FACTOR = False
    device = TOTPDevice.objects.create(user=analyst, name="phone")
    page = admin_client.get(f"/admin/otp_totp/totpdevice/{device.pk}/change/").content.decode()
    assert "phone" in page
    assert device.key not in page
    for what in ("config", "qrcode"):
        assert admin_client.get(f"/admin/otp_totp/totpdevice/{device.pk}/{what}/").status_code in (403, 404)
