"""What may not be parted at the end of a line, and Chinese signs in full width."""

import pytest

from scorecard.templatetags.site import typeset


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("35 % of 480 events", "35~% of 480 events"),
        ("coded 0 of 480 events", "coded 0~of~480 events"),
        ("+14 (−2 to +30)", "+14 (−2~to~+30)"),
        ("On 7 July 2026, 146 days ago", "On 7~July 2026, 146~days ago"),
        ("controls: ▼ undermines, enacted", "controls: ▼~undermines, enacted"),
        ("<a title='it's'>People&#x27;s two acts' worth</a>", "<a title='it's'>People’s two acts’ worth</a>"),
        ("<p>one\n      <b>two</b>\n\n</p>", "<p>one\n<b>two</b>\n</p>"),
        ("<pre>a\n    35 %</pre> 35 %", "<pre>a\n    35 %</pre> 35~%"),
    ],
)
def test_what_belongs_together_stays_on_one_line(page, expected):
    assert typeset(page, chinese=False) == expected.replace("~", "\N{NO-BREAK SPACE}")


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<p>不作预测。 已期满。</p>", "<p>不作预测。已期满。</p>"),
        ("<b>安全联盟。</b> 仅编码一次", "<b>安全联盟。</b>仅编码一次"),
        ("−50 (−63至−36), 受挫", "−50（−63至−36），受挫"),
        ("<b>美国</b>: 0.0, 已实施", "<b>美国</b>：0.0，已实施"),
        ("已实施（满分100） · 各自行动", "已实施（满分100） · 各自行动"),
        ("<a href='https://a/'>一</a> （二）", "<a href='https://a/'>一</a>（二）"),
        (
            '<i lang="en">Trump says “no” (again), thrice</i>',
            '<i lang="en">Trump says “no” (again), thrice</i>',
        ),
        ("2^(−d / H[力度])", "2^(−d / H[力度])"),
        ("<code>当：a, b</code>", "<code>当：a, b</code>"),
    ],
)
def test_chinese_signs_are_full_width(page, expected):
    assert typeset(page, chinese=True) == expected


@pytest.mark.parametrize("language", ["", "/zh-hans"])
@pytest.mark.parametrize("words", ["7 July", "35 % of 60", "出口, 管制 (芯片)", "贸易： 关税"])
def test_a_form_gives_a_reader_back_what_was_written(client, seeded, language, words):
    page = client.get(f"{language}/events/", {"q": words}).content.decode()
    assert f'value="{words}"' in page


def test_chinese_words_on_an_english_page_are_left_as_they_are():
    assert typeset("<a>第一财经 (上海), 科技日报</a>", chinese=False) == "<a>第一财经 (上海), 科技日报</a>"
