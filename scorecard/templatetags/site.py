"""What templates of every app of ours may ask: `{% instance as site %}`, what this scorecard is called, follows and
counts from; and `{% filter typeset %}` around a whole page, its last step: which words stay on one line, and Chinese
punctuation in full width.

Said once for all templates and sentences, so that none of them has to carry signs that nobody sees. What a reader
copies as it stands (`pre`, a field) and what a browser runs stay as they are.
"""

from __future__ import annotations

import re

from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from scorecard.pages import prose

register = template.Library()
register.simple_tag(prose.instance, name="instance")

NBSP = "\N{NO-BREAK SPACE}"
AS_IT_STANDS = re.compile(
    r"(<pre\b.*?</pre>|<textarea\b.*?</textarea>|<script\b.*?</script>|<code\b.*?</code>"
    r"|<(?:input|option|button)\b[^>]*>)",  # what a form sends back is what its reader wrote
    re.S,
)
MONTHS = (
    "January|February|March|April|May|June|July|August|September|October|November|December|"
    "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec"
)
# `35 %`, `7 July`, `146 days`, `3 of 4`, `−62 to −36`, `▼ undermines`.
TOGETHER = re.compile(
    rf"(?<=\d) (?=%|(?:{MONTHS}|days?|months?|years?|points?|pages?|KB|MB)\b)"
    r"|(?<=\d) (?:of|to) (?=[+−]?\d)"
    r"|(?<=[▲▼△▽◆○]) (?=\w)"
)
# An apostrophe as a printer sets it, in words and not in markup: `People's`, `two acts' worth`.
APOSTROPHE = re.compile(r"<[^>]*>|(?<=[A-Za-z])(?:'|&#x27;)(?=[A-Za-z])|(?<=[a-z]s)(?:'|&#x27;)(?=[\s.])")
MARGIN = re.compile(r"[ \t]*\n\s*")

# Chinese. Names and figures that code puts together bring half-width signs; full-width ones make room themselves.
# The dot that parts the fields of a line of small print keeps its spaces. Curved quotes are left alone: English has
# them too.
HAN, CLOSING, OPENING, TAGS = "\u4e00-\u9fff", "，。；：！？、）》", "（《", r"(?:</?[a-z][^>]*>)*"
CHINESE = [
    (re.compile(rf"(?<=[{HAN}）》”\d>%]) ?\(([^()<>]*[{HAN}][^()<>]*)\)"), r"（\1）"),
    (re.compile(rf"(?<=[{HAN}）》”])(</[a-z0-9]+>)?: ?(?!//)"), r"\1："),
    (re.compile(rf"(?<=[{HAN}）》”\d])(</[a-z0-9]+>)?, (?={TAGS}[{HAN}“《])"), r"\1，"),
    (re.compile(rf"(?<=[{HAN}）》”\d])(</[a-z0-9]+>)?; (?={TAGS}[{HAN}“《])"), r"\1；"),
    (re.compile(rf"([{CLOSING}](?:</[a-z0-9]+>)*)[ \n\t]+(?!{TAGS}[·→])"), r"\1"),
    (re.compile(rf"(?<![·→\s])[ \n\t]+(?=(?:<[a-z][^>]*>)*[{OPENING}])"), ""),
]


@register.filter("typeset")
def typeset_page(page: str) -> SafeString:
    chinese = (get_language() or "").startswith("zh")
    return mark_safe(typeset(page, chinese))  # noqa: S308  # nosec B308  templates escaped it


def typeset(page: str, chinese: bool) -> str:
    """A page, or a part of one, as it is sent."""
    parts = AS_IT_STANDS.split(page)
    parts[::2] = [_set(part, chinese) for part in parts[::2]]
    return "".join(parts)


def _set(text: str, chinese: bool) -> str:
    text = TOGETHER.sub(lambda found: found[0].replace(" ", NBSP), MARGIN.sub("\n", text))
    text = APOSTROPHE.sub(lambda found: found[0] if found[0][0] == "<" else "’", text)
    for pattern, instead in CHINESE if chinese else ():
        text = pattern.sub(instead, text)
    return text
