"""A change that loses more than two points of grouping fails here.

A fixed third of the stream and two of the five folds, so that it takes seconds; the frozen figures are theirs. The
articles are always the same, so a loss is never chance. After a gain, freeze anew:
`python -m tests.evaluate.grouping --freeze`. `make evaluate` prints the figures of the whole.
"""

import json

import pytest

from tests.evaluate import grouping, stream
from tracker.clustering import default_scorer
from tracker.clustering.reports import counted
from tracker.clustering.training import CUT, JOIN, OFFER, OFTEN_ENOUGH

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def figures():
    return grouping.gate(stream.load())


@pytest.fixture(scope="module")
def frozen():
    return json.loads(grouping.FROZEN.read_text("utf-8"))


def may_lose(name):
    """Two points; of the 28 Chinese reports that ask for their event, two reports."""
    return 0.08 if "zh report" in name else 0.02


def test_every_figure_is_within_two_points_of_the_frozen_one(figures, frozen):
    assert figures.keys() == frozen.keys()
    lost = {
        name: (figures[name], was) for name, was in frozen.items() if figures[name] < was - may_lose(name)
    }
    assert not lost


def test_the_weights_in_use_were_learnt_from_these_seeds():
    """By what is cheap to compute anew, how common every word is; `make evaluate` compares the weights too."""
    news, used = stream.load(), default_scorer()
    examples = news.examples(range(len(news.articles))) + news.record(lambda event: True)
    frequencies, texts = counted(example.report for example in examples)
    often = {word: count for word, count in frequencies.items() if count >= OFTEN_ENOUGH}
    assert (used.reader.frequencies, used.reader.texts) == (often, texts)
    assert (used.join, used.offer, used.cut) == (JOIN, OFFER, CUT)
