"""The door: guessed passwords, planted sessions, forged addresses, and what a session is worth afterwards."""

import hashlib
import hmac

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from scorecard.api import keys
from tracker import settings as production

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
