"""The admin's lists: pinned queries, no counting of large tables, nothing to change, every record's history."""

import datetime
from collections import Counter

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse
from django.utils import translation

from feeds.models import Delivery, Feed, Poll
from tests.scorecard import cast
from tracker import triage
from tracker.admin.lists import MOST_COUNTED, CappedPaginator
from tracker.models import Article, Ask, AskSetting, Completeness, Event, Revision

CODE = [{"rec": "trust", "direction": -1, "strength": 4, "ask": None, "rationale": ""}]
LISTS = {
    "event": 9,
    "article": 8,
    "decision": 9,
    "revision": 7,
    "coding": 7,
    "recommendation": 8,
    "coverageday": 7,
}


@pytest.fixture
def at_admin(client, django_user_model):
    client.force_login(django_user_model.objects.create_superuser("root", password="correct horse battery"))
    return client


def queries_of(client, model, django_assert_max_num_queries):
    url = reverse(f"admin:tracker_{model}_changelist")
    client.get(url)
    with django_assert_max_num_queries(40) as context:
        assert client.get(url).status_code == 200
    return len(context)


@pytest.mark.parametrize("model", LISTS)
def test_queries_of_lists_do_not_grow_with_rows(at_admin, proposal, model, django_assert_max_num_queries):
    for number in range(3):
        triage.accept(proposal(f"Tariff {number}"), assessments=CODE)
    few = queries_of(at_admin, model, django_assert_max_num_queries)
    for number in range(9):
        triage.accept(proposal(f"Second tariff {number}"), assessments=CODE)
    assert queries_of(at_admin, model, django_assert_max_num_queries) == few
    assert few <= LISTS[model] + 3


def test_a_large_table_is_not_counted():
    class Rows(list):
        ordered = True

        def order_by(self):
            return self

        def values_list(self, *_names, **_more):
            return self

        def count(self):
            raise AssertionError("counted")

    assert CappedPaginator(Rows(range(50_000)), 50).count == MOST_COUNTED


def test_the_event_page_shows_history_and_cannot_change(at_admin, proposal, rita):
    event = proposal("First title")
    triage.accept(event, rita, assessments=CODE)
    triage.edit(event, rita, {"title": "Second title"}, "clearer")
    url = reverse("admin:tracker_event_change", args=[event.pk])
    page = at_admin.get(url).content.decode()
    assert "<del>First title</del>" in page
    assert "clearer" in page
    assert at_admin.post(url, {"title": "forged"}).status_code == 403
    assert Event.objects.get().title == "Second title"
    assert (
        at_admin.post(reverse("admin:tracker_event_delete", args=[event.pk]), {"post": "yes"}).status_code
        == 403
    )


def test_the_search_box_takes_the_query_language(at_admin, proposal):
    proposal("Tariff one")
    proposal("Talks held")
    url = reverse("admin:tracker_event_changelist")
    assert "Talks held" not in at_admin.get(url, {"q": "title:tariff"}).content.decode()
    assert "cannot be searched" in at_admin.get(url, {"q": "colour:red"}).content.decode()


def test_scripts_in_what_was_delivered_are_text(at_admin, proposal):
    event = proposal("<script>alert(1)</script>")
    article = Article.objects.get()
    for url in (
        reverse("admin:tracker_event_changelist"),
        reverse("admin:tracker_event_change", args=[event.pk]),
        reverse("admin:tracker_article_change", args=[article.pk]),
    ):
        assert "<script>alert" not in at_admin.get(url).content.decode()


def test_a_statement_of_completeness_is_stated_once(at_admin, seven):
    url = reverse("admin:tracker_completeness_add")
    assert at_admin.post(url, {"day": "2026-07-07", "note": "all of June"}).status_code == 302
    statement = Completeness.objects.get()
    assert statement.by.username == "root"
    assert statement.recorded_at is not None
    change = reverse("admin:tracker_completeness_change", args=[statement.pk])
    assert at_admin.post(change, {"day": "2020-01-01"}).status_code == 403
    assert Revision.objects.count() == 0


def test_lists_are_narrowed_to_what_a_feed_brought(at_admin, proposal):
    mine, _other = proposal("Tariff one"), proposal("Tariff two")
    article = mine.reports.get().article
    gazette = Feed.objects.create(url="https://gazette.example/feed", title="Gazette")
    Delivery.objects.create(feed=gazette, article=article, guid="1", guid_key="1", digest="1")
    for model, found in (("event", mine), ("article", article)):
        page = at_admin.get(reverse(f"admin:tracker_{model}_changelist"), {"feed": gazette.pk})
        assert [row.pk for row in page.context["cl"].result_list] == [found.pk]
        assert "Gazette" in page.content.decode()


def test_a_statement_that_coding_is_complete_shows_first_what_it_would_change(at_admin, seven):
    today = datetime.datetime.now(datetime.UTC).date()
    triage.enter(cast.event("law", str(today - datetime.timedelta(3))), who="seed")
    Completeness.objects.create(
        day=today - datetime.timedelta(30), recorded_at=today - datetime.timedelta(30), note="all read"
    )
    answer = at_admin.post(reverse("admin:tracker_completeness_try"), {"day": str(today), "note": ""})
    (moved,) = answer.context["lines"]
    assert moved.startswith("Trust 0.0 → +")
    assert Completeness.objects.count() == 1
    assert at_admin.post(reverse("admin:tracker_completeness_try"), {"day": "x"}).context["troubles"]


def test_an_ask_is_found_as_one_types(at_admin, seven):
    answer = at_admin.get(
        reverse("admin:autocomplete"),
        {"term": "barriers", "app_label": "tracker", "model_name": "asksetting", "field_name": "ask"},
    )
    assert answer.json()["results"]


def test_an_ask_set_by_hand_shows_first_what_it_would_change(at_admin, seven):
    ask = Ask.objects.get(slug="import-barriers")
    form = {"ask": ask.pk, "rung": 5, "reason": "", "start": "2026-01-01", "until": ""}
    answer = at_admin.post(reverse("admin:tracker_asksetting_try"), form)
    assert answer.context["lines"] == ["Barriers: not yet rated → 100"]
    assert not AskSetting.objects.exists()
    assert at_admin.post(reverse("admin:tracker_asksetting_try"), form | {"rung": 6}).context["troubles"]
    early = form | {"until": "2025-12-31", "reason": "seen"}
    assert (
        "after the first day"
        in at_admin.post(reverse("admin:tracker_asksetting_add"), early).content.decode()
    )
    assert (
        at_admin.post(reverse("admin:tracker_asksetting_add"), form | {"reason": "seen"}).status_code == 302
    )
    again = at_admin.post(reverse("admin:tracker_asksetting_try"), form | {"rung": 0})
    assert again.context["lines"] == ["Barriers: 100 → 0"]


def test_what_a_proposal_is_suggested_stands_in_no_list(at_admin, proposal):
    proposal("Tariff one")
    triage.accept(proposal("Tariff two"), assessments=CODE)
    page = at_admin.get(reverse("admin:tracker_event_changelist")).content.decode()
    assert page.count("▼ Trust 4") == 1
    assert "trust/-4" not in page


def test_every_page_of_the_admin_opens(at_admin, proposal, seven):
    """Each list, each form to add, and the page of one row of each kind that the small record has."""
    feed = Feed.objects.create(url="https://gazette.example/feed", title="Gazette")
    event = proposal("Tariff one")
    triage.accept(event, assessments=CODE)
    article = event.reports.get().article
    Delivery.objects.create(feed=feed, article=article, guid="1", guid_key="1", digest="1")
    Poll.objects.create(feed=feed, outcome="failed", trouble="dns")
    Completeness.objects.create(day="2026-05-01", recorded_at="2026-05-02", note="all read")
    opened = 0
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        pages = [reverse(f"{name}_changelist"), reverse(f"{name}_add")]
        if (row := model._default_manager.first()) is not None:
            pages.append(reverse(f"{name}_change", args=[row.pk]))
        for page in pages:
            status = at_admin.get(page).status_code
            assert status in ((200, 302) if page != pages[1] else (200, 302, 403)), (page, status)
            opened += status == 200
    assert opened > 40


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_no_two_lists_of_the_admin_have_one_name(language):
    with translation.override(language):
        names = Counter(
            str(name).casefold()
            for model in apps.get_models()
            for name in {model._meta.verbose_name, model._meta.verbose_name_plural}
        )
    assert [name for name, times in names.items() if times > 1] == []
