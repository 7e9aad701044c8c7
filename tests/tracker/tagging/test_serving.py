"""Which model serves: from the seeds, from the database, after decisions, and one step back."""

import io

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.utils import timezone

from tracker import tagger_examples, tagger_versions, tagging
from tracker.models import Article, Assessment, Cue, Event, Recommendation, Report, TaggerVersion

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

FEW = tagger_examples.seeded()[::48]
CUE = {"effect": "neutral", "en": ["zeppelin~"], "zh": ["飞艇"]}


@pytest.fixture(autouse=True)
def few_seeds(monkeypatch, tmp_path, settings):
    """Training on all seeds takes seconds; a handful of them shows the same."""
    settings.DATA_FOLDER = str(tmp_path)
    settings.TAGGER_EMBEDDINGS = False
    monkeypatch.setattr(tagger_versions, "SHIPPED", "none.npz")
    monkeypatch.setattr(tagger_examples, "seeded", lambda: FEW)
    monkeypatch.setattr(tagger_versions, "FEWEST_LABELLED", 10)
    monkeypatch.setitem(tagger_versions._served, "tagger", None)
    yield
    tagger_versions._served.update(key=None, tagger=None)


@pytest.fixture
def analyst():
    return get_user_model().objects.create_user("ada")


def decide(analyst, number, *, labels=(), title="Zeppelins carry AI servers over the border"):
    """An event that an analyst decided, with one report: on record with labels, else dismissed."""
    event = Event.objects.create(
        id=f"2026-01-0{number % 9 + 1}-zeppelin-{number}",
        date="2026-01-01",
        status="accepted" if labels else "dismissed",
        dismissal="" if labels else "not_relevant",
        decided_by=analyst,
        decided_at=timezone.now(),
    )
    article = Article.objects.create(title=f"{title} {number}", url_key=f"{number:064d}", title_key="k")
    Report.objects.create(event=event, article=article)
    for rec, direction in labels:
        row, _ = Recommendation.objects.get_or_create(
            slug=rec, defaults={"number": tagger_versions.tagging.cues.RECOMMENDATIONS.index(rec) + 1}
        )
        Assessment.objects.create(event=event, recommendation=row, direction=direction, strength=4)
    return event


def test_without_a_stored_version_the_seeds_serve_and_are_trained_once(tmp_path, monkeypatch):
    first = tagger_versions.serving()
    assert first.model.name.startswith("seeds-")
    assert [path.name for path in tmp_path.glob("tagger-*.npz")] == [f"tagger-{first.model.name[6:]}.npz"]
    tagger_versions._served.update(key=None, tagger=None)
    monkeypatch.setattr(tagging.training, "train", None)  # a second training would fail
    assert tagger_versions.serving().model.name == first.model.name


def test_where_too_little_is_labelled_the_rules_serve_alone(analyst, monkeypatch):
    monkeypatch.setattr(tagger_versions, "FEWEST_LABELLED", 200)
    told = tagger_versions.serving().tag("US tightens export controls on AI chips to China")
    assert told.labels[0].ticked
    assert told.labels[0].because
    decide(analyst, 1, labels=[("trust", 1)])
    outcome = tagger_versions.retrain()
    assert not outcome.promoted
    assert "weights are learnt from 200 on: the rules serve alone" in outcome.why


def test_a_spoilt_file_in_the_data_folder_is_trained_anew(tmp_path):
    name = tagger_versions.serving().model.name
    (tmp_path / f"tagger-{name[6:]}.npz").write_bytes(b"half a mod")
    tagger_versions._served.update(key=None, tagger=None)
    assert tagger_versions.serving().model.name == name


def test_a_folder_that_cannot_be_written_is_no_failure(settings, tmp_path):
    (tmp_path / "file").write_text("in the way")
    settings.DATA_FOLDER = str(tmp_path / "file" / "data")
    assert tagger_versions.serving().tag("US bans chips").labels


def test_a_changed_cue_serves_at_once():
    tagger_versions.seed_cues()
    before = tagger_versions.serving()
    assert tagger_versions.serving() is before
    Cue.objects.create(kind="object", key="zeppelin", body=CUE)
    names = {read.hit.name for read in tagger_versions.serving().reader.read("Zeppelin bans").frame.objects}
    assert "zeppelin" in names


def test_seeding_cues_is_repeatable_and_leaves_what_was_changed():
    added, now = tagger_versions.seed_cues()
    assert added == now > 100
    Cue.objects.filter(kind="object", key="chips").update(active=False)
    assert tagger_versions.seed_cues() == (0, now)
    assert not Cue.objects.get(kind="object", key="chips").active


def test_decisions_and_corrections_teach(analyst):
    for number in range(40):
        decide(analyst, number, labels=[("joint-research", 1)])
    outcome = tagger_versions.retrain()
    assert outcome.promoted, outcome.why
    assert outcome.measures["events_held_back"] < 40
    best = tagger_versions.serving().tag("Zeppelins carry AI servers over the border").labels[0]
    assert (best.rec, best.direction) == ("joint-research", 1)
    assert tagger_versions.serving().model.name == outcome.name


def test_what_was_dismissed_teaches_that_it_touches_nothing(analyst):
    for number in range(3):
        decide(analyst, number)
    assert {(one.kind, one.labels) for one in tagger_examples.decided()} == {("decision", ())}


def test_retraining_without_news_adds_no_version(analyst):
    decide(analyst, 1, labels=[("trust", -1)])
    assert tagger_versions.retrain().promoted
    again = tagger_versions.retrain()
    assert not again.promoted
    assert "nothing has been decided" in again.why
    assert TaggerVersion.objects.count() == 1


def test_where_nobody_has_decided_nothing_is_trained(monkeypatch):
    monkeypatch.setattr(tagging.training, "train", None)
    said = io.StringIO()
    call_command("retrain", stdout=said)
    assert "nothing has been decided" in said.getvalue()


def test_a_worse_model_is_kept_but_does_not_serve(analyst, monkeypatch):
    for number in range(60):
        decide(analyst, number, labels=[("joint-research", 1)])
    figures = iter([0.40, 0.55])
    monkeypatch.setattr(tagger_versions, "_figures", lambda tagger, held: (next(figures), 0.5))
    outcome = tagger_versions.retrain()
    assert not outcome.promoted
    assert "0.400 after 0.550" in outcome.why
    assert TaggerVersion.objects.get().serving_since is None
    assert tagger_versions.serving().model.name.startswith("seeds-")


def test_one_command_goes_back(analyst):
    decide(analyst, 1, labels=[("trust", -1)])
    first = tagger_versions.retrain().name
    decide(analyst, 2, labels=[("trust", 1)], title="Balloon deal")
    second = tagger_versions.retrain().name
    assert tagger_versions.serving().model.name == second != first
    said = io.StringIO()
    call_command("retrain", "--back", stdout=said)
    assert first in said.getvalue()
    assert tagger_versions.serving().model.name == first
    call_command("retrain", "--back", stdout=said)
    assert tagger_versions.serving().model.name.startswith("seeds-")


def test_a_stored_version_that_cannot_be_read_gives_way_to_the_seeds():
    TaggerVersion.objects.create(name="spoilt", body=b"?", serving_since=timezone.now())
    assert tagger_versions.serving().model.name.startswith("seeds-")


def test_the_stream_that_nobody_saw_teaches_only_when_it_is_plainly_ordinary():
    for number, relevance in enumerate((0.01, 0.04, 0.2, None)):
        Article.objects.create(
            title=f"Club wins {number}", url_key=f"{number:064d}", title_key=f"{number}",
            state="background", relevance=relevance,
        )  # fmt: skip
    assert [one.title for one in tagger_examples.unrelated()] == ["Club wins 1", "Club wins 0"]


def test_embeddings_that_are_not_installed_are_said_and_done_without(settings, caplog, monkeypatch):
    settings.TAGGER_EMBEDDINGS = None
    monkeypatch.setattr(tagging.vectors, "is_installed", lambda: False)
    tagger_versions._encoder.cache_clear()
    assert tagger_versions._encoder() is None
    assert "reads words alone" in caplog.text
    tagger_versions._encoder.cache_clear()


def test_the_model_that_lies_beside_the_seeds_serves_without_any_training(monkeypatch, tmp_path):
    model = tagging.training.train(FEW, tagger_versions._seeded_cues(), "shipped")
    (tmp_path / "tagger.npz").write_bytes(tagging.model.to_bytes(model))
    monkeypatch.setattr(tagger_versions, "SHIPPED", tmp_path / "tagger.npz")
    monkeypatch.setattr(tagging.training, "train", None)  # a training would fail
    assert tagger_versions.serving().model.name == "shipped"


def test_a_spoilt_model_beside_the_seeds_is_said_and_trained_anew(monkeypatch, tmp_path, caplog):
    (tmp_path / "tagger.npz").write_bytes(b"half a mod")
    monkeypatch.setattr(tagger_versions, "SHIPPED", tmp_path / "tagger.npz")
    assert tagger_versions.serving().model.name.startswith("seeds-")
    assert "tagger.npz cannot be used" in caplog.text
