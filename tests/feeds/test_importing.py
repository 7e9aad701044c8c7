"""Articles from files: all or nothing, once, with the line of every fault."""

import io
import json

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from feeds.models import Feed
from tests.feeds.publisher import Publisher
from tests.feeds.test_polling import item, poll, rss
from tracker.models import Article

pytestmark = pytest.mark.django_db
GOOD = {"url": "https://desk.example/a", "title": "Act", "summary": "<p>Words</p>", "publisher": "Desk"}


@pytest.fixture
def a_file(tmp_path):
    def write(name, text):
        (tmp_path / name).write_text(text, "utf-8")
        return str(tmp_path / name)

    return write


def imported(path):
    out = io.StringIO()
    call_command("articles", "import", path, stdout=out)
    return out.getvalue().strip()


def test_json_lines_come_in_once(a_file):
    path = a_file("a.jsonl", json.dumps(GOOD | {"date": "2026-11-16", "lang": "en"}) + "\n\n")
    assert imported(path) == "1 articles added, 0 known already."
    assert imported(path) == "0 articles added, 1 known already."
    article = Article.objects.get()
    assert (article.summary, article.language, article.publisher) == ("Words", "en", "Desk")
    assert article.published_at.date().isoformat() == "2026-11-16"


def test_csv_comes_in_with_its_own_names_for_columns(a_file):
    text = "headline,link,source,date\n中美签署协议,https://desk.example/b,新华社,2026年11月16日\n"
    assert imported(a_file("a.csv", "\ufeff" + text)) == "1 articles added, 0 known already."
    assert Article.objects.get().language == "zh-Hans"


def test_the_labelled_articles_of_the_seeds_can_be_imported():
    assert "articles added" in imported(str(settings.BASE_DIR / "seeds" / "articles.jsonl"))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not json", "not JSON"),
        ("[]", "object"),
        ("[" * 100_000, "not JSON"),
        ('{"url": "https://a.example/"}', "title: missing"),
        ('{"title": "T"}', "url: missing"),
        ('{"title": "T", "url": "javascript:alert(1)"}', "http"),
        ('{"title": "T", "url": "https://a.example/", "date": "soon"}', "date"),
        ('{"title": {"a": 1}, "url": "https://a.example/"}', "text, not dict"),
    ],
)
def test_a_fault_keeps_nothing_and_names_its_line(a_file, line, reason):
    path = a_file("a.jsonl", json.dumps(GOOD) + "\n" + line)
    with pytest.raises(CommandError, match=f"line 2: .*{reason}"):
        imported(path)
    assert not Article.objects.exists()


def test_hostile_texts_are_kept_harmless(a_file):
    attack = GOOD | {
        "title": "A\u202e<script>x</script> title",
        "summary": "<img src=x onerror=alert(1)>Words",
    }
    imported(a_file("a.jsonl", json.dumps(attack)))
    article = Article.objects.get()
    assert (article.title, article.html) == ("A title", "Words")


def test_what_is_imported_and_then_delivered_is_one_article(a_file, settings):
    settings.FETCH_ALLOW_PRIVATE = True
    imported(a_file("a.jsonl", json.dumps(GOOD)))
    with Publisher() as publisher:
        publisher.pages["/feed"] = rss(item("a", "Act"))
        poll(Feed.objects.create(url=publisher.url("/feed")))
    assert Article.objects.count() == 1
