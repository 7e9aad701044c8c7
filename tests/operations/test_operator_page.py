"""The operator's page says in words what is wrong and what to do, and opens for nobody else."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from tracker.models import Article, Heartbeat

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client, analyst, settings):
    settings.SECOND_FACTOR, settings.EMBEDDED = False, True
    client.force_login(analyst)
    return lambda: client.get(reverse("operations:page"))


def test_it_names_trouble_and_remedy(page):
    Article.objects.create(url="https://a.example/1", url_key="1", title="One", state="failed")
    Heartbeat.objects.touch("beat")
    Heartbeat.objects.touch("feeds.tasks.dispatch success", seconds=3)
    Heartbeat.objects.touch("feeds.tasks.dispatch failure", seconds=1)
    text = page().content.decode()
    assert "articles could not be filed" in text
    assert "Look at them in the admin" in text
    assert "feeds.tasks.dispatch" in text
    assert "3.00" in text


def test_it_says_when_nothing_wants_doing(page):
    Heartbeat.objects.touch("beat")
    assert "Nothing. Every figure is within its limit." in page().content.decode()


def test_a_stranger_and_a_viewer_do_not_see_it(client, django_user_model, settings):
    settings.SECOND_FACTOR = False
    address = reverse("operations:page")
    assert client.get(address).status_code == 302
    viewer = django_user_model.objects.create_user("vera", is_staff=True)
    viewer.groups.add(Group.objects.get(name="viewer"))
    client.force_login(viewer)
    assert client.get(address).status_code == 403


def test_it_is_closed_before_the_second_factor(client, analyst, settings):
    settings.SECOND_FACTOR = True
    client.force_login(analyst)
    answer = client.get(reverse("operations:page"))
    assert answer.status_code == 302
    assert "second-factor" in answer.headers["Location"]
