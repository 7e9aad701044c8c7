"""The main text of a web page, by trafilatura. Runs in the killable child. Pure."""

import importlib

from feeds.parsing import cleaning

LONGEST = 200_000  # characters kept
DEEPEST = 400  # levels of nesting; deeper is no article


def main_text(page: bytes) -> str:
    """Plain text in paragraphs, without menus, comments and advertisements; "" when there is none."""
    trafilatura = importlib.import_module("trafilatura")  # heavy, and only a child that reads pages pays
    html = page.decode("utf-8", "replace")
    if cleaning.depth(html) > DEEPEST:
        return ""
    text = trafilatura.extract(html, include_comments=False, include_tables=True, favor_precision=True)
    return cleaning.UNSEEN.sub("", text or "")[:LONGEST]
