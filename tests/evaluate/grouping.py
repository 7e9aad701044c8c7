"""How well reports are grouped into events never seen in training: `python -m tests.evaluate.grouping`.

Five folds of events. For each, a scorer is learnt from the other four; then the whole stream is grouped, as
dense as it came, and only the articles of the held-out events are counted. A forward split (learnt before a
day, counted after it) and simpler ways stand beside it in the same run.

    --write     learn from all labelled articles and write the weights to seeds/grouping.json
    --freeze    write the figures that the gate of the tests holds changes against
    --json FILE write the figures for machines to a file
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.evaluate import baselines, measures, stream
from tests.evaluate.measures import Agreement
from tests.evaluate.stream import Stream
from tracker import clustering
from tracker.clustering import training
from tracker.clustering.scoring import SEEDS, Scorer, default_scorer

FROZEN = Path(__file__).with_name("grouping-frozen.json")
GATE_FOLDS, GATE_SHARE = (0, 1), 1 / 3
FORWARD = datetime.date(2026, 1, 1)
LANGUAGES = ("en", "zh")
Groups = dict[int, Hashable]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="write the weights learnt from all articles")
    parser.add_argument("--freeze", action="store_true", help="write the figures of the gate anew")
    parser.add_argument("--json", metavar="FILE", help="write the figures to a file")
    options = parser.parse_args()
    news = stream.load()
    if options.write:
        return write(news)
    if options.freeze:
        FROZEN.write_text(json.dumps(gate(news), indent=1) + "\n", "utf-8")
        return None
    figures = evaluate(news)
    print(table(figures))
    print(f"\nThe weights in use are {'' if learnt_from_all(news).plain() == default_scorer().plain() else 'NOT '}"
          "those learnt from the seeds.")  # fmt: skip
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    return None


def write(news: Stream) -> None:
    scorer = learnt_from_all(news)
    SEEDS.write_text(json.dumps(scorer.plain(), ensure_ascii=False, indent=0) + "\n", "utf-8")
    print(f"{SEEDS.name}: learnt from {len(news.articles)} articles of {len(news.members)} events.")


def learnt_from_all(news: Stream) -> Scorer:
    return training.learnt(news.examples(range(len(news.articles))) + news.record(lambda event: True))


def evaluate(
    news: Stream, folds: Sequence[int] = range(stream.FOLDS), beside: bool = True
) -> dict[str, dict]:
    """Every figure by name. `folds`: which are held out in turn; fewer are quicker and less exact."""
    scorers = {}
    for fold in folds:
        scorers[fold] = scorer_without(news, fold)
        _tell(f"learnt without fold {fold}")
    held = {fold: [at for at in news.labelled if news.folds[at] == fold] for fold in folds}
    figures = {}
    for name, way in (("nightly pass", nightly), ("joined by itself", by_itself)):
        grouped = {fold: way(news.reports, scorer) for fold, scorer in scorers.items()}
        _tell(name)
        figures[name] = agreement(news, grouped, held)
        dated = {fold: [at for at in items if at in news.dated] for fold, items in held.items()}
        figures[f"{name}, own date only"] = agreement(news, grouped, dated)
    figures |= offered(news, scorers, held)
    if beside:
        figures |= forward(news)
        figures |= simpler(news)
    return figures


def _tell(done: str) -> None:
    """Progress, beside the tables: the whole takes minutes."""
    print(f"grouping: {done}", file=sys.stderr, flush=True)


def gate(news: Stream) -> dict[str, float]:
    """The figures a change must keep: of two folds of a third of the stream, so that they take seconds."""
    figures = evaluate(stream.thinned(news, GATE_SHARE), GATE_FOLDS, beside=False)
    kept = ("b3_p", "b3_r", "b3_f", "top_3")
    return {
        f"{name}: {key}": round(value, 4)
        for name, row in figures.items()
        for key, value in row.items()
        if key in kept and "own date" not in name
    }


def scorer_without(news: Stream, fold: int) -> Scorer:
    seen = news.examples(at for at, held in enumerate(news.folds) if held != fold)
    return training.learnt(seen + news.record(lambda event: stream.fold_of(event) != fold))


def nightly(reports: Sequence[clustering.Report], scorer: Scorer) -> Groups:
    return baselines.numbered(clustering.regroup(reports, scorer))


def by_itself(reports: Sequence[clustering.Report], scorer: Scorer) -> Groups:
    """In the order of days: each report joins the story that `choose` names, or begins its own."""
    index = clustering.Index(scorer)
    groups: Groups = {}
    for report in sorted(reports, key=lambda report: (report.date, report.key)):
        chosen = index.choose(report)
        groups[report.key] = chosen.story if chosen else report.key
        index.add(groups[report.key], report)
    return groups


def agreement(news: Stream, grouped: Mapping[int, Groups], held: Mapping[int, list[int]]) -> dict[str, float]:
    """B-cubed and pairwise, folds weighed by their articles; pairs across languages apart."""
    truth = {at: news.stories[at] for at in news.labelled}

    def across(one: int, other: int) -> bool:
        return news.chinese[one] != news.chinese[other]

    ways: dict[str, Callable[[Groups, list[int]], Agreement]] = {
        "b3": lambda groups, items: measures.b_cubed(groups, truth, items),
        "pairs": lambda groups, items: measures.pairwise(groups, truth, items),
        "across": lambda groups, items: measures.pairwise(groups, truth, items, across),
    }
    total = sum(map(len, held.values()))
    figures: dict[str, float] = {"articles": total}
    for name, way in ways.items():
        parts = [(way(grouped[fold], items), len(items) / total) for fold, items in held.items()]
        pooled = Agreement(
            sum(part.precision * share for part, share in parts),
            sum(part.recall * share for part, share in parts),
        )
        figures |= {f"{name}_p": pooled.precision, f"{name}_r": pooled.recall, f"{name}_f": pooled.f1}
    return figures


def offered(news: Stream, scorers: Mapping[int, Scorer], held: Mapping[int, list[int]]) -> dict[str, dict]:
    """Whether the right event is among the first three offers, when events show one language only.

    The calibration error is that of the first offer's chance, also over articles that report no event on record.
    """
    others = {
        fold: [at for at, own in enumerate(news.folds) if own == fold and not news.stories[at]]
        for fold in scorers
    }
    figures = {}
    for shown in LANGUAGES:
        for known in ("record", "record and reports"):
            hits = [
                hit
                for fold, scorer in scorers.items()
                for hit in _hits(news, scorer, shown, known, [*held[fold], *others[fold]])
            ]
            for asked in LANGUAGES:
                own = [hit for hit in hits if _language(news, hit.article) == asked]
                figures[f"offers: {asked} report, events known by {shown} {known}"] = _offer_figures(
                    news, own
                )
    use = [hit for fold, scorer in scorers.items() for hit in _in_use(news, scorer, fold)]
    return figures | {"offers: as in use, in the order of days": _offer_figures(news, use)}


class Hit(NamedTuple):
    """A report's question: the place of its event among the offers (-1: not there), and the first one's chance."""

    article: int
    place: int
    chance: float
    waits: bool = True  # whether the event was there to be found


def _offer_figures(news: Stream, hits: Sequence[Hit]) -> dict[str, float]:
    asked = [hit for hit in hits if news.stories[hit.article] and hit.waits]
    return {
        "articles": len(asked),
        "top_1": sum(hit.place == 0 for hit in asked) / len(asked),
        "top_3": sum(0 <= hit.place < 3 for hit in asked) / len(asked),
        "calibration": measures.calibration_error(
            [hit.chance for hit in hits], [hit.place == 0 for hit in hits]
        ),
    }


def _hits(news: Stream, scorer: Scorer, shown: str, known: str, asked: Iterable[int]) -> list[Hit]:
    index = clustering.Index(scorer)
    for event in news.events.values():
        suffix = "_zh" if shown == "zh" else ""
        texts = ([event[f"title{suffix}"]], [event[f"summary{suffix}"]])
        index.add_event(event["id"], news.event_day(event["id"]), *texts)
    if known == "record and reports":
        for at in news.labelled:
            if _language(news, at) == shown:
                index.add(news.stories[at], news.reports[at])
    return [_hit(news, index, at) for at in asked]


def _in_use(news: Stream, scorer: Scorer, fold: int) -> Iterator[Hit]:
    """Every report asks when it comes, among the stories so far, each rightly put together."""
    index = clustering.Index(scorer)
    for report in sorted(news.reports, key=lambda report: (report.date, report.key)):
        story = news.stories[report.key] or ("alone", report.key)
        if news.folds[report.key] == fold:
            yield _hit(news, index, report.key)._replace(waits=story in index)
        index.add(story, report)


def _hit(news: Stream, index: clustering.Index, at: int) -> Hit:
    offers = index.offers(news.reports[at], limit=5)
    stories = [offer.story for offer in offers]
    place = stories.index(news.stories[at]) if news.stories[at] in stories else -1
    return Hit(at, place, offers[0].probability if offers else 0.0)


def _language(news: Stream, at: int) -> str:
    return "zh" if news.chinese[at] else "en"


def forward(news: Stream) -> dict[str, dict]:
    """Learnt from what came before a day, counted on the events after it."""
    first = {story: min(news.reports[at].date for at in members) for story, members in news.members.items()}
    early = [at for at, story in enumerate(news.stories) if first.get(story, news.reports[at].date) < FORWARD]
    late = [at for at in news.labelled if first[news.stories[at]] >= FORWARD]
    seen = news.examples(at for at in early if news.reports[at].date < FORWARD)
    scorer = training.learnt(seen + news.record(lambda event: event < str(FORWARD)))
    return {
        f"forward from {FORWARD}: {name}": agreement(news, {0: way(news.reports, scorer)}, {0: late})
        for name, way in (("nightly pass", nightly), ("joined by itself", by_itself))
    }


def simpler(news: Stream) -> dict[str, dict]:
    held = {0: news.labelled}
    ways = {
        "every report alone": baselines.every_one_alone,
        "equal titles": baselines.equal_titles,
        "rapidfuzz token_set_ratio, single link": baselines.token_set_ratio,
        "word TF-IDF, average link": baselines.tf_idf,
    }
    return {
        f"beside: {name}": max(
            (agreement(news, {0: groups}, held) for groups in way(news.reports)),
            key=lambda figures: figures["b3_f"],
        )
        for name, way in ways.items()
    }


def table(figures: Mapping[str, Mapping[str, float]]) -> str:
    lines = [
        f"{'':58} {'n':>5}  {'B3 P':>5} {'R':>5} {'F':>5}  {'pair P':>6} {'R':>5}  {'en-zh P':>7} {'R':>5}"
    ]
    for name, row in figures.items():
        if "b3_f" in row:
            cells = [
                row[key] for key in ("b3_p", "b3_r", "b3_f", "pairs_p", "pairs_r", "across_p", "across_r")
            ]
            lines.append(
                f"{name:58} {row['articles']:5.0f}  {cells[0]:5.3f} {cells[1]:5.3f} {cells[2]:5.3f}  "
                f"{cells[3]:6.3f} {cells[4]:5.3f}  {cells[5]:7.3f} {cells[6]:5.3f}"
            )
    lines.append(f"\n{'':58} {'n':>5}  {'top 1':>5} {'top 3':>5}  calibration error of the first")
    for name, row in figures.items():
        if "top_3" in row:
            cells = (row["articles"], row["top_1"], row["top_3"], row["calibration"])
            lines.append("{:58} {:5.0f}  {:5.3f} {:5.3f}  {:.3f}".format(name, *cells))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
