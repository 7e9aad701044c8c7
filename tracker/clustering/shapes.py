"""What goes in and what comes out of grouping: plain frozen values."""

from __future__ import annotations

import datetime
from collections.abc import Hashable
from dataclasses import dataclass
from typing import NamedTuple

Key = Hashable


@dataclass(frozen=True, slots=True)
class Report:
    """One article as grouping sees it: words, when, who and where. The key is the caller's."""

    key: Key
    title: str
    summary: str = ""
    date: datetime.date | None = None
    lang: str = ""
    publisher: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A story that a report may belong to, and why.

    `probability` is calibrated: of the offers at 0.8, four of five are the same act. `copy` says that the
    text itself stands in the story already, word for word or nearly.
    """

    story: Key
    probability: float
    copy: bool
    because: tuple[str, ...]


class Pair(NamedTuple):
    """What an analyst decided: these two reports tell of the same act, or they do not."""

    left: Report
    right: Report
    same: bool
