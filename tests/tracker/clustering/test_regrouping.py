"""The nightly pass groups what belongs together and obeys what analysts decided."""

import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from tracker import clustering
from tracker.clustering import Pair, Report
from tracker.clustering.average_link import Groups

DAY = datetime.date(2026, 3, 2)


def report(key, title, days=0, **fields):
    return Report(key, title, date=DAY + datetime.timedelta(days), **fields)


H20 = [
    report("a", "US revokes Nvidia licences to export H20 chips to China"),
    report("b", "Washington pulls Nvidia's H20 export licences for China", 1),
    report("c", "Nvidia loses licences for H20 exports to China", 1),
]
FUND = [
    report("d", "UN opens fund for AI capacity building in developing countries"),
    report("e", "New UN fund to build AI capacity in developing countries", 1),
]
OTHER = [report("f", "Floods in Valencia leave thousands without power")]


def groups(reports, **given):
    return {frozenset(group) for group in clustering.regroup(reports, **given)}


def test_reports_of_one_act_meet_and_others_stay_apart():
    assert groups(H20 + FUND + OTHER) == {frozenset("abc"), frozenset("de"), frozenset("f")}


def test_the_order_of_arrival_does_not_matter():
    assert groups(H20 + FUND + OTHER) == groups([*OTHER, *reversed(FUND), *reversed(H20)])


def test_the_same_words_a_year_later_are_another_act():
    later = report("z", H20[0].title, 365)
    assert frozenset("z") in groups([*H20, later])


def test_one_page_is_one_act_whatever_its_titles():
    page = "https://example.com/live/7"
    reports = [
        report("x", "Live: shares fall", url=page),
        report("y", "As it happened", url=f"{page}?utm_source=a"),
    ]
    assert groups(reports) == {frozenset("xy")}


def test_what_analysts_joined_stays_joined_and_what_they_parted_stays_parted():
    joined = Pair(H20[0], OTHER[0], same=True)
    parted = Pair(H20[0], H20[1], same=False)
    found = clustering.regroup(H20 + FUND + OTHER, pairs=[joined, parted])
    home = {key: place for place, group in enumerate(found) for key in group}
    assert home["a"] == home["f"]
    assert home["a"] != home["b"]


def test_decisions_about_reports_of_other_days_are_passed_over():
    stranger = report("s", "Something long ago")
    assert groups(FUND, pairs=[Pair(stranger, FUND[0], same=True)]) == {frozenset("de")}


def test_nothing_in_nothing_out():
    assert clustering.regroup([]) == []


def test_english_and_chinese_reports_of_one_act_meet():
    chinese = report("z", "美国吊销英伟达向中国出口H20芯片的许可", 1)
    assert any({"a", "z"} <= group for group in groups([*H20, *FUND, chinese]))


def average_link(count, chances, cut):
    """The definition, written out: slow and plain."""
    found = [[at] for at in range(count)]

    def mean(one, other):
        pairs = [chances.get((min(a, b), max(a, b)), 0.0) for a in one for b in other]
        return sum(pairs) / len(pairs)

    while len(found) > 1:
        pairs = [(mean(one, other), one, other) for at, one in enumerate(found) for other in found[at + 1 :]]
        best = max(pairs, key=lambda pair: pair[0])
        if best[0] < cut:
            break
        found = [group for group in found if group not in best[1:]] + [best[1] + best[2]]
    return {frozenset(group) for group in found}


EDGES = st.dictionaries(
    st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda edge: edge[0] < edge[1]),
    st.floats(0.02, 1.0),
    max_size=20,
)


@settings(deadline=None)
@given(EDGES, st.floats(0.05, 0.9))
def test_groups_are_those_of_average_link(chances, cut):
    # Chances that differ, so that no tie leaves the order open.
    distinct = {
        edge: chance * (1 - 1e-4 * place) for place, (edge, chance) in enumerate(sorted(chances.items()))
    }
    found = {frozenset(group) for group in Groups(8, distinct, cut).linked()}
    assert found == average_link(8, distinct, cut)


@given(
    EDGES,
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda e: e[0] != e[1]), max_size=6),
)
def test_parted_ones_never_meet_and_nobody_is_lost(chances, parted):
    groups = Groups(8, chances, 0.05)
    for edge in parted:
        groups.part(*edge)
    found = groups.linked()
    assert sorted(at for group in found for at in group) == list(range(8))
    assert not any(one in group and other in group for group in found for one, other in parted)
