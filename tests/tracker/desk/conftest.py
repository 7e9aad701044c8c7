"""The desk's cast: people of each role, the seven, and proposals to decide."""

import datetime

import pytest
from django.contrib.auth.models import Group

from tracker import triage
from tracker.models import Article, Ask, Recommendation

DAY = datetime.date(2026, 5, 4)
LABEL = {
    "rec": "trust",
    "direction": -1,
    "probability": 0.8,
    "strength": 4,
    "ask": "import-barriers",
    "because": [{"text": "tariff", "kind": "act", "field": "title", "start": 0, "end": 6}],
    "ticked": True,
}
SLUGS = (
    "civilian-first", "governance", "misuse", "joint-research", "trust", "safety-coalition",
    "global-challenges",
)  # fmt: skip


@pytest.fixture(autouse=True)
def plain_settings(settings):
    settings.SECOND_FACTOR = False
    settings.DOUBLE_CODING_SHARE = settings.HIDDEN_SUGGESTION_SHARE = 0


@pytest.fixture
def seven(db):
    for number, slug in enumerate(SLUGS, 1):
        row = Recommendation.objects.create(
            slug=slug, number=number, name_en=slug, advances_en="more", undermines_en="less"
        )
        if slug == "trust":
            Ask.objects.create(recommendation=row, slug="import-barriers", name_en="Barriers", mode="each")


@pytest.fixture
def person(django_user_model):
    def make(name, role="analyst", **more):
        user = django_user_model.objects.create_user(
            name, password="correct horse battery", is_staff=True, **more
        )
        user.groups.add(Group.objects.get(name=role))
        return user

    return make


@pytest.fixture
def ada(person):
    return person("ada")


@pytest.fixture
def rita(person):
    return person("rita", "reviewer")


@pytest.fixture
def proposal(seven):
    def make(title="Tariff on AI chips", *, suggestion=True, **more):
        number = Article.objects.count()
        article = Article.objects.create(
            title=title, publisher="Wire", url=f"https://news.example/{number}", url_key=f"{number:064}",
            language="en",
        )  # fmt: skip
        found = {"labels": [LABEL], "model": "m-1", "silent": False} if suggestion is True else suggestion
        return triage.propose(
            title=title,
            date=more.pop("date", DAY),
            suggestion=found,
            articles=[article],
            relevance=0.9,
            **more,
        )

    return make
