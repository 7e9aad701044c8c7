"""What the tagger gives as its reasons, over the recorded feeds as they were delivered."""

import re

import pytest

from tests.evaluate import recorded
from tracker import tagger_examples, tagger_versions, tagging
from tracker.tagging import reasons, suggestions

LOOKED_AT = 400  # of the items, the likeliest first: whatever the queue shows is among them
KINDS = {
    "words",
    "case",
}  # the deed and its object, a past case; a model's sentence is added where one was asked


@pytest.fixture(scope="module")
def told():
    """Item and suggestion by words alone, the first look of the model that ships, which needs no embeddings."""
    rows = recorded.labels()
    found = recorded.words(recorded.folder(), rows)
    items = [(row["title"], *words) for row in rows if (words := found.get(tagger_examples.item_of(row)))]
    tagger = tagging.Tagger(tagger_versions._seeded_cues(), tagger_versions._shipped(), None)
    listed = zip(items, tagger.tag_many(items), strict=True)
    return sorted(listed, key=lambda each: -each[1].relevance)[:LOOKED_AT]


@pytest.mark.slow
@pytest.mark.skipif(recorded.folder() is None, reason="FEED_CORPUS names no folder of recorded feeds")
def test_a_reason_is_a_deed_with_its_object_or_a_past_case_and_without_one_nothing_is_ticked(told):
    """A quarter of a minute. That lone words were reasons ("events", "million", "14") was seen on whole feeds alone."""
    assert sum(not one.silent for _, one in told) > 100
    for item, one in told:
        assert one.silent == (not any(label.ticked for label in one.labels))
        for label in one.labels:
            assert bool(label.because) or not label.ticked
            assert len(label.because) <= suggestions.MOST
            assert {reason.kind for reason in label.because} <= KINDS
            for reason in label.because:
                assert reasons.says_enough(reason.text), (item[0], reason)
                assert not re.fullmatch(r"[\d\W]+|\w+(?<![\u3400-\u9fff])", reason.text), (item[0], reason)
                if reason.kind == "words":
                    whole = {"title": item[0], "summary": item[1]}[reason.field]
                    assert whole[reason.start : reason.end] == reason.text
