"""A proposal that drifted over several acts is parted; what a person had a hand in never is."""

import datetime
import hashlib

import pytest
from django.contrib.auth import get_user_model

from tracker import grouping, tagger_versions, triage
from tracker.models import Article, Event, PairJudgement, Report
from tracker.tagging.tagger import Tagger, rules_alone

pytestmark = pytest.mark.django_db

NOON = datetime.datetime(2026, 11, 16, 12, tzinfo=datetime.UTC)
BAN = "US bans Nvidia from selling H20 chips to China"
FUND = "UN opens a fund for AI capacity building in developing countries"


@pytest.fixture(autouse=True)
def served(monkeypatch):
    tagger = Tagger(tagger_versions._seeded_cues(), rules_alone("rules"))
    monkeypatch.setattr(tagger_versions, "serving", lambda: tagger)


def article(title, days=0, publisher="Harbour Wire"):
    key = hashlib.sha256(f"{publisher}{title}{days}".encode()).hexdigest()
    told = tagger_versions.serving().tag(title).as_dict()
    return Article.objects.create(
        title=title,
        publisher=publisher,
        url=f"https://{key[:8]}.example/{key[8:16]}",
        url_key=key,
        published_at=NOON + datetime.timedelta(days),
        suggestion=told,
        state=Article.State.FILED,
    )


def proposal(*articles):
    return triage.propose(title=articles[0].title, date=articles[0].day, articles=articles)


def titles(event):
    return set(event.reports.values_list("article__title", flat=True))


def test_what_reports_another_act_becomes_a_proposal_of_its_own_and_none_is_lost():
    event = proposal(article(BAN), article(FUND, 4, "Port News"), article(BAN, 1, "The Strait Post"))
    assert grouping.recheck_all() == 1
    event.refresh_from_db()
    (other,) = Event.objects.exclude(pk=event.pk)
    assert (titles(event), titles(other)) == ({BAN}, {FUND})
    assert (event.reports_count, event.outlets_count, other.reports_count) == (2, 2, 1)
    assert str(other) == FUND
    assert other.suggestion["labels"]
    assert event.decisions.get(action="part").reason == grouping.WHY_PARTED
    assert grouping.recheck_all() == 0


def test_the_nightly_pass_does_not_join_again_what_was_parted():
    event = proposal(article(BAN), article("Nvidia sees demand for H20 chips in China", 5, "Port News"))
    assert grouping.recheck_all() == 1
    assert grouping.regroup() == 0
    assert Event.objects.open().count() == 2
    assert event.reports.count() == 1


@pytest.mark.parametrize("hand", ["decided", "edited", "judged", "attached"])
def test_what_a_person_touched_stays_as_it_is(hand):
    event, ada = proposal(article(BAN), article(FUND, 4)), get_user_model().objects.create_user("ada")
    if hand == "decided":
        Event.objects.filter(pk=event.pk).update(status="dismissed", dismissal="other")
    elif hand == "edited":
        Event.objects.filter(pk=event.pk).update(version=2)
    elif hand == "judged":
        PairJudgement.objects.create(article=Article.objects.first(), event=event, same=True, by=ada)
    else:
        event.reports.filter(article__title=FUND).update(how=Report.How.ANALYST)
    event.refresh_from_db()
    assert grouping.recheck(event) == []
    assert titles(event) == {BAN, FUND}


def test_somebody_who_is_quicker_keeps_it_together():
    event = proposal(article(BAN), article(FUND, 4))
    Event.objects.filter(pk=event.pk).update(version=2)  # since it was read
    assert grouping.recheck(event) == []
    assert titles(event) == {BAN, FUND}
