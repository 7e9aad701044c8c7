"""The longer words of the explaining pages, in the reader's language."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext

from scorecard.method import parameters as method_parameters
from scorecard.pages import parameter_words


def lede() -> str:
    return gettext(
        "On 21 January 2025 Alvin Wang Graylin and Paul Triolo closed an essay with seven recommendations "
        "for Washington, Beijing and everyone else. This scorecard follows what has been done about each, "
        "act by act."
    )


def about() -> list[dict[str, Any]]:
    """The sections of the about page."""
    return [
        _section(
            "what",
            gettext("What it measures"),
            gettext(
                "Which way public acts point, and how far they go from words to operation. It does not "
                "measure whether the recommendations are right, nor how large an act is: a state law and a "
                "global chip rule weigh the same."
            ),
        ),
        _section(
            "coders",
            gettext("Who codes"),
            gettext(
                "Analysts code every event by a public codebook. Software proposes, in words that can be "
                "read, and never decides: nothing counts before a person has accepted it."
            ),
            gettext(
                "The record up to 7 July 2026 was imported as a first coding. Its second, blind coding has "
                "not been measured yet, and its Chinese titles and summaries have not been reviewed."
            ),
        ),
        _section(
            "corrections",
            gettext("Corrections"),
            gettext(
                "Nothing is overwritten. A correction is a new version with its date and reason; the old "
                "figures stay readable by asking for the day on which they were known. All changes are "
                "listed and can be followed by feed."
            ),
        ),
        _section(
            "contact",
            gettext("Contact"),
            gettext(
                "Every event page says how to dispute its coding. Whoever runs this copy of the scorecard "
                "answers for it; the address of the operator is in the settings of the service."
            ),
        ),
        _section(
            "money",
            gettext("Funding and conflicts of interest"),
            gettext(
                "The scorecard takes no money from the actors it measures. It is not affiliated with the "
                "authors of the essay or with its publisher."
            ),
        ),
        _section(
            "privacy",
            gettext("What is kept of readers"),
            gettext("Nothing: no cookies, no scripts of others, no trackers."),
        ),
    ]


def _section(key: str, title: str, *paragraphs: str) -> dict[str, Any]:
    return {"key": key, "title": title, "paragraphs": paragraphs}


def parameters() -> list[dict[str, str]]:
    """Every parameter of the method with its value and the reason for it."""
    return [
        {
            "name": str(parameter_words.NAMES[item["name"]]),
            "value": _value(item["value"]),
            "reason": str(parameter_words.REASONS[item["name"]]),
        }
        for item in method_parameters.describe()["parameters"]
    ]


def _value(value: Any) -> str:
    """One number or several, without needless decimals."""
    several = value if isinstance(value, list) else [value]
    return " · ".join(f"{number:g}" for number in several)


def sliders() -> list[dict[str, str]]:
    """The reader's own weights: name in the address, words, bounds, step and the official value."""
    official = method_parameters.method_of(None).parameters
    bounds = (
        ("contrast", gettext("Strong acts against weak ones (0: every kind weighs 1)"), 0, 2, 0.05, 1),
        ("fading", gettext("Half-lives, times"), 0.25, 4, 0.05, 1),
        ("k", gettext("k, what we do not know, in full acts"), 0.5, 8, 0.1, official.k),
        ("cap", gettext("Cap on talk, in full acts"), 0, 5, 0.1, official.talk_cap),
        ("reported", gettext("Weight of reported acts"), 0, 1, 0.05, 0.75),
        ("rumoured", gettext("Weight of rumoured acts"), 0, 1, 0.05, 0.25),
        ("netting", gettext("Reversals netted (1) or credited in full (0)"), 0, 1, 0.05, 1),
    )
    return [
        {
            "name": name,
            "words": words,
            "low": f"{low:g}",
            "high": f"{high:g}",
            "step": f"{step:g}",
            "value": f"{value:g}",
        }
        for name, words, low, high, step, value in bounds
    ]


def limits() -> list[str]:
    """What the scorecard cannot tell (METHOD.md, section 15)."""
    return [
        gettext(
            "The kind of act is measured, not its size. The record is a census of what we found, mostly in "
            "English and Chinese; the band treats it as if it were a draw."
        ),
        gettext(
            "Standing controls of before 2025 are not scored, lifting them is. A party with a large old "
            "stock can score well by easing part of it."
        ),
        gettext("A suspension with an end date ends only when somebody records that the control is back."),
        gettext(
            "The seven overlap: changes of civilian-first and trust correlate at %(value)s, so the mean of "
            "the seven counts chip controls nearly twice."
        )
        % {"value": number_format(0.8, 1)},
        gettext(
            "Errors of coding and missed links pull scores towards zero: true balances are rather farther "
            "from zero than shown."
        ),
        gettext(
            "Repeated communiqués add up: nearly half of the weight in favour of governance rests on them."
        ),
        gettext("Direction follows the essay's own theory of what helps."),
    ]


def columns() -> list[tuple[str, str]]:
    """The data dictionary of the files, in the order of their columns."""
    return [
        ("recommendation", gettext("slug of the recommendation")),
        ("date", gettext("calendar day, UTC, end of day (YYYY-MM-DD)")),
        ("score", gettext("balance, −100 to +100; 0 is where the recommendation stood on 21 January 2025")),
        ("low", gettext("lower end of the 80 % band")),
        ("high", gettext("upper end of the 80 % band")),
        (
            "then",
            gettext("the score as it was known on that day; a reconstruction before the record was opened"),
        ),
        ("coded", gettext("1 if the day is within the coded period, 0 if the score only fades")),
    ]


def services() -> list[dict[str, str]]:
    """What else can be taken: address, name, and what it is."""
    listed = (
        (
            reverse("api:export", args=["record", "jsonl"]),
            gettext("The whole record"),
            gettext("Every version of every event in the order of the log, one line of JSON each."),
        ),
        (
            reverse("api:export", args=["events", "csv"]),
            gettext("Events as a table"),
            gettext("The present state of every event as CSV."),
        ),
        (
            reverse("api:exports"),
            gettext("All downloads"),
            gettext("Every table as JSON Lines, CSV and Parquet, with the meaning of each column."),
        ),
        (
            reverse("api:editions"),
            gettext("Editions"),
            gettext("Frozen and signed copies of the record and its scores, for a citation that must last."),
        ),
        (
            reverse("api-docs"),
            gettext("API"),
            gettext(
                "Every figure on these pages, as JSON, for any day as known on any day; no key needed to "
                "read."
            ),
        ),
        (
            reverse("api:schema"),
            gettext("OpenAPI"),
            gettext("The description from which a client can be generated."),
        ),
        (
            reverse("alerts:subscribe"),
            gettext("By mail"),
            gettext("Changes of meaning at once, daily or weekly; one click ends it."),
        ),
        (
            reverse("disputes:all"),
            gettext("Disputes"),
            gettext("Every code that a reader disputed, and what became of it."),
        ),
    )
    return [{"href": href, "name": name, "words": words} for href, name, words in listed]
