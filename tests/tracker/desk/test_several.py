"""Several people and several pages at one desk: claims, honest refusals, and undo that leads to what it undid."""

import datetime
import uuid

import pytest
from django.urls import reverse

from tests.tracker.desk.test_views import CODE, deed, post
from tracker import triage
from tracker.models import Article, Claim, Decision, Event, SavedView


@pytest.fixture
def at_desk(client, ada):
    client.force_login(ada)
    return client


def page_of(answer):
    return answer.context["page"]


def test_a_page_that_goes_takes_nothing_from_the_one_that_comes(at_desk, proposal, ada):
    event = proposal()
    old = page_of(at_desk.get(reverse("desk:desk")))
    new = page_of(at_desk.get(reverse("desk:event", args=[event.pk])))
    left = post(at_desk, "release", {}, event.pk, headers={"X-Desk-Page": old})
    assert left.json() == {"released": True}
    assert Claim.objects.get().by == ada
    assert triage.release(event, ada, new)
    assert not Claim.objects.exists()


def test_somebody_elses_page_gives_nothing_back(proposal, ada, rita):
    event = proposal()
    triage.claim(event, ada, "one")
    assert not triage.release(event, rita, "one")
    assert not triage.release(event, ada, "another")
    with pytest.raises(triage.Claimed):
        triage.claim(event, rita, "two")
    assert triage.release(event, ada, "one")
    triage.claim(event, rita, "two")


def test_a_dead_page_holds_nothing_once_its_time_is_over(proposal, ada, rita):
    event = proposal()
    triage.claim(event, ada, "dead", minutes=-1)
    triage.claim(event, rita, "alive")
    assert list(Claim.objects.get().pages) == ["alive"]


def test_a_page_keeps_what_comes_next_and_others_are_turned_to_what_follows(
    at_desk, proposal, ada, rita, client
):
    one, two, three, four, five = (
        proposal(f"Act {name}", priority=9 - place) for place, name in enumerate("abcde")
    )
    page = page_of(at_desk.get(reverse("desk:desk")))
    assert {claim.event_id: claim.ahead for claim in Claim.objects.all()} == {one.pk: False, two.pk: True}
    assert triage.holders(rita)[two.pk] == ("ada, next", True)
    client.force_login(rita)
    hers = page_of(client.get(reverse("desk:desk")))
    assert {key: holder.ahead for key, holder in triage.holders(ada).items()} == {
        three.pk: False,
        four.pk: True,
    }
    client.force_login(ada)
    goes_on = post(
        client, "claim", {"rows": [three.pk, four.pk, five.pk]}, two.pk, headers={"X-Desk-Page": page}
    )
    assert goes_on.json()["ahead"] == [four.pk]
    kept = set(Claim.objects.filter(by=ada).values_list("event_id", "ahead"))
    assert kept == {(one.pk, False), (two.pk, False), (five.pk, True)}
    post(client, "release", {}, two.pk, query_params={"going": ""}, headers={"X-Desk-Page": page})
    assert list(Claim.objects.filter(by=ada).values_list("event_id", flat=True)) == [one.pk]
    assert hers


def test_what_is_kept_ahead_is_had_by_whoever_wants_it_and_dies_with_a_decision(proposal, ada, rita):
    first, second = proposal("Act one"), proposal("Act two")
    assert triage.keep_ahead([first.pk, second.pk], ada, "hers") == first.pk
    triage.claim(first, rita, "wanted")
    assert (first.claim.by, first.claim.ahead) == (rita, False)
    assert triage.keep_ahead([first.pk, second.pk], ada, "hers") == second.pk
    triage.dismiss(second, by=rita, reason="other")
    assert not Claim.objects.filter(event=second).exists()
    assert triage.keep_ahead([first.pk, second.pk], ada, "hers") == ""


def test_nobody_waits_beside_the_last_item_that_is_only_kept_ahead(at_desk, proposal, rita, client):
    at, last = proposal("Act one", priority=2), proposal("Act two", priority=1)
    at_desk.get(reverse("desk:desk"))
    client.force_login(rita)
    client.get(reverse("desk:desk"))
    last.refresh_from_db()
    assert (last.claim.by, last.claim.ahead) == (rita, False)
    assert at.claim.by != rita


def test_a_claim_tells_how_the_rows_below_stand(at_desk, proposal, ada, rita):
    mine, gone, hers, free = (proposal(f"Act {name}") for name in ("one", "two", "three", "four"))
    triage.dismiss(gone, by=rita, reason="other")
    triage.claim(hers, rita, "hers")
    rows = {"rows": [gone.pk, hers.pk, free.pk]}
    told = {"decided": [gone.pk], "held": {hers.pk: "rita"}}
    assert post(at_desk, "claim", rows, mine.pk).json().items() >= told.items()
    late = post(at_desk, "claim", rows, hers.pk)
    assert (late.status_code, late.json()["kind"]) == (409, "claimed")
    assert late.json().items() >= told.items()
    assert post(at_desk, "claim", {"rows": 7}, mine.pk).status_code == 400


def test_who_works_on_what_is_shown_and_passed_over(at_desk, proposal, rita):
    first, second = proposal("First act", priority=9.0), proposal("Second act", priority=1.0)
    triage.claim(first, rita, "hers")
    page = at_desk.get(reverse("desk:desk"))
    assert page.context["item"]["event"] == second
    assert [row["held"] for row in page.context["rows"]] == ["rita", ""]
    assert at_desk.get(reverse("desk:now")).json()["held"] == {first.pk: "rita"}
    opened = at_desk.get(reverse("desk:event", args=[first.pk])).content.decode()
    assert "rita works on it just now" in opened


def test_the_other_one_is_told_who_was_quicker_and_oneself_is_told_so(at_desk, proposal, ada, rita):
    event = proposal()
    triage.edit(event, rita, {"title": "Another title"})
    said = deed(at_desk, event, version=1).json()["error"]
    assert "somebody else while you looked: rita" in said
    triage.edit(event, ada, {"title": "My title"})
    said = deed(at_desk, event, version=1).json()["error"]
    assert "you changed it yourself" in said
    assert "somebody else" not in said


def test_a_page_of_somebody_who_signed_out_decides_nothing_in_anothers_name(at_desk, proposal, ada, rita):
    event = proposal()
    form = {"token": str(uuid.uuid4()), "action": "dismiss", "event": event.pk, "reason": "no_act"}
    at_desk.force_login(rita)
    answer = post(at_desk, "deed", form, headers={"X-Desk-User": str(ada.pk)})
    assert (answer.status_code, answer.json()["kind"]) == (401, "signed out")
    assert Event.objects.get().status == "proposed"
    assert post(at_desk, "deed", form, headers={"X-Desk-User": str(rita.pk)}).status_code == 200


@pytest.mark.parametrize("by", ["step", "decision"])
def test_undoing_a_join_leads_back_to_what_was_joined(at_desk, proposal, ada, by):
    target, event = proposal("A known act"), proposal("Its report", priority=-1.0)
    token = str(uuid.uuid4())
    deed(at_desk, event, "merge", token=token, into=target.pk)
    listed = triage.last_of(ada)
    assert [decision.event_id for decision in listed] == [event.pk]
    asked = (
        {"step": token} if by == "step" else {"decision": Decision.objects.get(event=target, batch=token).pk}
    )
    form = {"token": str(uuid.uuid4()), "action": "undo", **asked}
    assert post(at_desk, "deed", form).json()["event"] == event.pk
    assert post(at_desk, "deed", form).json() == post(at_desk, "deed", form).json()
    assert {row.pk: row.status for row in Event.objects.all()} == {
        target.pk: "proposed",
        event.pk: "proposed",
    }


def test_what_was_sent_to_review_does_not_come_back_to_the_sender(at_desk, proposal, ada, rita, client):
    event = proposal()
    triage.ask_review(event, ada)
    assert at_desk.get(reverse("desk:desk")).context["rows"] == []
    assert [row["id"] for row in at_desk.get(reverse("desk:desk"), {"tab": "review"}).context["rows"]] == [
        event.pk
    ]
    client.force_login(rita)
    assert [row["id"] for row in client.get(reverse("desk:desk")).context["rows"]] == [event.pk]


def test_a_place_has_an_address_and_a_name(at_desk, proposal, ada, rita):
    for number in range(60):
        proposal(f"Act {number}", priority=float(-number))
    last = Event.objects.order_by("priority")[3]
    page = at_desk.get(reverse("desk:event", args=[last.pk]), {"q": "title:act", "order": "chance"})
    assert page.context["item"]["event"] == last
    assert last.pk in [row["id"] for row in page.context["rows"]]
    assert page.context["place"] == "?q=title%3Aact&order=chance"
    form = {"name": "Acts", "tab": "queue", "q": "title:act", "order": "chance", "shared": "1"}
    assert at_desk.post(reverse("desk:views"), form).url == reverse("desk:desk") + page.context["place"]
    at_desk.force_login(rita)
    assert "Acts" in at_desk.get(reverse("desk:desk")).content.decode()
    at_desk.post(reverse("desk:views"), {"forget": SavedView.objects.get().pk})
    assert SavedView.objects.count() == 1, "only one's own views are forgotten"


@pytest.mark.parametrize("order", ["", "chance", "effect", "oldest", "newest", "feed"])
def test_the_list_loads_on_in_every_order(at_desk, proposal, order):
    for number in range(45):
        proposal(f"Act {number}")
    page = at_desk.get(reverse("desk:desk"), {"order": order})
    seen = [row["id"] for row in page.context["rows"]]
    answer = post(at_desk, "rows", {"without": seen}, QUERY_STRING=f"order={order}")
    more = [row["id"] for row in answer.context["rows"]]
    assert (len(seen), len(more), len({*seen, *more})) == (40, 5, 45)


def test_no_code_is_accepted_without_a_reason_and_none_of_the_machines_by_itself(at_desk, proposal, ada):
    event = proposal("New tariff on chips")
    page = at_desk.get(reverse("desk:item", args=[event.pk])).content.decode()
    draft = "Reported in the words “tariff”."
    assert f'data-draft="{draft}"' in page
    assert f">{draft}</textarea>" not in page
    bare = [CODE[0] | {"rationale": " "}]
    assert "say in one sentence why" in deed(at_desk, event, assessments=bare).json()["error"]
    assert deed(at_desk, event, assessments=bare, foretelling=True).status_code == 409
    answer = post(at_desk, "preview", {"event": event.pk, "action": "accept", "assessments": bare}).json()
    assert "refused" not in answer
    assert deed(at_desk, event, assessments=[CODE[0] | {"rationale": draft}]).status_code == 200
    assert event.assessments.get().words == "taken"
    triage.edit(event, ada, {"assessments": [CODE[0] | {"rationale": "It bars trade."}]}, "in my own words")
    assert event.assessments.get().words == "own"
    other = proposal("Another tariff")
    triage.accept(other, ada)
    assert other.assessments.get().rationale == ""


def test_a_lone_number_or_a_stop_word_is_no_reason(proposal, at_desk):
    words = ("14", "to", "tariff", "芯片")
    because = [{"text": word, "start": 0} for word in words]
    label = {
        "rec": "trust",
        "direction": -1,
        "strength": 4,
        "probability": 0.8,
        "ticked": True,
        "because": because,
    }
    event = proposal("14 firms agree to a tariff", suggestion={"labels": [label]})
    page = at_desk.get(reverse("desk:item", args=[event.pk])).content.decode()
    assert "Reported in the words “tariff”, “芯片”." in page
    assert '<mark class="down">tariff</mark>' in page
    assert ">14</mark>" not in page


def article(title, **more):
    number = Article.objects.count()
    more = {"publisher": "Gazette", "state": "background", "language": "en", "url_key": f"{number}"} | more
    return Article.objects.create(title=title, url=f"https://paper.example/{number}", **more)


def test_reports_are_attached_taken_out_and_moved_and_all_of_it_is_undone(at_desk, proposal, rita):
    at_desk.force_login(rita)
    event, other = proposal("A tariff"), proposal("Another act")
    for one in (event, other):
        triage.accept(one, rita, assessments=CODE)
    further = article("A tariff, says the Gazette")
    urls = lambda row: [each["url"] for each in Event.objects.get(pk=row.pk).sources]  # noqa: E731

    def do(action, row, **more):
        row.refresh_from_db()
        token = str(uuid.uuid4())
        answer = deed(at_desk, row, action, token=token, articles=[further.pk], **more)
        return answer, token

    refused, _token = do("attach", event)
    assert "Say why" in refused.json()["error"]
    asked = {"event": event.pk, "action": "attach", "articles": [further.pk]}
    assert post(at_desk, "preview", asked).json() == {"effects": []}
    done, _token = do("attach", event, why="it says more")
    assert done.status_code == 200, done.content
    assert further.url in urls(event)
    assert Article.objects.get(pk=further.pk).state == "filed"
    assert event.revisions.count() == 2
    do("move", event, into=other.pk, why="it is about that one")
    assert (further.url in urls(event), further.url in urls(other)) == (False, True)
    do("detach", other, why="about neither")
    assert further.url not in urls(other)
    assert Article.objects.get(pk=further.pk).state == "background"
    for decision in list(triage.last_of(rita))[:3]:
        triage.undo(decision, rita)
    assert (further.url in urls(event), further.url in urls(other)) == (False, False)
    assert Article.objects.get(pk=further.pk).state == "background"


def test_a_source_of_the_record_is_taken_off(at_desk, proposal, rita):
    at_desk.force_login(rita)
    event = proposal("A tariff")
    triage.accept(event, rita, assessments=CODE)
    source = event.sources[0]["url"]
    event.reports.all().delete()
    assert f'data-drop="{source}"' in at_desk.get(reverse("desk:item", args=[event.pk])).content.decode()
    assert deed(at_desk, event, "drop_source", source=source, why="a dead link").status_code == 200
    assert Event.objects.get().sources == []


def test_an_event_by_hand_with_its_sources(at_desk, seven, settings, ada):
    settings.ARTICLE_AT = "tests.tracker.desk.test_several.fetched"
    page = at_desk.get(reverse("admin:tracker_event_add"))
    assert page.url == reverse("desk:new")
    form = {"address": "https://paper.example/tariff\nhttps://paper.example/broken", "look": "1"}
    answer = at_desk.post(reverse("desk:new"), form)
    assert "could not be read" in answer.content.decode()
    assert answer.context["title"] == "Tariff on AI chips"
    assert answer.context["date"] == "2026-11-20"
    known = Article.objects.get()
    made = at_desk.post(
        reverse("desk:new"),
        {"article": known.pk, "title": "A tariff on chips", "date": "2026-11-20", "make": "1"},
    )
    event = Event.objects.get()
    assert made.url == reverse("desk:event", args=[event.pk])
    assert event.pk == "2026-11-20-a-tariff-on-chips"
    assert [report.article for report in event.reports.all()] == [known]
    assert Article.objects.get().state == "filed"
    (decision,) = triage.last_of(ada)
    assert decision.action == "propose"
    triage.undo(decision, ada)
    assert Event.objects.get().status == "dismissed"


def fetched(address, **_by_hand):
    if "broken" in address:
        raise ValueError(f"{address} could not be read: it took too long. Write title and day by hand.")
    # Half past midnight in Shanghai is the day before in London; the act's day is the publisher's.
    moment = datetime.datetime(2026, 11, 19, 16, 30, tzinfo=datetime.UTC)
    return Article.objects.get_or_create(
        url_key="fetched",
        defaults={
            "title": "Tariff on AI chips", "url": address, "publisher": "Paper", "language": "en",
            "published_at": moment, "published_offset": 480, "state": "background",
        },
    )[0]  # fmt: skip


def test_articles_are_found_by_words_and_by_address(at_desk, seven):
    article("Ministry bans chips", url_key="x")
    found = at_desk.get(reverse("desk:articles"), {"q": "chips ministry"}).content.decode()
    assert "Ministry bans chips" in found
    unknown = at_desk.get(reverse("desk:articles"), {"q": "paper.example/new"}).content.decode()
    assert "data-fetch" in unknown
