"""The model that serves where there is too little to learn from: the rules of the cues decide. Pure."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from tracker.codebook import current
from tracker.tagging import model, vectors
from tracker.tagging.cues import RECOMMENDATIONS
from tracker.tagging.model import PAIRS, Model

_SLOPE = 5.0  # log-odds of 5·(weight - ½): a rule of weight 0.7 is right in 73 of 100 cases, none at all in 8
_NO_ASK = 0.01  # less than any ask that a rule names


def rules_alone(name: str) -> Model:
    """A model without learnt weights, for where there is too little to learn from: the rules of the cues decide.

    A pair is as likely as the rules that hold for it say, near enough, and a report as relevant as its likeliest
    pair; strength and ask are those of the rule.
    """
    asks = [(rec, ask) for rec in RECOMMENDATIONS for ask in ("", *current().ask_slugs(rec))]
    said = sorted({f"q:{ask}" for _rec, ask in asks if ask})
    signs = [*(f"k:{strength}" for strength in range(1, 6)), *said]
    rows = len(signs) + 1
    strength, ask = np.zeros((rows, 5)), np.zeros((rows, len(asks)))
    strength[:5] = np.eye(5)
    for column, (_rec, slug) in enumerate(asks):
        ask[signs.index(f"q:{slug}") if slug else -1, column] = 1.0 if slug else _NO_ASK
    combining = np.zeros((len(PAIRS), model.VIEWS + model.WITNESSES))
    combining[:, model.TABLE], combining[:, -1] = _SLOPE, -_SLOPE / 2
    count = len(RECOMMENDATIONS)
    return Model(
        vocabulary=vectors.Vocabulary([], np.zeros(0), signs),
        touched=np.zeros((rows, count)),
        direction=np.zeros((rows, count)),
        relevant=np.zeros((rows, model.VIEWS)),
        strength=strength,
        ask=ask,
        ask_names=asks,
        combining=combining,
        relevance=np.array([*[0.0] * model.VIEWS, 1.0, 0.0, 0.0]),
        pooling=np.array([1.0, 0.0, 0.0, 0.0]),
        borders=np.array(
            [(lost, 0.5, np.nan) for lost in model.LOST]
        ),  # what it would lose, nobody has measured
        threshold=0.5,
        silence=0.0,
        case_titles=[],
        case_labels=[],
        cases=sparse.csr_matrix((0, len(signs))),
        name=name,
    )
