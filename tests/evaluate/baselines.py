"""What grouping is measured beside: simpler ways, each at the border that suits it best here."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from rapidfuzz import fuzz

from tracker.clustering import Report
from tracker.clustering.average_link import Groups
from tracker.clustering.words import fingerprint, title_of, words

WINDOW = 3  # days: the best for these in the first trials
Labels = dict[int, Hashable]


def every_one_alone(reports: Sequence[Report]) -> Iterator[Labels]:
    yield {at: at for at in range(len(reports))}


def equal_titles(reports: Sequence[Report]) -> Iterator[Labels]:
    yield {at: fingerprint(title_of(report.title)) for at, report in enumerate(reports)}


def token_set_ratio(reports: Sequence[Report]) -> Iterator[Labels]:
    """Single link over rapidfuzz's token_set_ratio, which knows no Chinese words."""
    titles = [title_of(report.title) for report in reports]
    ratios = {(one, other): fuzz.token_set_ratio(titles[one], titles[other]) for one, other in _near(reports)}
    for least in (55, 60, 65, 70, 75, 80, 85, 90):
        yield _single_link(len(reports), [edge for edge, ratio in ratios.items() if ratio >= least])


def tf_idf(reports: Sequence[Report]) -> Iterator[Labels]:
    """Average link over TF-IDF of our words, learnt from the very stream."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # takes over a second to import

    rows = TfidfVectorizer(analyzer=words, sublinear_tf=True).fit_transform(
        title_of(report.title) for report in reports
    )
    likeness = (rows @ rows.T).tocsr()
    chances = {edge: float(likeness[edge]) for edge in _near(reports)}
    for cut in (0.06, 0.08, 0.1, 0.12, 0.14, 0.17, 0.2, 0.25):
        yield numbered(Groups(len(reports), chances, cut).linked())


def numbered(groups: Sequence[Sequence[int]]) -> Labels:
    return {at: number for number, group in enumerate(groups) for at in group}


def _near(reports: Sequence[Report]) -> Iterator[tuple[int, int]]:
    order = sorted(range(len(reports)), key=lambda at: reports[at].date)
    for place, one in enumerate(order):
        for other in order[place + 1 :]:
            if (reports[other].date - reports[one].date).days > WINDOW:
                break
            yield min(one, other), max(one, other)


def _single_link(count: int, edges: Sequence[tuple[int, int]]) -> Labels:
    leaders = list(range(count))

    def leader(at: int) -> int:
        while leaders[at] != at:
            at = leaders[at]
        return at

    for one, other in edges:
        leaders[leader(other)] = leader(one)
    return {at: leader(at) for at in range(count)}
