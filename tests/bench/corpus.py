"""Feed documents for measurements: two hundred recorded ones of FEED_CORPUS, or generated ones."""

import os
import random
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = 200
KINDS = (".xml", ".rss", ".atom", ".rdf")


def documents() -> list[bytes]:
    """The recorded XML feeds, or two hundred of our own making."""
    folder = os.environ.get("FEED_CORPUS")
    if folder:
        return [path.read_bytes() for path in sorted(Path(folder, "real").rglob("*")) if path.suffix in KINDS]
    return [generated(number) for number in range(DOCUMENTS)]


def generated(number: int, entries: int = 40) -> bytes:
    """An RSS document with bodies of a few paragraphs."""
    words = random.Random(number)
    items = "".join(
        f"<item><title>Act {number}-{place} &amp; more</title><link>https://a.example/{number}/{place}</link>"
        f"<guid>{number}-{place}</guid><pubDate>Mon, 16 Nov 2026 14:05:11 +0000</pubDate><description>"
        f"<![CDATA[<p>{' '.join(words.choices(('chips', 'rules', '协议'), k=120))}</p>]]></description>"
        "</item>"
        for place in range(entries)
    )
    return f"<rss version='2.0'><channel><title>C{number}</title>{items}</channel></rss>".encode()


def two_hundred(folder: Path) -> list[str]:
    """Write two hundred different documents into `folder`; their names."""
    sample = random.Random(1).sample(sorted(set(documents())), DOCUMENTS)
    names = [f"{number}.xml" for number in range(DOCUMENTS)]
    for name, body in zip(names, sample, strict=True):
        (folder / name).write_bytes(body)
    return names
