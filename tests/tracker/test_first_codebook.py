"""The first codebook says what the code knew by heart before: compared once, name by name, while both stand."""

import json

import pytest
from django.conf import settings
from django.utils.translation import override

from scorecard import vocabulary
from scorecard.method import delivery
from scorecard.method.columns import ASK_SLUGS
from scorecard.pages import frame, sides
from scorecard.pages.views import explain
from scorecard.pages.views.recommendations import COMPARED
from tracker import codebook as books
from tracker import record, vocabulary
from tracker.desk import keys

BOOK = books.load(settings.BASE_DIR / "seeds")
VERSIONS = (*BOOK.earlier, BOOK)


def said(words_, language):
    with override(language):
        return str(words_)


@pytest.mark.parametrize("book", VERSIONS, ids=lambda book: book.version)
def test_lists_are_those_of_the_code(book):
    assert (book.slugs, book.asks, book.start) == (record.RECOMMENDATIONS, ASK_SLUGS, record.START)
    assert {slug: book.ask_slugs(slug) for slug in book.slugs} == record.ASKS
    assert book.actor_slugs == record.ACTORS
    assert book.keys() == keys.ACTOR_KEYS
    assert (book.compared, book.beside) == (delivery.BOTH, COMPARED)
    assert tuple(book.certainties) == record.CERTAINTIES
    assert {number: str(term.name) for number, term in book.strengths.items()} == record.STRENGTHS
    for recommendation, ask in book.asks:
        assert book.ask(recommendation, ask).mode == delivery.MODES[recommendation][ask]
        assert book.ask(recommendation, ask).actors == delivery.actors_of(recommendation, ask)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_words_are_those_of_the_pages(language):
    for one in BOOK:
        assert one.short.in_(language) == said(vocabulary.SHORT_NAMES[one.slug], language)
    for actor in BOOK.actors:
        assert actor.name.in_(language) == said(vocabulary.ACTORS[actor.slug], language)
    for slug, name in vocabulary.SHORT_ACTORS.items():
        assert BOOK.actor(slug).short.in_(language) == said(name, language)
    for number, term in BOOK.strengths.items():
        assert term.name.in_(language) == said(vocabulary.STRENGTHS[number], language)
        assert term.help.in_(language) == said(vocabulary.STRENGTH_HELP[number], language)
    for slug, term in BOOK.certainties.items():
        assert term.name.in_(language) == said(vocabulary.CERTAINTIES[slug], language)
        assert term.help.in_(language) == said(vocabulary.CERTAINTY_HELP[slug], language)
    with override(language):
        told = [
            part
            for section in explain.about_sections()
            for part in (section["title"], *section["paragraphs"])
        ]
        assert BOOK.prose("lede", language).strip() == explain.lede()
        assert [f"- {limit}" for limit in explain.limits()] == BOOK.prose("limits", language).splitlines()
    assert [part.removeprefix("## ").strip() for part in BOOK.prose("about", language).split("\n\n")] == told


def test_words_are_those_of_the_desk():
    assert {one.slug: str(one.short) for one in BOOK} == {
        slug: str(name) for slug, name in vocabulary.SHORT.items()
    }
    assert {actor.slug: str(actor.short) for actor in BOOK.actors} == {
        slug: str(name) for slug, name in vocabulary.ACTORS.items()
    }
    for one in BOOK:
        before = [str(rule).replace("`", "") for rule in vocabulary.RULES[one.slug]]
        assert [str(rule) for rule in one.rules][: len(before)] == before


def test_recommendations_are_those_of_the_seeds():
    told = json.loads((settings.BASE_DIR / "seeds/recommendations.json").read_text("utf-8"))[
        "recommendations"
    ]
    for raw, one in zip(told, BOOK, strict=True):
        for name in ("name", "summary", "advances", "undermines"):
            text = getattr(one, name)
            assert (raw[f"{name}_en"], raw[f"{name}_zh"]) == (text.in_("en"), text.in_("zh-hans"))
        for old, ask in zip(raw["asks"], one.asks, strict=True):
            assert (old["slug"], old["mode"], tuple(old["actors"])) == (ask.slug, ask.mode, ask.actors)
            assert (old["name_en"], old["name_zh"]) == (ask.name.in_("en"), ask.name.in_("zh-hans"))
            told_ask = (ask.description.in_("en"), ask.description.in_("zh-hans"))
            assert (old["description_en"], old["description_zh"]) == told_ask


def test_sides_are_those_of_the_pages():
    articles = (settings.BASE_DIR / "seeds/articles.jsonl").read_text("utf-8").split("\n")
    urls = [json.loads(line)["url"] for line in articles if line]
    urls += [f"https://www.{host}/x" for host in (*sides._US, *sides._CHINA, *sides._THIRD)]
    urls += [f"https://a.{ending}" for ending in (*sides._GENERIC, "fr", "uk", "edu", "cn", "example")]
    urls += ["", "https://[", "mailto:a@b.fr", "https://gov.cn./"]
    assert [BOOK.side_of(url) for url in urls] == [sides.side(url) for url in urls]
    assert frame.OPED["url"] == BOOK.source.url
    assert BOOK.source.title in frame.OPED["name"]
