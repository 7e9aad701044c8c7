"""Chinese as `docs/chinese.md` has it: its terms, its punctuation, in the catalogues, the codebook and the instance's
own words. The table of terms is read from the document, so that it cannot say one thing and the tests another."""

import ast
import json
import re
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po
from django.utils import translation
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
KEYWORDS = DEFAULT_KEYWORDS | {"gettext_lazy": None, "gettext_noop": None}
KEYWORDS |= {"ngettext_lazy": (1, 2), "pgettext_lazy": ((1, "c"), 2)}
QUOTED = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
CALL = re.compile(
    rf"\b(n?)(p?)gettext\(({QUOTED}(?:, {QUOTED})*)"
)  # as `templatize` writes what a template asks for
GLOSSARY = (ROOT / "docs/chinese.md").read_text("utf-8")
HAN = r"[\u4e00-\u9fff]"
HALF = re.compile(rf"{HAN}[,;:!?()]|[,;:!?()]{HAN}|{HAN}\"|\"{HAN}|{HAN}'|。。|，，")
PERCENT = re.compile(r"\d %|%\((?:\w+)\)[sd] %%|百分之")
# What a forbidden word means otherwise: the word, and what stands around it where it is right.
OTHERWISE = {
    "兼有": "两者兼有",
    "其他国家": "其他国家和地区",
    "盲编": "盲编码|第二次盲编|待盲编|开始盲编|他人盲编|还能盲编",  # as a verb, on the desk
    "代码": "嵌入此卡片的代码|代码：Apache",  # of a program
    "公开": "公开页面|不会公开|公开的|公开行动|公开网页|公开记录",  # public, of pages and addresses
    "结束": "已结束|才算结束|结束时间|Esc 结束|当日结束时",  # of a task and of pressing keys
    "词语": "标题中的词语|词语，或",  # what is typed into a search
    "抽样": "一次抽样",  # the band treats the record as one
    "动作": "行动作出",  # two words
    "反对": "例反对",  # of cases that speak against a coding
    "接受": "暂不接受新的异议|本记分卡不接受",
}
# The hint of a title in Chinese, and names that other people gave.
FOREIGN = re.compile(r"https?://\S+|[\w./?=&+-]+@[\w.-]+|<[^>]*>|`[^`]*`")


def terms():
    """(English terms, words that must not stand for them) of each row of the glossary."""
    for line in GLOSSARY.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 7 and cells[1].isdigit():
            english = re.split(r"[,;/]", re.sub(r"\(.*?\)", "", cells[2]))
            words = re.split(r"[,;]", re.sub(r"\(.*?\)", "", cells[5]))
            yield (
                [term.strip() for term in english if len(term.strip()) > 2],
                [word.strip() for word in words if re.fullmatch(f"{HAN}+", word.strip())],
            )


def never():
    """Words that stand for nothing on this site."""
    section = GLOSSARY.partition("## Never")[2].partition("\n## ")[0]
    return re.findall(rf"`({HAN}+)`", section)


def messages(app, *, context=True):
    path = ROOT / app / "locale/zh_Hans/LC_MESSAGES/django.po"
    with path.open("rb") as file:
        for message in read_po(file, locale="zh_Hans"):
            if message.id and (context or not message.context):
                english = message.id if isinstance(message.id, str) else message.id[0]
                chinese = message.string if isinstance(message.string, str) else message.string[0]
                yield english, chinese


def spoken(value):
    """(English, Chinese) of every text of the codebook."""
    if isinstance(value, dict) and "zh-hans" in value:
        yield value["en"], value["zh-hans"]
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from spoken(each)


def of_the_instance():
    yield from spoken(json.loads((ROOT / "seeds/codebook.json").read_text("utf-8")))
    for path in sorted((ROOT / "seeds/prose/zh-hans").glob("*.md")):
        # A whole page holds most terms of the glossary: only what stands for nothing is looked for in it.
        yield "", path.read_text("utf-8")


SOURCES = {app: lambda app=app: messages(app) for app in ("scorecard", "tracker", "feeds")}
SOURCES["seeds"] = of_the_instance


@pytest.mark.parametrize("source", SOURCES)
def test_a_term_of_the_glossary_has_no_other_words(source):
    rows, banned = list(terms()), never()
    assert len(rows) == 70
    assert len(banned) > 10
    found = []
    for english, chinese in SOURCES[source]():
        wrong = [word for word in banned if word in chinese]
        for names, words in rows:
            if any(re.search(rf"\b{re.escape(name)}s?\b", english, re.IGNORECASE) for name in names):
                wrong += [word for word in words if word in re.sub(OTHERWISE.get(word, "$^"), "", chinese)]
        found += [f"{word}: {chinese[:60]} ({english[:60]})" for word in wrong]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("source", SOURCES)
def test_chinese_has_full_width_punctuation_and_nothing_is_missing(source):
    found = []
    for english, chinese in SOURCES[source]():
        bare = FOREIGN.sub("", re.sub(r"\]\([^)]*\)", "]", chinese))
        if not chinese or HALF.search(bare) or PERCENT.search(bare):
            found.append(f"{chinese[:80]!r} ({english[:60]})")
    assert not found, "\n".join(found)


def marked(app):
    """(where, context, English) of every message that the code and the templates of an app ask for."""
    for path in sorted((ROOT / app).rglob("*")):
        if path.suffix == ".py" and "migrations" not in path.parts:
            with path.open("rb") as file:
                for line, message, _comments, context in extract("python", file, KEYWORDS):
                    yield f"{path.name}:{line}", context, message if isinstance(message, str) else message[0]
        elif path.suffix in (".html", ".txt", ".xml") and "templates" in path.parts:
            for _number, context, given in CALL.findall(
                templatize(path.read_text("utf-8"), origin=str(path))
            ):
                words = [ast.literal_eval(word) for word in re.findall(QUOTED, given)]
                yield path.name, words[0] if context else None, words[1 if context else 0]


@pytest.mark.parametrize("app", ["scorecard", "tracker", "feeds"])
def test_every_word_that_is_shown_has_its_chinese(app):
    known = set()
    for each in ("scorecard", "tracker", "feeds"):
        with (ROOT / each / "locale/zh_Hans/LC_MESSAGES/django.po").open("rb") as file:
            for one in read_po(file, locale="zh_Hans"):
                known.add((one.context, one.id if isinstance(one.id, str) else one.id[0]))
    asked = list(marked(app))
    assert len(asked) > 300
    with translation.override("zh-hans"):  # Django brings some words of its own
        missing = {
            f"{english[:90]} ({where})"
            for where, context, english in asked
            if (context, english) not in known and translation.gettext(english) == english
        }
    assert not missing, "\n".join(sorted(missing))


def test_no_page_shows_what_another_app_means_by_the_same_words():
    """Django joins the catalogues, and the first app that translates a message wins: what the desk calls something
    must not stand on a page of the scorecard."""
    found = {app: dict(messages(app, context=False)) for app in ("tracker", "feeds", "scorecard")}
    pages = "".join(
        path.read_text("utf-8")
        for folder in ("pages", "templates", "alerts")
        for path in (ROOT / "scorecard" / folder).rglob("*")
        if path.suffix in (".py", ".html")
    )
    pages += "".join(path.read_text("utf-8") for path in (ROOT / "scorecard").glob("*.py"))
    marks = ('gettext("{}"', '_("{}"', 'translate "{}"', "%}}{}{{%")
    shown = [words for words in found["scorecard"] if any(mark.format(words) in pages for mark in marks)]
    assert len(shown) > 500
    overruled = {
        words: (found[other][words], found["scorecard"][words])
        for other in ("tracker", "feeds")
        for words in shown
        if found[other].get(words, found["scorecard"][words]) != found["scorecard"][words]
    }
    assert overruled == {}
