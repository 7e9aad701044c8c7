"""Who countersigns a head must hold a key that the operator trusts, and speak of a head that this log has."""

import datetime
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core import mail
from django.utils import timezone

from scorecard import verify
from scorecard.models import Countersignature, Witness
from tests.scorecard import cast
from tracker import log
from tracker.models import Revision

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded_once")]
MIRROR = Ed25519PrivateKey.from_private_bytes(b"\x21" * 32)
KEY = MIRROR.public_key().public_bytes_raw().hex()


@pytest.fixture(autouse=True)
def witness(settings):
    settings.API_RATE_ANONYMOUS = 100_000
    return Witness.objects.create(name="A library", key=KEY)


def stated(sequence=None, digest=None, seen=None, private=MIRROR, **more):
    """A countersignature of the head, or of what is named; `more` replaces what was signed."""
    head = Revision.objects.order_by("-sequence").first()
    said = {
        "sequence": sequence or head.sequence,
        "digest": digest or head.digest,
        "seen": str(seen or timezone.now().date()),
    }
    key = private.public_key().public_bytes_raw().hex()
    return said | {"key": key, "signature": private.sign(verify.statement(said)).hex()} | more


def sent(client, body):
    return client.post("/api/v1/heads/", json.dumps(body), content_type="application/json")


def test_it_is_kept_once_and_stands_beside_the_head_for_everybody_to_check(client):
    before = cast.get(client, "/heads/")["results"][0]
    assert before["countersignatures"] == []
    made = sent(client, stated())
    assert (made.status_code, sent(client, stated()).status_code) == (201, 200)
    (told,) = cast.get(client, "/heads/")["results"][0]["countersignatures"]
    assert told == made.json()
    assert verify.signed(bytes.fromhex(told["key"]), verify.statement(told), bytes.fromhex(told["signature"]))
    assert (told["witness"], told["sequence"]) == ("A library", before["sequence"])
    for start in ("", "/zh-hans"):
        page = client.get(f"{start}/editions/").content.decode()
        assert "A library" in page
        assert KEY in page
        assert "/api/v1/heads/mirror.py" in page
    # An earlier day, sent again, does not take the place of a later one; a later one does.
    today = timezone.now().date()
    for seen, kept in ((today - datetime.timedelta(3), today), (today + datetime.timedelta(1),) * 2):
        assert sent(client, stated(seen=seen)).json()["seen"] == str(kept)
    assert Countersignature.objects.count() == 1


def test_one_of_a_later_head_covers_those_before_it(client):
    cast.put("a-later-act")
    assert sent(client, stated()).status_code == 201
    assert [
        one["sequence"]
        for head in cast.get(client, "/heads/")["results"]
        for one in head["countersignatures"]
    ] == [log.place()[0]]
    assert sent(client, stated(1, Revision.objects.get(sequence=1).digest)).status_code == 201
    assert cast.get(client, "/heads/")["results"][-1]["countersignatures"][0]["sequence"] == log.place()[0]


STRANGER = Ed25519PrivateKey.from_private_bytes(b"\x22" * 32)
HOSTILE = {
    "a stranger's key": (403, lambda: stated(private=STRANGER)),
    "a stranger's signature": (400, lambda: stated(private=STRANGER, key=KEY)),
    "another day than was signed": (400, lambda: stated(seen="2026-01-01") | {"seen": "2026-01-02"}),
    "another revision than was signed": (400, lambda: stated() | {"sequence": 1}),
    "a day to come": (400, lambda: stated(seen=timezone.now().date() + datetime.timedelta(2))),
    "one bit of the signature": (400, lambda: stated() | {"signature": flipped(stated()["signature"])}),
    "the same signature with s + L": (400, lambda: stated() | {"signature": higher(stated()["signature"])}),
    "a signature of an edition's manifest": (400, lambda: stated(signature=MIRROR.sign(b"{}").hex())),
    "capitals": (400, lambda: stated() | {"key": KEY.upper()}),
    "no signature": (400, lambda: {name: each for name, each in stated().items() if name != "signature"}),
    "a number as words": (400, lambda: stated() | {"sequence": "many"}),
    "a number past every database": (400, lambda: stated(1 << 70)),
    "nought": (400, lambda: stated() | {"sequence": 0}),
    "a NUL": (400, lambda: stated() | {"digest": "\0" * 64}),
    "a list": (400, lambda: [stated()]),
    "nothing": (400, dict),
    "a head that this log has not": (409, lambda: stated(digest="0" * 64)),
    "a revision that this log has not": (409, lambda: stated(999_999)),
}


def flipped(signature):
    return signature[:-3] + ("0" if signature[-3] != "0" else "1") + signature[-2:]


def higher(signature):
    """A check that forgets to bound s takes it."""
    raw = bytes.fromhex(signature)
    return (raw[:32] + (int.from_bytes(raw[32:], "little") + verify.L).to_bytes(32, "little")).hex()


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_does_not_verify_or_speaks_of_another_head_is_refused(client, kind):
    status, body = HOSTILE[kind]
    answer = sent(client, body())
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert not Countersignature.objects.exists()
    assert len(mail.outbox) == (status == 409)  # genuine, and of what is gone from here: an alarm


def test_the_operator_is_told_once_of_a_head_that_is_gone_and_nothing_of_a_strangers(
    client, witness, settings
):
    settings.ADMINS = [("Ops", "ops@example.org")]
    assert sent(client, stated(digest="0" * 64, private=STRANGER)).status_code == 403
    assert mail.outbox == []
    for _time in range(3):
        problem = sent(client, stated(999_999)).json()
        assert (problem["code"], "Keep what you hold" in problem["detail"]) == ("branched", True)
    (letter,) = mail.outbox
    assert letter.to == ["ops@example.org"]
    assert "A library" in letter.body
    Witness.objects.update(ended_at=timezone.now())
    assert sent(client, stated()).status_code == 403


@pytest.mark.parametrize(
    "key",
    [
        f"01{'00' * 31}",  # the neutral point: it "signs" whatever one likes
        f"ec{'ff' * 30}7f",  # of order two
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",  # of order eight
        "ff" * 32,
        "02" + "00" * 31,  # no point of the curve
        "ab",
        "zz" * 32,
        KEY,  # there already
    ],
)
def test_no_key_is_trusted_with_which_anybody_signs(client, analyst, settings, key):
    settings.SECOND_FACTOR = False
    client.force_login(analyst)
    answer = client.post("/admin/scorecard/witness/add/", {"name": "Another", "key": key, "address": ""})
    assert answer.status_code == 200
    assert Witness.objects.count() == 1
    one = Witness.objects.get()
    other = STRANGER.public_key().public_bytes_raw().hex()
    client.post(
        f"/admin/scorecard/witness/{one.pk}/change/", {"name": "Renamed", "key": other, "address": ""}
    )
    one.refresh_from_db()
    assert (one.name, one.key) == ("Renamed", KEY)
