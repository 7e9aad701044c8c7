"""Ordinary news: the titles of the recorded feeds, those that speak of AI policy left out."""

from __future__ import annotations

import csv
from pathlib import Path

from feeds import parsing

MOST = 6000


def ordinary(folder: Path) -> list[str]:
    """Up to `MOST` distinct titles of recorded news feeds that hold no item on AI policy."""
    titles: dict[str, None] = {}
    with (folder / "manifest.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["file"].startswith("real/")]
    for row in rows:
        if row["ai_policy_titles"] not in ("", "0"):
            continue
        try:
            entries = parsing.parse((folder / row["file"]).read_bytes(), base=row["url"]).entries
        except parsing.NotAFeed:
            continue
        titles.update((entry.title, None) for entry in entries[:40])
        if len(titles) >= MOST:
            break
    return [title for title in titles if title]
