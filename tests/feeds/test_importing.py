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


SHEET = "url,title,publisher,date\nhttps://desk.example/b,{},Desk,{}\n"


def test_a_line_break_inside_a_quoted_cell_is_a_space_and_no_word_is_glued(a_file):
    imported(a_file("a.csv", SHEET.format('"Export\r\ncontrols\u2028lifted"', "2026-11-16")))
    assert Article.objects.get().title == "Export controls lifted"
    imported(
        a_file(
            "b.csv",
            SHEET.format("Export controls lifted", "2026-11-16").replace("https://desk.example/b", ""),
        )
    )
    imported(
        a_file(
            "c.csv",
            SHEET.format('"Export\ncontrols lifted"', "2026-11-16").replace("https://desk.example/b", ""),
        )
    )
    assert Article.objects.count() == 2


def test_sheets_of_chinese_offices_and_other_delimiters_are_read(tmp_path):
    text = SHEET.format("中美签署人工智能协议", "2026-11-16").replace(",", ";").replace("title", "TITLE")
    (tmp_path / "a.csv").write_bytes(text.encode("gb18030"))
    said = imported(str(tmp_path / "a.csv"))
    assert said == "1 articles added, 0 known already.\nThe file was read as GB18030."
    assert Article.objects.get().title == "中美签署人工智能协议"


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_our_own_export_comes_back_and_what_it_says_beside_is_named(a_file, tmp_path, form):
    imported(a_file("a.jsonl", json.dumps(GOOD | {"title": "'=1+1 says '", "date": "2026-11-16"})))
    path = str(tmp_path / f"out.{form}")
    call_command("export", "articles", format=form, output=path)
    said = imported(path)
    assert said.startswith(
        "0 articles added, 1 known already.\nPassed over, as they say nothing of an article: id, "
    )
    Article.objects.all().delete()
    imported(path)
    assert Article.objects.get().title == "'=1+1 says '"


@pytest.mark.parametrize(
    ("title", "date", "reason"),
    [
        ("Act", "1970-01-01", "line 2: date: '1970-01-01' lies before 1990 or after tomorrow"),
        ("Act", "2999-01-01", "line 2: date: '2999-01-01' lies before 1990"),
        ("Act", "2026-13", "line 2: date: '2026-13' is none"),
        ("Act", "2026-02-30", "line 2: date: '2026-02-30' is none"),
        ('"Act', "", "line 2: a quotation mark is opened here and never closed"),
        ("Act, second", "", "line 2: 5 cells; the first line names 4 columns"),
        ("A\x07ct", "", "line 2: title, character 2: U.0007 is a control character; delete it"),
    ],
)
def test_a_faulty_sheet_keeps_nothing_and_names_its_line(a_file, title, date, reason):
    with pytest.raises(CommandError, match=f"nothing was imported.\n{reason}"):
        imported(a_file("a.csv", SHEET.format(title, date)))
    assert not Article.objects.exists()


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
        ('{"title": "T", "title": "U", "url": "https://a.example/"}', "'title': given twice"),
        (
            '{"title": "T\\ud800", "url": "https://a.example/"}',
            "U.D800 is half of a surrogate pair; delete it",
        ),
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
