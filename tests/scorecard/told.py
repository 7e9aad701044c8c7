"""What a page tells, block by block, as a reader meets it: the words of `main` and of its text alternatives. A link to
an act is `⟦id⟧` and a link to a source `⟦⟧`, so that what is left is the page's own words."""

import html.parser
import re

BLOCKS = {
    "p", "li", "h1", "h2", "h3", "dt", "dd", "th", "td", "caption", "figcaption", "summary", "div", "section", "ul",
    "ol", "table", "tr", "dl", "figure", "details", "text", "label", "option", "br",
}  # fmt: skip
SILENT = {"script", "style", "form", "title", "pre"}
ACT = re.compile(r"^(?:/zh-hans)?/events/([a-z0-9-]+)/(?:\?.*)?$")


class _Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.blocks, self.words, self.silent, self.inside, self.link = [], [], 0, 0, False

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.inside += tag == "main"
        self.silent += tag in SILENT
        if tag in BLOCKS:
            self.close_block()
        if self.inside and given.get("aria-label"):
            self.blocks.append(re.sub(r"\s+", " ", given["aria-label"]))
        if tag == "a" and self.inside and not self.silent:
            address = given.get("href", "")
            if act := ACT.match(address):
                self.words.append(f"⟦{act[1]}⟧")
                self.link = True
            elif "nofollow" in given.get("rel", ""):
                self.words.append("⟦⟧")
                self.link = True

    def handle_endtag(self, tag):
        self.silent -= tag in SILENT
        if tag == "a":
            self.link = False
        if tag in BLOCKS:
            self.close_block()
        self.inside -= tag == "main"

    def handle_data(self, data):
        if self.inside and not self.silent and not self.link:
            self.words.append(data)

    def close_block(self):
        text = straight(re.sub(r"\s+", " ", "".join(self.words)).strip())
        if text:
            self.blocks.append(text)
        self.words = []


def straight(text):
    """Apostrophes as the record and the templates have them; pages set them as a printer does."""
    return text.replace("’", "'")


def plain(answer):
    """A page whose words may be looked for as they are written: what keeps them on one line is a space."""
    return answer.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def blocks(markup):
    reader = _Reader()
    reader.feed(markup)
    reader.close_block()
    return reader.blocks
