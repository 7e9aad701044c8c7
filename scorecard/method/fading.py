"""The factor 2^(-d / H) that an assessment keeps after d days (METHOD.md, section 3). Pure.

The factors come out of tables of Python's own powers and not out of vector instructions, so that the same day
gives the same bytes whatever stands beside it in an array.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

_BLOCK = 2048


def factors(half_lives: tuple[float, ...], longest: int) -> np.ndarray:
    """Read-only table [half-life, days], at least `longest` + 1 days wide."""
    return _table(half_lives, (max(longest, 0) // _BLOCK + 1) * _BLOCK)


def faded(half_lives: tuple[float, ...], which: np.ndarray, days: np.ndarray) -> np.ndarray:
    """2^(-days / half_lives[which]), element by element; days are whole and not negative."""
    table = factors(half_lives, int(days.max(initial=0)))
    return table[which, days]


@lru_cache(maxsize=64)
def _table(half_lives: tuple[float, ...], width: int) -> np.ndarray:
    table = np.array([[2.0 ** (-day / half_life) for day in range(width)] for half_life in half_lives])
    table.flags.writeable = False
    return table
