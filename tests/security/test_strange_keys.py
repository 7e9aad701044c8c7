"""What no key of a table can be, from the hand of somebody inside, is refused in words; nothing breaks."""

import pytest
from django.contrib import admin
from django.db import connection
from django.urls import reverse

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded_once"), pytest.mark.slow]
KEYS = ["x", "", "-1", "\u0663", "1,2", "\u202e"]
# On SQLite an error in the middle of a deed would end the one transaction that a test has.
KEYS += ["9" * 40] if connection.vendor == "postgresql" else []
QUERIES = (
    *("p=99999999999999999999", "p=-1", "o=1.2.-3.99999999999999999999", "o=--", "e=1", "_facets=True"),
    *(f"pk__in={'9' * 30},x", f"id__exact={'9' * 30}", "_popup=1&_to_field=id", "_to_field=password"),
    *(
        "date__gte=99999-01-01",
        "pk__gt=NaN",
        "pk__isnull=maybe",
        "q=" + "a" * 5000,
        "_changelist_filters=%ff",
    ),
)


@pytest.fixture
def inside(admin_client, settings):
    settings.SECOND_FACTOR = False
    admin_client.raise_request_exception = False
    return admin_client


def place(model, deed):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{deed}")


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label)
def test_no_list_form_or_action_of_the_admin_breaks_over_them(inside, model):
    broken = []

    def note(what, answer):
        if answer.status_code >= 500:
            broken.append(what)

    lists = place(model, "changelist")
    for query in QUERIES:
        note(query, inside.get(f"{lists}?{query}"))
    for key in KEYS:
        for deed in ("change", "history", "delete"):
            note((key, deed), inside.get(f"{lists}{key or '%00'}/{deed}/"))
        for action in admin.site._registry[model].actions or ():
            name = action if isinstance(action, str) else action.__name__
            note((key, name), inside.post(lists, {"action": name, "_selected_action": [key]}))
        form = {field.name: key for field in model._meta.fields}
        note((key, "add"), inside.post(place(model, "add"), form))
    assert broken == []


def test_whoever_sent_them_is_told_in_words(inside):
    answer = inside.post(
        "/admin/feeds/feed/", {"action": "pause", "_selected_action": ["x"]}, headers={"Accept": "text/html"}
    )
    assert answer.status_code == 400
    assert "Please begin again from a page of this site." in answer.content.decode()
