"""Pictures as PNG: words are drawn by the fonts that come along, not by whatever the machine has."""

import pytest

from scorecard.charts import pictures
from scorecard.charts.pictures import Face


def face(number):
    return Face(f"Number {number}", 10.0, -20.0, 40.0, "unclear", "+10", "−20 to +40", "Unclear")


def test_the_fonts_are_where_pictures_look_for_them():
    assert sorted(path.name for path in pictures.FONTS.glob("*.otf")) == [
        "NotoSansSC-Bold.otf",
        "NotoSansSC-Regular.otf",
    ]


@pytest.mark.parametrize(
    "headline", ["Of the twelve recommendations, one is unclear.", "七项建议中，一项不明。"]
)
def test_a_card_shows_its_words(headline):
    faces = [face(number) for number in range(1, 13)]
    told = pictures.render(pictures.card("Estuary", headline, "As of today", faces))
    untold = pictures.render(pictures.card("", "", "", faces))
    assert len(told) > len(untold) + 1000


def test_more_scores_than_fit_end_in_three_dots():
    drawn = {
        number: pictures.card("Estuary", "A finding", "Today", [face(each) for each in range(number)])
        for number in (12, 60)
    }
    assert drawn[12].count("Number ") == 12
    assert "…" not in drawn[12]
    assert 12 < drawn[60].count("Number ") < 20
    assert "…" in drawn[60]


def test_an_act_of_many_codes_stays_on_its_card():
    rows = [pictures.Row(f"Code {each}", "+1.0", "up", "▲") for each in range(60)]
    svg = pictures.act_card("Estuary", "A finding", "Today, all", "Today", rows)
    assert 5 < svg.count("Code ") < 20
    assert "…" in svg
