"""The first record: repeatable, and never over what analysts changed."""

import io

import pytest
from django.core.management import CommandError, call_command

from tracker import importing, triage
from tracker.codebook import current
from tracker.models import Article, Ask, Completeness, Event, Recommendation, Report

pytestmark = pytest.mark.django_db


def seed():
    out = io.StringIO()
    call_command("seed", stdout=out)
    return out.getvalue()


def shipped():
    """The lines of every release."""
    for release in importing.releases():
        yield from (line for _number, line in importing.lines(importing.FOLDER / release.events))


@pytest.mark.slow  # it seeds both releases first
def test_a_second_seeding_adds_nothing(both_releases):
    said = seed()
    assert all(" 0 added" in line for line in said.strip().splitlines())
    books = (Recommendation.objects.count(), Ask.objects.count())
    assert books == (len(current().slugs), len(current().asks))
    assert Event.objects.count() == len({line["id"] for line in shipped()})
    assert Completeness.objects.get().day.isoformat() == "2026-07-07"


@pytest.mark.slow
def test_what_an_analyst_changed_stays(seeded, analyst):
    event = Event.objects.accepted().first()
    triage.edit(event, analyst, {"title": "A better title"}, why="Clearer")
    Recommendation.objects.filter(slug="trust").update(name_en="Trust, our words")
    seed()
    event.refresh_from_db()
    assert event.title == "A better title"
    assert Recommendation.objects.get(slug="trust").name_en == "Trust, our words"


def test_labelled_pages_are_dealt_with_and_linked_to_their_events(seeded):
    assert not Article.objects.to_file().exists()
    pages = list(importing.lines(importing.FOLDER / "articles.jsonl"))
    assert Article.objects.count() == len({importing._article(page)[0].url_key for _number, page in pages})
    assert Report.objects.filter(event_id="2025-01-21-us-stargate-announcement").count() >= 4


def test_a_broken_seed_file_is_named_with_its_line(db, tmp_path, monkeypatch):
    for path in importing.FOLDER.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "events.jsonl").write_text('{"id": "a", "date": "2025-06-01"}\n{broken\n', "utf-8")
    monkeypatch.setattr(importing, "FOLDER", tmp_path)
    with pytest.raises(CommandError, match=r"events\.jsonl, line 2: not JSON"):
        seed()
