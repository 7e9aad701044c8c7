"""The charts: true to their figures, safe with hostile words, dressed by class inline and by attribute
standalone; and as PNG, whose words are drawn by the fonts that come along, not by whatever the machine has.
"""

import datetime
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from scorecard import charts
from scorecard.charts import DRESS, direction, lines, number, outline, pictures, polyline, share, thinned

START = datetime.date(2025, 1, 21)
HOSTILE = '"><script>alert(1)</script>&\x27]]>'
WORDS = lines.Words(HOSTILE, "for", "against", "start", "acts", "−40", "−60 to −20")
STYLESHEET = Path(lines.__file__).parents[1] / "pages" / "static" / "pages" / "scorecard.css"


def run(scores):
    return lines.Run(START, scores, [score - 10 for score in scores], [score + 10 for score in scores])


def tick(day):
    return day.isoformat()


def drawn(standalone=False, **changes):
    scores = [-index / 10 for index in range(400)]
    acts = [
        lines.Act(START + datetime.timedelta(days=30), -1, 4, HOSTILE, f"/events/{HOSTILE}/", 1),
        lines.Act(START + datetime.timedelta(days=31), 1, 5, "a law", "/events/law/", 2),
        lines.Act(START + datetime.timedelta(days=32), 0, 1, "a speech", "/events/speech/", None),
    ]
    blind = [
        lines.Blind(START + datetime.timedelta(days=300), START + datetime.timedelta(days=399), "no\ncoding")
    ]
    coded = START + datetime.timedelta(days=300)
    return lines.series(
        run(scores), acts, WORDS, tick, coded_to=coded, blind=blind, standalone=standalone, **changes
    )


def every_chart():
    flat = run([0.0] * 40)
    coded = START + datetime.timedelta(days=20)
    return {
        "series": drawn().svg(HOSTILE),
        "narrow": drawn(frame=lines.NARROW).svg(HOSTILE),
        "standalone": drawn(standalone=True).svg(HOSTILE),
        "sparkline": pictures.sparkline(flat, HOSTILE, coded_to=coded),
        "multiple": pictures.multiple(flat, HOSTILE, "m", tick, coded_to=coded),
        "effect": pictures.effect(run([-3.0, -2.0, -1.0]), HOSTILE, (HOSTILE, HOSTILE), tick),
        "bar": pictures.score_bar(-20, -40, 10, "contested", HOSTILE),
        "shares": pictures.shares_bar(20, 50, 30, HOSTILE),
        "ladder": pictures.ladder(3, HOSTILE),
        "unrated": pictures.ladder(0, HOSTILE, rated=False),
        "badge": pictures.badge(HOSTILE, HOSTILE, "down"),
        "card": pictures.card(HOSTILE, HOSTILE * 9, HOSTILE, [face(-20), face(30)]),
        "spark picture": pictures.spark_picture(flat, HOSTILE, coded),
    }


def face(score):
    return pictures.Face(HOSTILE, score, score - 20, score + 20, "unclear", "x", HOSTILE, HOSTILE)


@pytest.mark.parametrize("name", list(every_chart()))
def test_every_chart_is_well_formed_and_lets_no_hostile_word_act(name):
    svg = every_chart()[name]
    root = ElementTree.fromstring(svg)
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert "script" not in tags
    assert "style" not in tags
    for element in root.iter():
        assert not [key for key in element.attrib if key == "style" or key.startswith("on")]


@pytest.mark.parametrize(
    "name", ["series", "narrow", "sparkline", "multiple", "effect", "bar", "shares", "ladder"]
)
def test_a_chart_on_a_page_is_an_image_with_a_text_alternative(name):
    root = ElementTree.fromstring(every_chart()[name])
    assert root.get("role") == "img"
    assert root.get("aria-label") == HOSTILE


def test_a_chart_that_holds_links_is_a_named_group_and_keeps_them_out_of_the_tab_order():
    root = ElementTree.fromstring(drawn().svg("Trust", links=True))
    assert (root.get("role"), root.get("aria-label")) == ("group", "Trust")
    assert all(link.get("tabindex") == "-1" for link in root.iter("a"))
    assert len(list(root.iter("a"))) == 3
    assert [child.get("aria-hidden") for child in root if child.tag != "defs"] == ["true"]


def test_each_class_of_a_chart_is_in_the_stylesheet():
    styles = STYLESHEET.read_text(encoding="utf-8")
    missing = [name for name in DRESS if not re.search(rf"\.{name}\b", styles)]
    assert missing == []


def test_a_standalone_chart_carries_its_colours_in_attributes_and_needs_no_stylesheet():
    svg = drawn(standalone=True).svg("Trust")
    assert "class=" not in svg
    assert 'fill="#D55E00"' in svg
    assert "<a " not in svg


def test_the_line_is_dashed_after_the_last_coded_day():
    assert 'class="dashed"' in drawn().svg("Trust")
    whole = lines.series(run([1.0, 2.0]), [], WORDS, tick, coded_to=START + datetime.timedelta(days=9))
    assert 'class="dashed"' not in whole.svg("Trust")


def test_a_change_of_method_is_marked_off_on_the_line():
    turns = [lines.Turn(START + datetime.timedelta(days=100), "Method 1.1"), lines.Turn(START, "Method 1.0")]
    svg = lines.series(run([1.0] * 200), [], WORDS, tick, coded_to=START, turns=turns).svg("Trust")
    assert "Method 1.1" in svg
    assert "Method 1.0" not in svg


def test_the_mark_of_a_score_stands_where_the_axis_puts_it():
    svg = pictures.score_bar(50, 40, 60, "advancing", "x", width=240, height=28)
    pad, width = 14, 240 - 28
    assert f'd="{outline("up", pad + width * 0.75, 14, 14)}"' in svg


def test_a_label_is_told_by_shape_and_not_by_colour_alone():
    shapes = {
        label: re.search(r'class="mark[^"]*" d="([^"]*)"', pictures.score_bar(0, -1, 1, label, "x")).group(1)
        for label in ("advancing", "undermined", "contested", "unclear")
    }
    assert len(set(shapes.values())) == 4


def test_the_three_shares_fill_the_bar():
    root = ElementTree.fromstring(pictures.shares_bar(20.0, 50.0, 30.0, "x"))
    widths = [
        float(element.get("width")) for element in root if element.get("class") in ("down", "open", "up")
    ]
    assert widths == [20.0, 50.0, 30.0]


def test_an_ask_that_is_not_rated_is_hatched_and_shows_no_step():
    svg = pictures.ladder(0, "x", rated=False)
    assert "hatch" in svg
    assert "rung" not in svg


def test_pins_that_would_touch_move_apart():
    acts = [lines.Act(START + datetime.timedelta(days=50), 1, 4, "x", "/", pin) for pin in (1, 2, 3)]
    svg = lines.series(run([0.0] * 400), acts, WORDS, tick, coded_to=START).svg("x")
    heights = [float(value) for value in re.findall(r'class="pin" cx="[^"]*" cy="([^"]*)"', svg)]
    assert len(heights) == 3
    assert all(abs(a - b) >= 17 for index, a in enumerate(heights) for b in heights[:index])


def titled(scores, *acts, **more):
    """(x, y, words) of each row of a title on the chart, and the picture."""
    marks = [
        lines.Act(START + datetime.timedelta(days=day), way, 4, "x", f"/events/{label[:3]}/", pin, label)
        for pin, (day, way, label) in enumerate(acts, 1)
    ]
    svg = lines.series(run(scores), marks, WORDS, tick, coded_to=START, **more).svg("x", links=True)
    inside = "".join(re.findall(r'<a href="/events/[^"]*" tabindex="-1">((?:<text.*?</text>)+)</a>', svg))
    rows = re.findall(r'<text class="small" y="([\d.]+)" x="([\d.]+)">([^<]*)</text>', inside)
    return [(float(x), float(y), words) for y, x, words in rows], svg


STEP = [0.0] * 100 + [60.0] * 300


def test_the_act_behind_a_move_is_named_on_the_chart_and_no_line_runs_through_its_words():
    rows, svg = titled(STEP, (100, 1, "A law that the whole country spoke about for a year"))
    assert " ".join(words for _x, _y, words in rows) == "A law that the whole country spoke about for a year"
    assert len(rows) > 1
    places = [
        (float(x), float(y)) for x, y in re.findall(r'<circle class="pin" cx="([\d.]+)" cy="([\d.]+)"', svg)
    ]
    frame, days_ = lines.WIDE, len(STEP) - 1
    across = (frame.width - frame.left - frame.right) / days_
    for x, y, words in rows:
        wide = charts.measured(words, 11)
        for day, score in enumerate(STEP):
            at = frame.left + day * across, frame.top + frame.plot * (100 - score) / 200
            assert not (x <= at[0] <= x + wide and y - 11 <= at[1] <= y + 3), words
        assert all(abs(place[1] - y) > 8 or not x <= place[0] <= x + wide for place in places)


def test_titles_of_a_chart_never_lie_over_each_other_and_what_fits_nowhere_is_left_to_the_list():
    crowd = [
        (100 + 3 * place, 1, f"Act number {place} of a month in which very much happened")
        for place in range(9)
    ]
    rows, svg = titled(STEP, *crowd)
    assert svg.count('class="pin"') == 9
    named = {words.split()[2] for _x, _y, words in rows if words.startswith("Act number")}
    assert 1 <= len(named) < 9
    boxes = [(x, y - 10, x + charts.measured(words, 11), y + 2) for x, y, words in rows]
    for place, one in enumerate(boxes):
        for other in boxes[:place]:
            apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            assert apart, (one, other)


def test_a_phone_and_a_chart_without_pins_name_no_act():
    assert titled(STEP, (100, 1, "A law"), frame=lines.NARROW)[0] == []
    assert titled(STEP)[0] == []


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (-0.04, "-0"), (1.25, "1.2"), (10.0, "10"), (-3.96, "-4")]
)
def test_numbers_in_a_path_are_short(value, text):
    assert number(value) == text


def test_a_path_of_relative_steps_ends_where_its_points_end():
    points = [(0.0, 0.0), (1.04, 2.06), (2.08, -1.0), (2.49, -0.52), (3.12, 7.77), (3.12, 7.77), (9.99, 7.77)]
    figure = r"-?(?:\d+\.\d|\d+|\.\d)"
    path = polyline(points)
    assert re.fullmatch(rf"M0 0(?:l{figure} ?{figure}|[hv]{figure})+", path)
    assert path.endswith("h6.9")
    assert "l.4.5" in path
    steps = re.findall(rf"l({figure}) ?({figure})", path) + re.findall(rf"h({figure})()", path)
    x, y = (sum(float(step[axis] or 0) for step in steps) for axis in (0, 1))
    assert x == pytest.approx(10.0)
    assert y == pytest.approx(7.8)


def test_thinning_keeps_every_corner_that_a_reader_can_see():
    points = [(float(x), 0.0 if x < 50 else 10.0) for x in range(100)]
    kept = thinned(points)
    assert kept == [(0.0, 0.0), (49.0, 0.0), (50.0, 10.0), (99.0, 10.0)]


@pytest.mark.parametrize(("value", "expected"), [(-150, 0.0), (-100, 0.0), (0, 0.5), (100, 1.0), (101, 1.0)])
def test_nothing_is_drawn_off_the_axis(value, expected):
    assert share(value, -100, 100) == expected


@pytest.mark.parametrize(("value", "word"), [(0.4, "even"), (-0.4, "even"), (0.6, "up"), (-0.6, "down")])
def test_a_score_that_reads_zero_has_no_direction(value, word):
    assert direction(value) == word


def test_long_titles_wrap_between_words_and_between_chinese_letters():
    assert pictures.wrapped("one two three", 60, 10) == ["one two", "three"]
    assert pictures.wrapped("互信自二零二五年起受挫", 50, 10) == ["互信自二零", "二五年起受", "挫"]


def numbered(number):
    return pictures.Face(f"Number {number}", 10.0, -20.0, 40.0, "unclear", "+10", "−20 to +40", "Unclear")


def test_the_fonts_are_where_pictures_look_for_them():
    assert sorted(path.name for path in pictures.FONTS.glob("*.otf")) == [
        "NotoSansSC-Bold.otf",
        "NotoSansSC-Regular.otf",
    ]


@pytest.mark.parametrize(
    "headline", ["Of the twelve recommendations, one is unclear.", "七项建议中，一项不明。"]
)
def test_a_card_shows_its_words(headline):
    faces = [numbered(number) for number in range(1, 13)]
    told = pictures.render(pictures.card("Estuary", headline, "As of today", faces))
    untold = pictures.render(pictures.card("", "", "", faces))
    assert len(told) > len(untold) + 1000


def test_more_scores_than_fit_end_in_three_dots():
    drawn = {
        number: pictures.card("Estuary", "A finding", "Today", [numbered(each) for each in range(number)])
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
