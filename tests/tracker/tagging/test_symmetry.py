"""The actor does not set the sign: with the US and China swapped, directions stay."""

import json
import re

import pytest

from tracker import tagger_examples
from tracker.tagging.model import PAIRS

SWAPPED = [
    ("United States", "People's Republic of China"),
    ("U.S.", "PRC"),
    ("US", "China"),
    ("America", "China"),
    ("American", "Chinese"),
    ("Washington", "Beijing"),
    ("White House", "State Council"),
    ("Trump", "Xi"),
    ("Bessent", "He Lifeng"),
    ("Pentagon", "PLA"),
    ("Commerce Department", "Commerce Ministry"),
    ("Nvidia", "Huawei"),
    ("Microsoft", "Alibaba"),
    ("Google", "Baidu"),
    ("OpenAI", "DeepSeek"),
    ("Texas", "Shanghai"),
    ("美国", "中国"),
    ("美方", "中方"),
    ("对华", "对美"),
    ("美商务部", "商务部"),
    ("特朗普", "习近平"),
    ("白宫", "国务院"),
    ("华盛顿", "北京"),
    ("英伟达", "华为"),
]
TURN = {one: two for pair in SWAPPED for one, two in (pair, pair[::-1])}
TURN |= {"China": "US", "Chinese": "American"}
PATTERN = re.compile(
    "|".join(
        rf"\b{re.escape(name)}(?!\w)" if name.isascii() else re.escape(name)
        for name in sorted(TURN, key=len, reverse=True)
    )
)


def swap(title):
    return PATTERN.sub(lambda found: TURN[found.group()], title)


def directions(suggestion):
    """For each recommendation the likelier direction, whether it is shown or not."""
    evidence = suggestion.evidence
    return {PAIRS[at][0]: 1 if evidence[at] >= evidence[at + 1] else -1 for at in range(0, len(PAIRS), 2)}


def test_swapping_works_both_ways():
    assert swap("Trump bans Chinese AI as US and China talk") == "Xi bans American AI as China and US talk"
    assert swap("美国收紧对华管制") == "中国收紧对美管制"


@pytest.mark.slow  # a sweep over all labelled titles, each read in meaning twice
def test_swapping_the_two_countries_leaves_the_directions(tagger):
    titles = [
        json.loads(line)["title"]
        for line in (tagger_examples.FOLDER / "articles.jsonl").open(encoding="utf-8")
    ]
    titles = [title for title in titles if swap(title) != title][::2]
    assert len(titles) > 500
    same = total = 0
    for one, two in zip(tagger.tag_many(titles), tagger.tag_many(map(swap, titles)), strict=True):
        turned = directions(two)
        for label in one.labels:
            if label.ticked:
                total += 1
                same += turned[label.rec] == label.direction
    assert total > 500
    assert same / total >= 0.98, f"{total - same} of {total} directions turned"
