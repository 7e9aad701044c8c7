"""Challenge this code: a reference, an answer, a trace in the history; nothing vanishes but spam."""

import datetime
import re

import pytest
import time_machine
from django.core import mail

from scorecard import disputes, limits
from scorecard.alerts import mailing
from scorecard.models import ApiKey, Dispute
from tests.scorecard import cast
from tracker import triage
from tracker.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recommendations")]
NOW = datetime.datetime(2026, 3, 2, 9, tzinfo=datetime.UTC)
CLAIM = "The gazette says that the order was only announced, not signed."


def form(**more):
    with time_machine.travel(NOW, tick=False):
        stamp = limits.stamp()
    return {
        "claim": CLAIM,
        "source": "https://gazette.example/2",
        "recommendation": "trust",
        "stamp": stamp,
    } | more


def send(client, sent, path="/events/law/challenge/"):
    with time_machine.travel(NOW + datetime.timedelta(minutes=1), tick=False):
        return client.post(path, sent)


@pytest.fixture
def law():
    return cast.put("law", "2025-06-01").event


@pytest.fixture
def dispute(law):
    return disputes.file(
        disputes.Claim(event="law", claim=CLAIM, source="https://gazette.example/2", name="A reader")
    )


def test_a_reader_gets_a_reference_and_sees_the_answer(client, law, analyst):
    assert "Challenge this code" in client.get("/events/law/challenge/").content.decode()
    answer = send(client, form(direction="1", strength="2", name="A reader", email="reader@example.org"))
    assert answer.status_code == 302
    row = Dispute.objects.get()
    page = client.get(answer.headers["Location"]).content.decode()
    assert row.reference in page
    assert CLAIM not in page  # not before an editor has looked at it
    disputes.take_up(row, analyst)
    assert Event.objects.get(pk="law").status == "disputed"
    assert cast.get(client, "/events/law/")["disputed"] is True
    triage.edit("law", analyst, {"certainty": "reported"}, "a reader's dispute")
    disputes.answer(row, analyst, accepted=True, words="You are right; thank you.")
    page = client.get(answer.headers["Location"]).content.decode()
    assert CLAIM in page
    assert "You are right; thank you." in page
    assert "reader@example.org" not in page
    assert Event.objects.get(pk="law").status == "accepted"
    shown = cast.get(client, f"/disputes/{row.reference}/")
    assert (shown["state"], shown["changed_by"]) == ("accepted", 2)
    assert cast.get(client, "/events/law/history/")["disputes"][0]["changed_by"] == 2
    assert cast.get(client, "/disputes/")["counts"]["accepted"] == 1


def answered(row, by, **more):
    disputes.answer(row, by, accepted=False, words="It was signed on 1 June.\nSee the gazette.", **more)
    mailing.send()
    return mail.outbox


@pytest.mark.parametrize(
    ("language", "subject"), [("en", "Your dispute {} is answered"), ("zh-hans", "您的异议{}已有答复")]
)
def test_a_reader_who_left_an_address_gets_the_answer_once(law, analyst, language, subject):
    claim = "Visit our casino, dear reader, it is the best of all casinos."
    sent = disputes.Claim(
        "law", claim, "https://g.example/2", name="Eve", email="reader@example.org", language=language
    )
    row = disputes.file(sent)
    (letter,) = answered(row, analyst)
    assert letter.to == ["reader@example.org"]
    assert letter.subject == subject.format(row.reference)
    assert "It was signed on 1 June.\nSee the gazette." in letter.body
    assert f"/disputes/{row.reference}/" in letter.body
    assert not {"casino", "Eve"} & set(re.findall(r"\w+", letter.body))  # a stranger's words reach nobody
    assert "List-Unsubscribe" not in letter.extra_headers
    row.refresh_from_db()
    assert row.email == ""
    assert not mailing.write_letter("reader@example.org", f"answer:{row.reference}", "Again", "again")
    mailing.send()
    assert len(mail.outbox) == 1


def test_no_letter_without_an_address_nor_about_spam(law, dispute, analyst):
    assert answered(dispute, analyst) == []
    spam = disputes.file(
        disputes.Claim("law", CLAIM + "!", "https://g.example/3", email="victim@example.org")
    )
    disputes.mark_as_spam(spam)
    mailing.send()
    assert mail.outbox == []


@pytest.mark.parametrize(
    "address",
    [
        "a@example.org\nBcc: b@example.org",
        "a@example.org\r\n",
        "a@example.org, b@example.org",
        "a",
        "a@\x00.org",
    ],
)
def test_no_address_can_smuggle_a_header_or_a_second_receiver(law, address):
    with pytest.raises(disputes.BadDispute) as wrong:
        disputes.file(disputes.Claim("law", CLAIM, "https://g.example/2", email=f"{address}x"))
    assert wrong.value.field == "email"


def test_accepting_needs_a_change_of_the_record_and_any_verdict_an_answer(dispute, analyst):
    with pytest.raises(triage.Refused, match="Change the event first"):
        disputes.answer(dispute, analyst, accepted=True, words="You are right.")
    with pytest.raises(triage.Refused, match="Write an answer"):
        disputes.answer(dispute, analyst, accepted=False, words=" ")
    disputes.answer(dispute, analyst, accepted=False, words="It was signed on 1 June.")
    with pytest.raises(triage.Refused, match="already"):
        disputes.answer(dispute, analyst, accepted=False, words="Once more.")


def test_the_same_dispute_twice_is_one(client, dispute):
    again = cast.post(
        client, "/disputes/", {"event": "law", "claim": CLAIM, "source": "https://gazette.example/2"}, 201
    )
    assert again["reference"] == dispute.reference
    assert Dispute.objects.count() == 1


def test_spam_is_hidden_and_nothing_else_can_be(client, dispute, analyst):
    disputes.mark_as_spam(dispute)
    cast.get(client, f"/disputes/{dispute.reference}/", 404)
    assert client.get(f"/disputes/{dispute.reference}/").status_code == 404
    other = disputes.file(disputes.Claim(event="law", claim=CLAIM + "!", source="https://gazette.example/3"))
    disputes.take_up(other, analyst)
    disputes.mark_as_spam(other)
    assert cast.get(client, f"/disputes/{other.reference}/")["state"] == "in_review"


@pytest.mark.parametrize(
    "wrong",
    [
        {"claim": "No."},
        {"claim": "x" * 4001},
        {"claim": "buy at https://a.example and https://b.example and http://c.example"},
        {"source": "javascript:alert(1)"},
        {"source": "https://"},
        {"source": ""},
        {"recommendation": "peace"},
        {"recommendation": "misuse"},
        {"direction": "7"},
        {"strength": "many"},
        {"name": "www.spam.example"},
        {"email": "no address"},
        {"website": "https://spam.example"},
        {"stamp": ""},
    ],
)
def test_what_is_no_dispute_is_turned_away_in_words(client, law, wrong):
    answer = send(client, form(**wrong))
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()
    assert not Dispute.objects.exists()


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script> and much more of it", "{{ settings.SECRET_KEY }} twenty letters"]
)
def test_what_a_reader_writes_stays_text(client, law, analyst, text):
    send(client, form(claim=text, name="<b>bold</b>", source="https://gazette.example/?a=<b>"))
    row = Dispute.objects.get()
    disputes.take_up(row, analyst)
    page = client.get(f"/disputes/{row.reference}/").content.decode()
    assert "<script>alert" not in page
    assert "<b>" not in page
    assert "nofollow ugc" in page


def test_only_events_on_record_can_be_disputed(client, law, analyst):
    proposal = triage.propose(title="Something may have happened", date=datetime.date(2026, 1, 1))
    assert client.get(f"/events/{proposal.pk}/challenge/").status_code == 404
    assert client.get("/events/nothing/challenge/").status_code == 404
    cast.post(client, "/disputes/", {"event": "nothing", "claim": CLAIM, "source": "https://a.example/"}, 404)


def test_one_event_takes_no_more_than_editors_can_answer(law):
    for number in range(disputes.MOST_OPEN):
        disputes.file(disputes.Claim(event="law", claim=f"{CLAIM} {number}", source="https://a.example/"))
    with pytest.raises(disputes.BadDispute, match="so many open disputes"):
        disputes.file(disputes.Claim(event="law", claim=CLAIM, source="https://a.example/"))


def test_an_answer_is_promised_for_a_day(client, dispute):
    shown = cast.get(client, f"/disputes/{dispute.reference}/")
    received = datetime.date.fromisoformat(shown["received_at"][:10])
    assert shown["answer_due"] == (received + datetime.timedelta(14)).isoformat()


def test_editors_answer_in_the_admin(admin_client, dispute, admin_user, settings):
    settings.SECOND_FACTOR = False
    assert admin_client.get("/admin/scorecard/dispute/").status_code == 200
    address = f"/admin/scorecard/dispute/{dispute.pk}/change/"
    assert admin_client.get(address).status_code == 200
    admin_client.post(address, {"answer": "", "verdict": "rejected"})
    assert Dispute.objects.get().state == "received"
    admin_client.post(address, {"answer": "It was signed on 1 June.", "verdict": "rejected"})
    assert Dispute.objects.get().state == "rejected"
    assert Dispute.objects.get().answered_by == admin_user


def test_the_pages_stand_in_both_languages_without_a_cookie(client, dispute):
    for path in ("/disputes/", f"/disputes/{dispute.reference}/", "/events/law/challenge/", "/alerts/"):
        for prefix in ("", "/zh-hans"):
            answer = client.get(prefix + path)
            assert answer.status_code == 200, prefix + path
            assert not answer.cookies
    chinese = client.get("/zh-hans/events/law/challenge/").content.decode()
    assert "质疑此编码" in chinese
    assert "Challenge" not in chinese


def test_the_admin_shows_every_table_of_the_way_out(admin_client, admin_user, dispute, settings):
    settings.SECOND_FACTOR = False
    for table in ("apikey", "dispute", "subscription", "mail", "webhook", "delivery", "edition"):
        assert admin_client.get(f"/admin/scorecard/{table}/").status_code == 200
    made = admin_client.post(
        "/admin/scorecard/apikey/add/",
        {
            "name": "tool",
            "account": admin_user.pk,
            "scopes": ["propose"],
            "expires_at_0": "",
            "expires_at_1": "",
        },
        follow=True,
    )
    (text,) = re.findall(r"sck_[a-z0-9]{8}_[\w-]{43}", made.content.decode())
    cast.get(admin_client, "/proposals/", HTTP_AUTHORIZATION=f"Bearer {text}")
    row = ApiKey.objects.get()
    admin_client.post("/admin/scorecard/apikey/", {"action": "revoke", "_selected_action": [row.pk]})
    cast.get(admin_client, "/proposals/", 401, HTTP_AUTHORIZATION=f"Bearer {text}")
    admin_client.post("/admin/scorecard/dispute/", {"action": "take_up", "_selected_action": [dispute.pk]})
    assert Dispute.objects.get().state == "in_review"
