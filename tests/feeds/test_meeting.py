"""One page, one article: addresses under which it was met, and parameters that never change a page."""

import pytest
from django.utils import timezone

from feeds import answers, storing
from feeds.models import Feed, MetAddress, Parameter
from feeds.parsing import Entry
from tracker.models import Article

pytestmark = pytest.mark.django_db
PAGE = "https://desk.example/2026/11/16/{}-rules-on-the-export-of-chips"


@pytest.fixture
def feeds():
    return [Feed.objects.create(url=f"https://desk.example/{n}", title="Desk") for n in range(4)]


def deliver(feed, *items):
    kept = [Entry(identity=link, link=link, title=title, html="<p>Words of it.</p>") for link, title in items]
    return storing.keep(feed, kept, now=timezone.now())


def learn(feeds, count=3, name="from"):
    for number in range(count):
        page, title = PAGE.format(f"case{number}"), f"Case number {number}"
        deliver(feeds[0], (f"{page}?{name}=world", title))
        deliver(feeds[1], (f"{page}?{name}=china", title))


def test_an_article_met_under_another_address_is_found_by_both_even_with_another_title(feeds):
    page = PAGE.format("new")
    deliver(feeds[0], (f"{page}?list=a", "New rules on chips"))
    deliver(feeds[1], (f"{page}?list=b", "New rules on chips"))
    deliver(feeds[2], (f"{page}?list=b", "UPDATE: new rules on chips, says ministry"))
    article = Article.objects.get()
    assert answers.trace(f"{page}?list=b").article == article
    assert [met.url for met in MetAddress.objects.all()] == [f"{page}?list=b"]
    assert any("?list=b" in step.text for step in answers.trace(article.url).steps)


def test_a_parameter_is_noise_after_three_cases_and_only_for_what_is_new(feeds):
    learn(feeds, 2)
    assert not Parameter.objects.get().is_noise
    learn(feeds)
    assert (Parameter.objects.get().same, Parameter.objects.get().is_noise) == (3, True)
    before = dict(Article.objects.values_list("url", "url_key"))
    page = PAGE.format("next")
    deliver(feeds[0], (f"{page}?from=world", "The next rules"))
    deliver(feeds[1], (f"{page}?from=china", "Ministry explains the next rules"))
    deliver(feeds[2], (page, "Once more, the next rules"))
    assert Article.objects.filter(url__startswith=page).count() == 1
    assert before.items() <= dict(Article.objects.values_list("url", "url_key")).items()


def test_one_case_against_and_nothing_is_left_out(feeds):
    learn(feeds, name="part")
    page = PAGE.format("series")
    deliver(feeds[0], (f"{page}?part=1", "How it began"), (f"{page}?part=2", "How it went on"))
    parameter = Parameter.objects.get(name="part")
    assert (parameter.other, parameter.is_noise) == (1, False)
    assert Article.objects.filter(url__startswith=page).count() == 2
    deliver(feeds[1], (f"{page}?part=3", "How it ended"))
    assert Article.objects.filter(url__startswith=page).count() == 3


def test_what_is_known_teaches_nothing_twice(feeds):
    learn(feeds, 1)
    learn(feeds, 1)
    assert Parameter.objects.get().same == 1
