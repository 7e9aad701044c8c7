"""`python -m tests.evaluate.tagging`: how well the tagger codes headlines of events it has never seen.

Prints one table a question. `--quick` leaves out the steps on the way, the curve and the forward split.
"""

import argparse
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import django
import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from tests.evaluate import details, pooling  # noqa: E402
from tests.evaluate.figures import Judged  # noqa: E402
from tests.evaluate.folds import Articles, Split  # noqa: E402
from tests.evaluate.stream_titles import ordinary  # noqa: E402
from tracker import tagger_examples, tagging  # noqa: E402
from tracker.tagging import features  # noqa: E402
from tracker.tagging.cues import RECOMMENDATIONS, Cues  # noqa: E402
from tracker.tagging.suggestions import Label, Suggestion  # noqa: E402

CUES = tagging.cues.read((tagger_examples.FOLDER / "cues.jsonl").open("rb"))
TABLE_THRESHOLD = 0.3
FORWARD = ("2025-10-01", "2026-01-01", "2026-04-01")
RATES = (0.01, 0.05, 0.2)
RECALLS = (0.5, 0.8, 0.9)


class Remembering(features.Reader):
    """Reads each text once, however many folds it stands in."""

    def __init__(self, cues: Cues):
        super().__init__(cues)
        self._known: dict[tuple[str, str, str], features.Text] = {}

    def read(self, title: str, summary: str = "", publisher: str = "") -> features.Text:
        key = title, summary, publisher
        if key not in self._known:
            self._known[key] = super().read(*key)
        return self._known[key]


@cache
def _default_reader() -> Remembering:
    return Remembering(CUES)


def reader_of(cues: Cues) -> features.Reader:
    return _default_reader() if cues is CUES else Remembering(cues)


def trained(articles: Articles, splits: Sequence[Split], cues: Cues = CUES, encode=None, part: float = 1.0):
    """Each split's suggestions from a model that has seen none of its events; and the taggers."""
    found, taggers, reader = [None] * len(articles.rows), [], reader_of(cues)
    for split in splits:
        learnt = _part(split.learnt, part)
        model = tagging.training.train(learnt, cues, encode=encode, reader=reader)
        tagger = tagging.Tagger(cues, model, encode, reader)
        reports = [
            (articles.rows[at]["title"], "", articles.rows[at]["publisher"] or "") for at in split.held
        ]
        for at, suggestion in zip(split.held, tagger.tag_many(reports), strict=True):
            found[at] = suggestion
        taggers.append(tagger)
    return Judged(articles, found), taggers


def by_table(articles: Articles, splits: Sequence[Split], cues: Cues) -> Judged:
    """The table alone at one fixed threshold, nothing learnt."""
    reader = features.Reader(cues)
    found = [None] * len(articles.rows)
    for at in np.concatenate([split.held for split in splits]):
        found[at] = _from_scores(
            features.scores_of([f for _, f in reader.read(articles.rows[at]["title"]).findings])
        )
    return Judged(articles, found)


def majority(articles: Articles, splits: Sequence[Split]) -> Judged:
    told = _from_scores({("trust", -1): 0.9})
    found = [None] * len(articles.rows)
    for at in np.concatenate([split.held for split in splits]):
        found[at] = told
    return Judged(articles, found)


def _from_scores(scores) -> Suggestion:
    best = {}
    for (rec, direction), score in sorted(scores.items(), key=lambda pair: -pair[1]):
        best.setdefault(rec, Label(rec, direction, score, 3, None, (), score >= TABLE_THRESHOLD))
    relevance = 1 - float(np.prod([1 - score for score in scores.values()]))
    return Suggestion(relevance, tuple(best.values()), (), "reported", not best, "table")


def _part(learnt, part: float):
    if part >= 1:
        return learnt
    kept = {one.group for one in learnt if tagging.training.fold_of(one.group, 1000) < part * 1000}
    return [one for one in learnt if one.group in kept]


def phrases(cues: Cues) -> Cues:
    """The cues without any reading: undoing words count like restricting ones, nothing is negated."""
    words = [
        replace(cue, effect="restrict" if cue.effect == "undo" else cue.effect)
        for cue in cues.words
        if cue.effect != "negation"
    ]
    return Cues(tuple(words), cues.rules)


def row(name: str, judged: Judged) -> str:
    near, ordinary_news = judged.area("near miss"), judged.area("background")
    return (
        f"| {name} | {judged.f1():.3f} | {judged.f1(lang='en'):.3f} | {judged.f1(lang='zh'):.3f} "
        f"| {judged.macro():.3f} | {judged.direction():.3f} | {judged.top_three():.3f} "
        f"| {judged.calibration():.3f} | {near:.3f} / {ordinary_news:.3f} |"
    )


HEAD = (
    "| | pair F1 | en | zh | macro | direction | top 3 | calibration error | AUC near miss / ordinary news |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def steps(articles: Articles) -> None:
    print("\n### Every step on the way (single headlines)\n\n" + HEAD)
    splits = list(articles.splits())
    plain = list(articles.splits(with_record=False, with_written=False))
    without_written = list(articles.splits(with_written=False))
    rows: list[tuple[str, Callable[[], Judged]]] = [
        ("majority: trust −1 for everything", lambda: majority(articles, splits)),
        ("naive phrases: the same words, no reading", lambda: by_table(articles, splits, phrases(CUES))),
        ("frames and table, nothing learnt", lambda: by_table(articles, splits, CUES)),
        ("words alone, learnt", lambda: trained(articles, plain, Cues((), ()))[0]),
        ("words and frames, no table", lambda: trained(articles, plain, Cues(CUES.words, ()))[0]),
        ("words, frames and table", lambda: trained(articles, plain)[0]),
        ("… and the record's own texts", lambda: trained(articles, without_written)[0]),
    ]
    for name, make in rows:
        print(row(name, make()), flush=True)


def default(articles: Articles):
    print("\n### The default\n\n" + HEAD)
    splits = list(articles.splits())
    single, taggers = trained(articles, splits)
    print(row("single headlines", single))
    running = pooling.by_events(single, splits, taggers)
    whole = pooling.by_events(single, splits, taggers, whole=True)
    print(row("**reports of an act pooled as they come in**", running))
    print(row("all reports of an act pooled", whole), flush=True)
    print(
        row(
            "pooled as they come in, as far as grouping joins them",
            pooling.by_grouping(single, splits, taggers),
        )
    )
    if tagging.vectors.is_installed():
        with_embeddings(articles, splits)
    precision, recall = running.precision_recall()
    silent, first = running.silence()
    print(f"\nPrecision {precision:.3f}, recall {recall:.3f} of ticked labels (pooled as they come in).")
    print(f"Silent on {silent:.0%} of acts and near misses; elsewhere the first label is right {first:.0%}.")
    print("\n| recommendation | F1 single | F1 pooled |\n|---|---|---|")
    alone, together = single.by_recommendation(), running.by_recommendation()
    for rec in RECOMMENDATIONS:
        print(f"| {rec} | {alone[rec]:.3f} | {together[rec]:.3f} |")
    print("\n### Strength, ask, actors, certainty\n\n" + details.HEAD)
    print(details.majority(single, splits).row("majority of the training side"))
    print(details.of(single, whole, splits).row("single headlines"))
    print(details.of(running, whole, splits).row("pooled as they come in"))
    print(
        "\nBlind coders (large language models) who saw only the headline: pair F1 0.75 to 0.76, direction 0.96 "
        "to 0.98; with the page and codebook 1.1: 0.80 to 0.82.",
        flush=True,
    )
    return single, taggers


def with_embeddings(articles: Articles, splits: Sequence[Split]) -> None:
    encode = each_once(tagging.vectors.encoder())
    voiced, taggers = trained(articles, splits, encode=encode)
    print(row("with embeddings, single headlines", voiced))
    print(
        row("with embeddings, pooled as they come in", pooling.by_events(voiced, splits, taggers)), flush=True
    )
    for day in FORWARD[:2]:
        ahead = [articles.forward(day)]
        judged, taggers = trained(articles, ahead, encode=encode)
        print(row(f"with embeddings, trained before {day}, single", judged))
        together = pooling.by_events(judged, ahead, taggers)
        print(row(f"with embeddings, trained before {day}, pooled", together), flush=True)


def each_once(encode: tagging.vectors.Encoder) -> tagging.vectors.Encoder:
    """The encoder, asked for each text once: the same texts stand in every fold."""
    known: dict[str, np.ndarray] = {}

    def encoded(texts: Sequence[str]) -> np.ndarray:
        new = [text for text in dict.fromkeys(texts) if text not in known]
        known.update(zip(new, encode(new), strict=True))
        return np.array([known[text] for text in texts])

    return encoded


def curve(articles: Articles) -> None:
    print("\n### More labels pay\n\n| part of the events | pair F1, single headlines |\n|---|---|")
    splits = list(articles.splits(with_written=False))
    for part in (0.125, 0.25, 0.5, 1.0):
        judged, _ = trained(articles, splits, part=part)
        print(f"| {part:.3g} | {judged.f1():.3f} |", flush=True)


def forward(articles: Articles) -> None:
    print("\n### Train before a day, test from then on\n\n" + HEAD)
    for day in FORWARD:
        splits = [articles.forward(day)]
        judged, taggers = trained(articles, splits)
        print(row(f"{day}, single", judged))
        print(row(f"{day}, pooled as they come in", pooling.by_events(judged, splits, taggers)), flush=True)


def base_rates(single: Judged, taggers) -> None:
    """Precision at the queue for streams in which few items are relevant."""
    folder = os.environ.get("FEED_CORPUS")
    if not folder:
        print("\nFEED_CORPUS names no folder of recorded feeds: no figures at real base rates.")
        return
    titles = ordinary(Path(folder))
    news = np.array([one.relevance for one in taggers[0].tag_many(titles)])
    acts = single.relevance()[single.places(kinds=("act",))]
    print(f"\n### A real stream: acts among {len(titles)} titles of recorded feeds\n")
    print(
        "| recall of acts | relevance from | ordinary items shown | "
        + " | ".join(f"precision at {r:.0%}" for r in RATES)
    )
    print("|---|---|---|---|---|---|")
    for recall in RECALLS:
        gate = float(np.quantile(acts, 1 - recall))
        share = float((news >= gate).mean())
        precision = [rate * recall / (rate * recall + (1 - rate) * share) for rate in RATES]
        print(
            f"| {recall:.0%} | {gate:.2f} | {share:.1%} | "
            + " | ".join(f"{each:.0%}" for each in precision)
            + " |"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    start, articles = time.monotonic(), Articles()
    judged = sum(articles.fold != 0)
    print(f"## Tagging\n\n{judged} of {len(articles.rows)} labelled articles are judged, by grouped folds.")
    if not quick:
        steps(articles)
    single, taggers = default(articles)
    base_rates(single, taggers)
    if not quick:
        curve(articles)
        forward(articles)
    print(f"\n{time.monotonic() - start:.0f} seconds.")


if __name__ == "__main__":
    main()
