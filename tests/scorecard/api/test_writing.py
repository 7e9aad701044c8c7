"""The write side: keys, scopes, roles, and the same rules as the desk."""

import datetime
import json

import pytest
from django.utils import timezone

from scorecard import keys
from scorecard.models import ApiKey
from tests.scorecard import cast
from tracker.models import Article, Decision, Event, Revision

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recommendations")]

PROPOSAL = {
    "title": "US lifts its curbs on research chips",
    "date": "2026-05-01",
    "language": "en",
    "actors": ["us"],
    "assessments": [{"rec": "trust", "direction": 1, "strength": 4, "ask": "import-barriers"}],
    "sources": [
        {
            "title": "Curbs lifted",
            "url": "https://gazette.example/1?utm_source=x",
            "lang": "en",
            "date": "2026-05-01",
        }
    ],
}

REASON = "The order ends the licences for research chips."
ACCEPT = {
    "deed": "accept",
    "changes": {"assessments": [PROPOSAL["assessments"][0] | {"rationale": REASON}]},
}


@pytest.fixture
def editor(django_user_model):
    return cast.account(django_user_model, "eve", "reviewer")


@pytest.fixture
def program(editor):
    return cast.key_of(editor, "propose", "decide", "import")


def test_a_proposal_is_accepted_and_moves_the_score(client, program):
    before = cast.get(client, "/scores/trust/")["readings"]["balance"]["score"]
    made = cast.post(client, "/proposals/", PROPOSAL, 201, **program)
    assert made["status"] == "proposed"
    assert made["sources"][0]["title"] == "Curbs lifted"
    assert cast.get(client, "/scores/trust/")["readings"]["balance"]["score"] == before
    done = cast.post(
        client, f"/events/{made['id']}/decisions/", ACCEPT | {"version": made["version"]}, **program
    )
    assert (done["status"], done["sequence"]) == ("accepted", 1)
    assert cast.get(client, "/scores/trust/")["readings"]["balance"]["score"] > before
    shown = cast.get(client, f"/events/{made['id']}/")
    assert shown["sources"][0]["url"].startswith("https://gazette.example/1")
    revision = Revision.objects.get()
    assert (revision.by.username, revision.who) == ("eve", f"analyst {revision.by_id}")


def test_the_same_page_is_one_article_however_often_it_is_named(client, program):
    cast.post(client, "/proposals/", PROPOSAL, 201, **program)
    cast.post(client, "/proposals/", PROPOSAL | {"title": "Another act"}, 201, **program)
    assert Article.objects.count() == 1


def test_every_deed_of_the_desk_is_there(client, program, editor, settings):
    settings.SECOND_PERSON = False

    def decide(key, deed, status=200, **more):
        return cast.post(client, f"/events/{key}/decisions/", {"deed": deed, **more}, status, **program)

    cast.put("earlier", "2025-03-01")
    cast.put("later", "2025-09-01")
    cast.put("double", "2025-09-01")
    decide("later", "supersede", events=["earlier"], why="it lifts the ban")
    decide("later", "edit", changes={"certainty": "reported"}, why="one outlet only")
    decide("later", "dispute", why="a reader doubts it")
    decide("later", "settle", why="looked into")
    decide("later", "merge", events=["double"], why="the same act")
    decide("earlier", "retract", why="it never was")
    decide("earlier", "restore", why="it was after all")
    decide("earlier", "undo")
    kinds = list(Revision.objects.order_by("sequence").values_list("kind", flat=True))
    assert kinds[3:5] == ["supersede", "update"]
    assert {"merge", "retract", "restore"} <= set(kinds)
    assert not Event.objects.accepted().filter(pk="earlier").exists()
    made = cast.post(client, "/proposals/", PROPOSAL, 201, **program)["id"]
    tomorrow = (timezone.now() + datetime.timedelta(days=3)).date().isoformat()
    assert decide(made, "snooze", until=tomorrow)["status"] == "snoozed"
    assert decide(made, "ask_review")["status"] == "in_review"
    assert decide(made, "dismiss", reason="no_act", why="talk")["status"] == "dismissed"
    assert decide(made, "reopen")["status"] == "proposed"
    assert Decision.objects.filter(by=editor).count() >= 12


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"deed": "accept", "version": 99}, 409, "has changed while you looked"),
        ({"deed": "accept"}, 422, "say in one sentence why"),
        ({"deed": "accept", "changes": {"assessments": PROPOSAL["assessments"]}}, 422, "Trust"),
        ({"deed": "accept", "changes": {"colour": "red"}}, 409, "colour"),
        ({"deed": "accept", "changes": {"assessments": [1]}}, 409, "object"),
        ({"deed": "accept", "changes": {"assessments": []}}, 409, ""),
        ({"deed": "accept", "changes": {"date": "2026-02-31"}}, 409, "date"),
        ({"deed": "accept", "changes": {"actors": "us"}}, 409, "list"),
        ({"deed": "dismiss", "reason": "boredom"}, 400, "reason"),
        ({"deed": "explode"}, 400, "deed"),
        ({"deed": "snooze"}, 409, ""),
        ({"deed": "retract", "why": "x"}, 409, ""),
        ({"deed": "accept", "verson": 1}, 400, "verson"),
        ({"deed": "accept", "why": "x" * 1001}, 400, "why"),
    ],
)
def test_what_triage_refuses_is_refused_with_its_reason_and_nothing_happens(
    client, program, body, status, says
):
    made = cast.post(client, "/proposals/", PROPOSAL, 201, **program)["id"]
    before = Decision.objects.count()
    problem = cast.post(client, f"/events/{made}/decisions/", body, status, **program)
    assert says in problem["detail"]
    assert (Decision.objects.count(), Revision.objects.count()) == (before, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"title": "x" * 501},
        {"title": "nul \x00"},
        {"title": "half \ud800"},
        {"date": "tomorrow"},
        {"actors": ["martians"]},
        {"sources": []},
        {"sources": [{"title": "x", "url": "javascript:alert(1)"}]},
        {"assessments": [{"rec": "trust", "direction": 2, "strength": 4}]},
        {"colour": "red"},
    ],
)
def test_a_proposal_that_is_none_is_refused(client, program, wrong):
    problem = cast.post(client, "/proposals/", PROPOSAL | wrong, 400, **program)
    assert problem["errors"][0]["name"].startswith(next(iter(wrong)))
    assert not Event.objects.exists()


def test_a_rule_of_the_codebook_is_said_in_its_own_words(client, program):
    twice = [PROPOSAL["assessments"][0]] * 2
    problem = cast.post(client, "/proposals/", PROPOSAL | {"assessments": twice}, 422, **program)
    assert "at most one for each recommendation" in problem["detail"]


def test_an_import_is_all_or_nothing_and_may_come_again(client, program):
    records = [cast.event("one"), cast.event("two")]
    bad = cast.post(client, "/imports/", {"records": [*records, {"id": "three"}]}, 422, **program)
    assert "records[2]" in bad["detail"]
    assert not Event.objects.exists()
    assert cast.post(client, "/imports/", {"records": records}, **program) == {
        "added": 2,
        "changed": 0,
        "known": 0,
    }
    assert cast.post(client, "/imports/", {"records": records}, **program) == {
        "added": 0,
        "changed": 0,
        "known": 2,
    }


def test_a_key_does_no_more_than_its_scopes_and_its_role(client, django_user_model):
    viewer = cast.account(django_user_model, "vic", "viewer")
    analyst = cast.account(django_user_model, "ann", "analyst")
    cast.put("law")
    decision = {"deed": "retract", "why": "never was"}
    cast.post(client, "/events/law/decisions/", decision, 401)
    cast.post(client, "/events/law/decisions/", decision, 403, **cast.key_of(analyst, "propose"))
    cast.post(client, "/events/law/decisions/", decision, 403, **cast.key_of(viewer, "decide"))
    cast.post(client, "/events/law/decisions/", decision, 403, **cast.key_of(analyst, "decide"))
    cast.post(client, "/imports/", {"records": [cast.event("two")]}, 403, **cast.key_of(analyst, "import"))
    assert Event.objects.accepted().count() == 1


@pytest.mark.parametrize(("role", "looks"), [(None, 403), ("viewer", 200)])
def test_who_may_not_propose_at_the_desk_does_not_by_a_key(client, django_user_model, role, looks):
    """An account may have lost its role since its key was made."""
    program = cast.key_of(cast.account(django_user_model, "vic", role), *ApiKey.Scope.values)
    cast.get(client, "/proposals/", looks, **program)
    cast.post(client, "/proposals/", PROPOSAL, 403, **program)
    sheet = {"data": json.dumps(PROPOSAL), "content_type": "application/jsonl"}
    assert client.post(f"{cast.API}/proposals/file/", **sheet, **program).status_code == 403
    assert not Event.objects.exists()


def test_what_people_code_without_the_machine_is_not_told_by_the_api(client, program, settings):
    made = cast.post(client, "/proposals/", PROPOSAL, 201, **program)
    settings.HIDDEN_SUGGESTION_SHARE = 1
    (shown,) = cast.get(client, "/proposals/", **program)["results"]
    assert (shown["id"], shown["suggestion"]) == (made["id"], None)
    for dry in ("", "?dry_run=true"):
        told = cast.post(client, f"/events/{made['id']}/decisions/{dry}", {"deed": "accept"}, 409, **program)[
            "detail"
        ]
        assert "Trust" not in told
        assert "trust" not in told


def test_a_key_ends_with_its_revocation_its_expiry_and_its_account(client, editor):
    key, text = keys.issue("tool", editor, ["propose"])
    headers = {"HTTP_AUTHORIZATION": f"Bearer {text}"}
    cast.get(client, "/proposals/", **headers)
    assert ApiKey.objects.get().last_used_at is not None
    assert text.split("_", 2)[2] not in str(vars(key))  # a secret may hold an underscore
    for ended in ({"revoked_at": timezone.now()}, {"expires_at": timezone.now()}):
        ApiKey.objects.update(**ended)
        cast.get(client, "/proposals/", 401, **headers)
        ApiKey.objects.update(revoked_at=None, expires_at=None)
    editor.is_active = False
    editor.save()
    cast.get(client, "/proposals/", 401, **headers)


@pytest.mark.parametrize(
    "sent", ["Bearer", "Bearer sck_aaaaaaaa_" + "a" * 43, "Basic YTpi", "Bearer \u00ff", "sck_x"]
)
def test_a_key_that_does_not_hold_is_refused_even_for_reading(client, sent):
    answer = client.get("/api/v1/codebook/", HTTP_AUTHORIZATION=sent)
    assert answer.status_code == 401
    assert "Bearer" in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"a=1", "application/x-www-form-urlencoded", 415),
    ],
)
def test_a_body_that_is_no_json_is_refused(client, program, body, kind, status):
    answer = client.post("/api/v1/proposals/", body, content_type=kind, **program)
    assert answer.status_code == status
    assert json.loads(answer.content)["status"] == status


def test_a_key_has_a_rate_of_its_own(client, program, settings):
    settings.API_RATE_ANONYMOUS, settings.API_RATE_KEY = 1, 5
    cast.get(client, "/codebook/")
    cast.get(client, "/codebook/", 429)
    assert client.get("/api/v1/codebook/", **program).headers["RateLimit"].startswith('"key";r=4')
