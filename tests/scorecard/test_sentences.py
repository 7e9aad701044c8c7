"""Sentences are computed and true, in both languages; every string of the site has its Chinese."""

import datetime
import io
import re
import string
from pathlib import Path

import pytest
from babel.messages import extract, pofile
from django.utils import translation
from django.utils.translation.template import templatize

from scorecard import sentences, vocabulary
from scorecard.method import METHODS, describe, method_of
from scorecard.method.sensitivity import draw
from scorecard.pages.views import explain, take

ROOT = Path(sentences.__file__).parent
CATALOGUE = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
STEADY = {"from": -50.0, "to": -51.0, "new": 0.0, "ended": 0.0, "faded": -1.0, "acts": 0.0, "word": "steady"}
MAY = datetime.date(2025, 5, 14)


@pytest.mark.parametrize(
    ("value", "text"), [(51.5, "+52"), (0.5, "0"), (-0.5, "0"), (-0.51, "−1"), (-50.7, "−51"), (0, "0")]
)
def test_a_score_is_a_whole_number_with_its_sign_and_none_on_zero(value, text):
    assert sentences.signed(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.04, "0.0"), (-0.04, "0.0"), (-1.26, "−1.3"), (2.0, "+2.0")])
def test_an_effect_has_one_decimal(value, text):
    assert sentences.tenths(value) == text


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (
            ["advancing"] * 3 + ["undermined"] * 2 + ["contested"] * 2,
            "Of the seven recommendations, three are advancing, two are undermined and two are contested.",
        ),
        (
            ["unclear"] * 6 + ["advancing"],
            "Of the seven recommendations, one is advancing and six are unclear.",
        ),
        (["too little evidence"] * 7, "Of the seven recommendations, seven have too little evidence."),
    ],
)
def test_the_headline_counts_every_label(labels, text):
    assert sentences.headline(labels) == text


def test_the_headline_in_chinese_says_the_same():
    with translation.override("zh-hans"):
        labels = ["advancing"] * 3 + ["undermined"] * 2 + ["contested"] * 2
        assert sentences.headline(labels) == "七项建议中，三项推进、两项受挫、两项相持。"


def test_a_finding_names_label_month_and_the_last_ninety_days():
    text = sentences.finding("trust", "undermined", MAY, STEADY)
    assert text == "Trust: undermined since May 2025; steady over 90 days"
    rising = STEADY | {"word": "rising", "acts": 1.2}
    assert sentences.finding("trust", "undermined", MAY, rising).endswith("rising over 90 days, on few acts")


def test_without_evidence_nothing_is_claimed():
    text = sentences.finding("trust", "too little evidence", None, STEADY)
    assert text.startswith("Trust: too little evidence to say")


def test_silence_is_said_only_when_coding_is_more_than_thirty_days_behind():
    coded = datetime.date(2026, 7, 7)
    assert sentences.silence(coded, datetime.date(2026, 8, 6)) == ""
    assert "No coding since 7 July 2026" in sentences.silence(coded, datetime.date(2026, 8, 7))
    assert "starting line" in sentences.silence(None, coded)


@pytest.mark.parametrize(
    ("precision", "text"),
    [("day", "14 May 2025"), ("month", "May 2025"), ("quarter", "quarter 2 of 2025"), ("year", "2025")],
)
def test_a_date_is_told_no_finer_than_it_is_known(precision, text):
    assert sentences.when(MAY, precision) == text


def test_chinese_dates_are_written_the_chinese_way():
    with translation.override("zh-hans"):
        assert sentences.day(MAY) == "2025年5月14日"
        assert sentences.when(MAY, "quarter") == "2025年第2季度"


def test_a_chart_title_names_the_farthest_point():
    scores = [0.0, -84.0, -60.0, -50.7]
    title = sentences.chart_title("trust", scores, datetime.date(2025, 4, 1))
    assert title == "Trust stands at −51, after −84 in April 2025"
    assert "as far from zero" in sentences.chart_title("trust", [0.0, -50.0], MAY)


def test_two_actors_are_told_with_the_same_words():
    labels = {
        "us": {"trust": "undermined", "misuse": "advancing"},
        "china": {"trust": "undermined", "misuse": "unclear"},
    }
    text = sentences.pair_headline(labels)
    assert "United States advances one of the two and undermines one" in text
    assert "China advances none of the two and undermines one" in text


def test_what_one_more_law_would_do_follows_the_formula():
    text = sentences.next_law({"A": 0.0, "U": 0.0, "score": 0.0}, 0.8, 2.0)
    assert "by +28.6 today" in text
    assert "against by −28.6" in text


def test_a_list_is_joined_as_the_language_does():
    assert sentences.listed(["a"]) == "a"
    assert sentences.listed(["a", "b", "c"]) == "a, b and c"
    with translation.override("zh-hans"):
        assert sentences.listed(["甲", "乙", "丙"]) == "甲、乙、丙"


def messages():
    with CATALOGUE.open("rb") as file:
        return [message for message in pofile.read_po(file) if message.id]


def texts(message):
    """Original and translation of a message, as lists (one, or the plural forms)."""
    original = message.id if isinstance(message.id, tuple) else (message.id,)
    translated = message.string if isinstance(message.string, tuple) else (message.string,)
    return original, translated


def test_no_string_of_the_catalogue_is_without_chinese():
    assert [message.id for message in messages() if not all(texts(message)[1]) or message.fuzzy] == []


def test_translations_keep_every_placeholder_and_every_tag():
    holder = re.compile(r"%\((\w+)\)[sd]|</?[a-z]+>")
    for message in messages():
        original, translated = texts(message)
        wanted = {found.group() for found in holder.finditer(original[-1])}
        assert {found.group() for found in holder.finditer(translated[0])} == wanted, message.id


KEYWORDS = {
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}


def strings(path):
    """(context, original) of every string that a file gives to translation."""
    text = path.read_text(encoding="utf-8")
    source = text
    if path.suffix == ".html":
        # What is left of a template is no Python; without indents it still splits into its calls.
        source = "\n".join(line.strip() for line in templatize(text).splitlines())
    keywords = KEYWORDS | {"_": None} if path.suffix == ".html" else KEYWORDS
    found = extract.extract("python", io.BytesIO(source.encode()), keywords=keywords)
    for _line, message, _comments, context in found:
        first = message if isinstance(message, str) else message[0]
        if first:
            yield context, first


def test_every_string_of_templates_and_code_is_in_the_catalogue():
    known = {(message.context, texts(message)[0][0]) for message in messages()}
    files_ = [*(ROOT / "pages").rglob("*.py"), *(ROOT / "pages").rglob("*.html")]
    files_ += [ROOT / "sentences.py", ROOT / "vocabulary.py"]
    missing = {(path.name, *item) for path in files_ for item in strings(path) if item not in known}
    assert missing == set()
    assert {(None, method.summary) for method in METHODS.values()} <= known


def test_templates_hold_no_words_outside_translation():
    letters = set(string.ascii_letters)
    allowed = {"script", "noscript", "CC BY", "score", "A", "U", "k", "DOI", "SHA-256", "verify.py"}
    for path in sorted((ROOT / "pages" / "templates").rglob("*.html")):
        if path.name == "500.html":  # speaks both languages at once: nothing may run when everything fails
            continue
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"{% blocktranslate.*?endblocktranslate %}", "", text, flags=re.S)
        text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}|<[^>]*>", " ", text, flags=re.S)
        words = {word.strip(".,;:()·=/+−") for word in text.split() if set(word) & letters}
        assert words <= allowed, (path.name, words - allowed)


def test_labels_and_actors_have_words_in_both_languages():
    for language in ("en", "zh-hans"):
        with translation.override(language):
            assert all(vocabulary.label(label) for label in sentences.LABELS)
    with translation.override("zh-hans"):
        assert vocabulary.actor("us") == "美国"
        assert vocabulary.short_name("trust") == "互信"


def test_every_column_of_the_files_is_explained():
    assert [name for name, _meaning in explain.columns()] == list(take.COLUMNS)


def test_every_parameter_reason_and_what_if_of_the_method_has_words_here():
    described = describe()
    for item in described["parameters"]:
        assert str(vocabulary.REASONS[item["name"]]) == item["reason"]
        assert vocabulary.NAMES[item["name"]]
    views = "mean-of-views"  # names the views of the codebook
    assert {item["slug"] for item in described["what_ifs"]} - {views} == set(vocabulary.WHAT_IFS) - {views}
    assert set(draw(1, method_of(None).parameters, 7).factors()) == set(vocabulary.FACTORS)
