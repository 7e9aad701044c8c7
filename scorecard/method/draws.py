"""Parameters drawn at random for the sensitivity runs (METHOD.md, section 9): the same for everyone, for
ever. Pure.

SplitMix64 is written out so that the draws depend on no library's generator; each draw uses 21 numbers in a
row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scorecard.method.parameters import Parameters
from tracker.codebook import RECOMMENDATIONS

SEED = 20250121
NUMBERS = 21
_GAMMA = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, eq=False)
class Draws:
    """Arrays over n draws."""

    weight: np.ndarray  # [n, 5]
    certainty: np.ndarray  # [n, 3]
    half_life: np.ndarray  # [n, 5]
    k: np.ndarray  # [n]
    talk_cap: np.ndarray  # [n]
    netting: np.ndarray  # [n] 0 or 1
    overall: np.ndarray  # [n, 7] weights of the overall figure, summing to 1

    def __len__(self) -> int:
        return len(self.k)

    def factors(self) -> dict[str, np.ndarray]:
        """What varies between draws of one recommendation's score, by name."""
        found = {f"W{number + 1}": self.weight[:, number] for number in range(4)}
        found |= {"C reported": self.certainty[:, 1], "C rumoured": self.certainty[:, 2]}
        found |= {f"H{number + 1}": self.half_life[:, number] for number in range(5)}
        return found | {"k": self.k, "c": self.talk_cap, "ν": self.netting}


def splitmix(count: int, seed: int = SEED) -> np.ndarray:
    """Numbers 0 … count - 1 of SplitMix64 as floats in [0, 1)."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * _GAMMA
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


def draw(count: int, base: Parameters) -> Draws:
    """`count` draws around the base parameters."""
    u = splitmix(count * NUMBERS).reshape(count, NUMBERS)
    weight = np.empty((count, 5))
    weight[:, :4] = np.sort(np.minimum(np.array(base.weight[:4]) * 1.5 ** (2 * u[:, :4] - 1), 1.0), axis=1)
    weight[:, 4] = 1.0
    overall = 0.5 + u[:, NUMBERS - len(RECOMMENDATIONS) :]
    return Draws(
        weight,
        np.stack([np.ones(count), 0.5 + 0.5 * u[:, 4], 0.5 * u[:, 5]], axis=1),
        np.array(base.half_life) * 2.0 ** (2 * u[:, 6:11] - 1),
        base.k * 2.0 ** (2 * u[:, 11] - 1),
        base.talk_cap * 2.0 ** (2 * u[:, 12] - 1),
        np.where(u[:, 13] < 0.5, 1.0, 0.0),
        overall / overall.sum(axis=1, keepdims=True),
    )
