"""Training, bytes, pooling: small examples, exact answers."""

import dataclasses
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from tests.tracker.tagging.test_reading import CUES
from tracker import tagging
from tracker.tagging import calibration, reasons, suggestions, tagger
from tracker.tagging import model as models
from tracker.tagging import vectors as vectors_module
from tracker.tagging.training import Example, fold_of, train

TRUST, GOVERNANCE = ("trust", -1), ("governance", 1)


def examples():
    told = []
    for number in range(30):
        told += [
            Example(f"US bans Chinese app number {number}", (TRUST,), f"ban-{number}", strengths=(4,)),
            Example(f"UN adopts AI resolution {number}", (GOVERNANCE,), f"un-{number}", strengths=(3,)),
            Example(f"Club wins match {number}", (), f"match-{number}", "background"),
        ]
    return told


@pytest.fixture(scope="module")
def small():
    return tagging.Tagger(CUES, train(examples(), CUES, "small"))


def test_it_learns_what_it_is_shown(small):
    best = small.tag("US bans Chinese app").labels[0]
    assert (best.rec, best.direction, best.ticked) == ("trust", -1, True)
    assert small.tag("UN adopts AI resolution").labels[0].rec == "governance"
    assert small.tag("Club wins match").silent


def test_the_same_examples_give_the_same_model():
    one, two = (models.to_bytes(train(examples(), CUES)) for _ in range(2))
    assert one == two


def test_a_model_survives_its_bytes(small):
    again = tagging.Tagger(CUES, models.from_bytes(models.to_bytes(small.model)))
    title = "Washington bans Chinese AI app over data"
    assert again.tag(title).labels[0].probability == pytest.approx(
        small.tag(title).labels[0].probability, abs=1e-3
    )


def renamed(stored, recommendations):
    """The same bytes with another list of recommendations in them."""
    with np.load(io.BytesIO(stored)) as arrays:
        held = dict(arrays)
    meta = json.loads(held["meta"].tobytes()) | {"recommendations": recommendations}
    held["meta"] = np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8)
    again = io.BytesIO()
    np.savez(again, **held)
    return again.getvalue()


def test_a_model_of_another_codebook_is_refused(small, monkeypatch):
    stored, slugs = models.to_bytes(small.model), list(models.RECOMMENDATIONS)
    assert models.from_bytes(renamed(stored, None))  # stored before models named what they know
    with pytest.raises(models.ModelError, match="knows other recommendations than the codebook: retrain"):
        models.from_bytes(renamed(stored, slugs[::-1]))
    monkeypatch.setattr(models, "RECOMMENDATIONS", (*slugs, "tide-mills"))
    with pytest.raises(
        models.ModelError, match="this model knows 7 recommendations, the codebook has 8: retrain"
    ):
        models.from_bytes(stored)


def test_without_weights_the_rules_decide_and_give_their_words():
    alone = tagging.Tagger(CUES, models.from_bytes(models.to_bytes(tagger.rules_alone("rules"))))
    told = alone.tag("US tightens export controls on AI chips to China")
    best = told.labels[0]
    assert (best.rec, best.direction, best.ticked) == ("civilian-first", -1, True)
    assert best.ask
    assert best.because
    assert told.relevance > 0.5
    ordinary = alone.tag("Club wins match")
    assert ordinary.silent
    assert ordinary.relevance < 0.2


def pickled():
    held = io.BytesIO()
    np.savez(held, meta=np.array([{"format": 1}], dtype=object))
    return held.getvalue()


@pytest.mark.parametrize("stored", [b"", b"no model", b"PK\x03\x04broken", pickled()])
def test_bytes_that_are_no_model_are_refused(stored):
    with pytest.raises(models.ModelError, match="retrain"):
        models.from_bytes(stored)


def test_the_ask_is_learnt_from_what_was_read_not_from_the_recommendation_alone():
    told = [
        Example(title, (TRUST,), title, strengths=(4,), asks=(ask,))
        for number in range(12)
        for title, ask in (
            (f"US bans Chinese app number {number}", "import-barriers"),
            (f"China refuses US talks in round {number}", None),
        )
    ]
    tagger = tagging.Tagger(CUES, train(told, CUES))
    asks = [
        next(label.ask for label in tagger.tag(title).labels if label.rec == "trust")
        for title in ("Washington bans Chinese app", "Beijing refuses talks")
    ]
    assert asks == ["import-barriers", None]


def test_pooling_says_the_strength_and_ask_that_most_reports_say(small):
    one = small.tag("US bans Chinese app")
    strong, weak = (
        replace(one, labels=(replace(one.labels[0], strength=strength, ask=ask), *one.labels[1:]))
        for strength, ask in ((5, "import-barriers"), (1, None))
    )
    best = small.pool([weak, strong, strong]).labels[0]
    assert (best.strength, best.ask) == (5, "import-barriers")


def test_a_fold_depends_on_the_group_alone():
    assert [fold_of(name) for name in ("a", "b", "c")] == [fold_of(name) for name in ("a", "b", "c")]
    assert len({fold_of(f"event {number}") for number in range(50)}) == 5


def test_one_kind_of_example_is_enough_to_train_and_gives_no_certainty():
    only = [
        Example(f"Storm {number} nears coast", (), f"storm-{number}", "background") for number in range(12)
    ]
    assert tagging.Tagger(CUES, train(only, CUES)).tag("US bans chips").silent


def test_pooling_one_report_changes_nothing(small):
    told = small.tag("US bans Chinese app")
    assert small.pool([told]) == told


def test_pooling_keeps_reasons_counts_reports_and_hears_outlets(small):
    told = [
        small.tag("US bans Chinese app", publisher=name) for name in ("One Post", "Two Times", "Two Times")
    ]
    pooled = small.pool(told)
    assert pooled.reports == 3
    assert pooled.certainty == "confirmed"
    assert pooled.labels[0].because == told[0].labels[0].because


def test_wire_copies_of_one_outlet_confirm_nothing(small):
    told = [small.tag("US bans Chinese app", publisher="One Post") for _ in range(3)]
    assert small.pool(told).certainty == "reported"


def test_pooled_suggestions_can_be_pooled_again(small):
    told = [small.tag(f"US bans Chinese app {number}") for number in range(4)]
    stepwise = small.pool([small.pool(told[:2]), *told[2:]])
    assert stepwise.reports == 4
    assert (stepwise.labels[0].rec, stepwise.labels[0].direction) == TRUST


def encode(texts):
    return np.array([[len(text) / 100, text.count("a") / 10] for text in texts])


def test_without_embeddings_the_first_look_serves_alone_and_never_needs_them():
    model = train(examples(), CUES, "voiced", encode)
    assert tagging.Tagger(CUES, model, encode).tag("US bans Chinese app").labels[0].rec == "trust"
    stored = models.from_bytes(models.to_bytes(model))
    plain = tagging.Tagger(CUES, stored)
    assert not plain.reads_meaning
    assert plain.tag("US bans Chinese app").labels[0].rec == "trust"
    stored.first = None
    with pytest.raises(models.ModelError, match="embeddings"):
        tagging.Tagger(CUES, stored)


def test_only_what_may_matter_is_embedded():
    asked = []

    def counting(texts):
        asked.extend(texts)
        return encode(texts)

    model = train(examples(), CUES, "voiced", counting)
    model.first.borders[:, 1] = 1.0
    asked.clear()
    told = tagging.Tagger(CUES, model, counting).tag("US bans Chinese app")
    assert asked == []
    assert told.silent
    assert len(told.labels) >= 3
    model.first.borders[:, 1] = 0.0
    tagging.Tagger(CUES, model, counting).tag("US bans Chinese app")
    assert asked == ["US bans Chinese app"]


def test_more_acts_that_may_be_lost_make_the_border_higher_and_show_less():
    model = train(examples(), CUES)
    borders = [model.border(lost) for lost in models.LOST]
    assert borders == sorted(borders)
    assert [model.shown(lost) for lost in models.LOST] == sorted(map(model.shown, models.LOST), reverse=True)


def test_kept_meanings_are_asked_for_once_and_come_back_nearly_as_they_were():
    vectors = np.random.default_rng(0).normal(size=(2, vectors_module.SIZE))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    kept = vectors_module.from_bytes(vectors_module.to_bytes(["one", "two"], vectors))
    read = vectors_module.remembering(None, kept)
    assert np.abs(read(["two", "one"]) - vectors[::-1]).max() < 0.002
    with pytest.raises(vectors_module.NoEmbeddings, match="1 texts"):
        read(["one", "three"])
    fresh = vectors_module.remembering(lambda texts: np.full((len(texts), vectors_module.SIZE), 0.5), kept)
    assert fresh(["three", "one"])[0][0] == 0.5


@pytest.mark.parametrize(
    "words",
    [
        "14",
        "to",
        "",
        "2026",
        "would be",
        "million",
        "中",
        "Creating",
        "found events",
        "AI",
        "2 billion",
        "禁令",
    ],
)
def test_lone_words_numbers_and_stop_words_are_no_reason(words):
    assert not reasons.says_enough(words)


@pytest.mark.parametrize("words", ["bans chips", "export controls", "AI chips", "禁用技术", "批准 H20"])
def test_a_deed_with_its_object_is_one(words):
    assert reasons.says_enough(words)


def test_a_ticked_label_has_at_most_three_reasons_and_its_precedent_was_coded_so(small):
    told = small.tag("US bans Chinese app")
    (label,) = [label for label in told.labels if label.ticked]
    assert 1 <= len(label.because) <= suggestions.MOST
    cases = [reason.text for reason in label.because if reason.kind == "case"]
    assert cases
    assert all(case.startswith("US bans") for case in cases)


def test_f1_counts_pairs():
    assert calibration.f1([{TRUST}, {GOVERNANCE}], [{TRUST, GOVERNANCE}, set()]) == pytest.approx(0.5)
    assert calibration.f1([], []) == 0.0


def test_calibration_error_is_the_gap_between_said_and_seen():
    chance = np.array([0.25] * 4 + [0.95] * 2)
    right = np.array([True, False, False, False, True, False])
    assert calibration.calibration_error(chance, right) == pytest.approx(2 / 6 * 0.45)


def test_what_a_publisher_usually_brings_moves_the_odds_of_its_items():
    delivered = [
        dataclasses.replace(one, delivered=True, publisher="Laboratory" if one.labels else "Everything")
        for one in examples()
    ]
    model = train(delivered, CUES)
    assert model.facts["publishers"]["everything"][0] == 0
    tagger = tagging.Tagger(CUES, models.from_bytes(models.to_bytes(model)))
    title = "Minister speaks about robots"
    laboratory, everything, new = (
        tagger.tag(title, publisher=name).relevance for name in ("Laboratory", "Everything", "New")
    )
    assert laboratory > new > everything


def test_without_acts_or_without_others_no_publisher_leans():
    assert models.leanings({}) == models.leanings({"a": [0, 9]}) == models.leanings({"a": [9, 0]}) == {}
