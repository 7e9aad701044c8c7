"""Chinese pages speak Chinese: a run of English words stands on them only where the page says that it is English."""

import re
from html.parser import HTMLParser

import pytest

from tests.scorecard import told
from tracker.codebook import current

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded_once"), pytest.mark.slow]

EVENT = "2025-05-12-geneva-tariff-truce"
PATHS = (
    "", "recommendations/trust/", "recommendations/governance/?actor=china", "events/", "events/?strength=9",
    f"events/{EVENT}/", f"events/{EVENT}/challenge/", "actors/", "actors/us/", "method/", "data/", "about/",
    "changes/", "changes/?page=2", "changed/", "next/", "asks/", "brief/", "recommendations/trust/brief/",
    "glossary/", "alerts/", "disputes/", "nowhere/", "?as_of=2025-10-01&known_at=2026-07-08", "?as_of=x",
    "embed/trust/", "embed/all/", "codebook/", "editions/", "keys/", "changed/?period=year",
    "recommendations/global-challenges/",
)  # fmt: skip
VOID = {"meta", "link", "img", "input", "br", "hr", "wbr", "source", "col"}
SILENT = {"script", "style", "code", "pre", "textarea"}
# Four words of English in a row are a sentence of ours that nobody translated; names have three at most.
SENTENCE = re.compile(r"(?:\b[A-Za-z][a-z’'-]*[ ,]+){3,}[a-z][a-z’'-]+")
HAN = "\u4e00-\u9fff"
# Half-width signs between Chinese words, and room beside a full-width one, which makes its own; what is written for
# programs stands in full beside such words (`k 代表`), and so does the dot that parts fields.
HALF = re.compile(
    rf"[{HAN}）》”][,;:!?(]|[,;:)] ?[{HAN}]|"
    rf"[。，；：！？、）》][ \n]+(?![·→])|[ \n][（《](?<!· .)|[{HAN}] +[，。；：、]"
)
PARTS = ("main", "form", "nav", "header", "footer", "button", "input", "body", "select", "svg")
FORMULA = re.compile(r"\([a-zT0-9](?:\.\d)? [+−,] [^)]*\)|min\([^)]*\)")
NAMES = (
    "Alvin Wang Graylin", "Paul Triolo", "There can be no winners in a US-China AI arms race", "MIT Technology Review",
)  # fmt: skip


class Text(HTMLParser):
    """The words of a page outside of what it marks as another language or as code."""

    def __init__(self):
        super().__init__()
        self.open, self.words = [], []

    def handle_starttag(self, tag, attributes):
        said = dict(attributes)
        foreign = not (said.get("lang") or "zh").startswith("zh")
        # A link to elsewhere carries the name of who published it.
        if tag not in VOID:
            self.open.append((tag, foreign or tag in SILENT or "external" in (said.get("rel") or "")))
        if not any(silent for _tag, silent in self.open):
            self.words += [said.get(name) or "" for name in ("aria-label", "alt", "placeholder", "title")]
            self.words += [said.get("content") or ""] if said.get("name") == "description" else []

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if not any(silent for _tag, silent in self.open):
            self.words.append(data)


class Lines(Text):
    """The same, each block of the page a line, and code as a word in it."""

    def handle_starttag(self, tag, attributes):
        self._part(tag)
        super().handle_starttag(tag, attributes)
        if any(silent for _tag, silent in self.open):
            self.words.append("X")

    def handle_endtag(self, tag):
        super().handle_endtag(tag)
        self._part(tag)

    def _part(self, tag):
        if tag in told.BLOCKS or tag in PARTS:
            self.words.append("|")


@pytest.mark.parametrize("path", PATHS)
def test_chinese_punctuation_is_full_width_and_makes_its_own_room(client, path):
    page = Lines()
    page.feed(client.get(f"/zh-hans/{path}").content.decode().partition("<body>")[2])
    text = FORMULA.sub("X", re.sub(r"[\s|]*\|[\s|]*", "|", "".join(page.words)))
    found = [text[max(0, hit.start() - 20) : hit.end() + 20] for hit in HALF.finditer(text)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", PATHS)
def test_no_english_sentence_stands_on_a_chinese_page(client, path):
    page = Text()
    page.feed(client.get(f"/zh-hans/{path}").content.decode())
    text = " | ".join(words.strip() for words in page.words if words.strip())
    for name in (*NAMES, current().licence.name):
        text = text.replace(name, "")
    assert re.search("[\u4e00-\u9fff]", text)
    found = [text[max(0, hit.start() - 30) : hit.end() + 30] for hit in SENTENCE.finditer(text)]
    assert not found, "\n".join(found)
