"""What goes in and what comes out of grouping: plain frozen values."""

from __future__ import annotations

import datetime
from collections.abc import Hashable
from dataclasses import dataclass
from typing import NamedTuple

Key = Hashable


@dataclass(frozen=True, slots=True)
class Report:
    """One article as grouping sees it: words, when, who and where. The key is the caller's.

    `summary` tells of the act, as the record's own does. `body` is what a feed delivered beside the title, where
    footers, bylines and other stories stand too: only copies of one text are told by it.
    """

    key: Key
    title: str
    summary: str = ""
    date: datetime.date | None = None
    lang: str = ""
    publisher: str = ""
    url: str = ""
    body: str = ""


class Reason(NamedTuple):
    """One thing that two reports share: a `kind` of `KINDS`, and what of it, if that needs saying.

    `value` is the key of a name in the gazetteer, a number, a word, or a count of days. Words for readers are made
    where they read, in their language.
    """

    kind: str
    value: str = ""

    def as_dict(self) -> dict[str, str]:
        return self._asdict()


KINDS = ("page", "title", "near title", "name", "number", "word", "days")


@dataclass(frozen=True, slots=True)
class Offer:
    """A story that a report may belong to, and why.

    `probability` is calibrated: of the offers at 0.8, four of five are the same act. `joins` says that so much speaks
    for it that the report may join without asking. `copy` says that the text itself stands in the
    story already, word for word or nearly.
    """

    story: Key
    probability: float
    joins: bool
    copy: bool
    because: tuple[Reason, ...]


class Pair(NamedTuple):
    """What an analyst decided: these two reports tell of the same act, or they do not."""

    left: Report
    right: Report
    same: bool
