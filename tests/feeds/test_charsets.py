"""Bytes to text: by what people write, whatever headers, declarations and detectors say."""

import pytest

from feeds import parsing
from feeds.parsing import charsets

TEXTS = {
    "gb18030": ("中美人工智能政府间对话", "商务部回应美国芯片出口限制措施", "香港"),
    "big5hkscs": ("香港啲AI監管嘅法例", "美國國會通過法案限制對華投資"),
    "cp932": ("米中AI対話を再開へ", "首相、半導体の輸出規制について会見"),
    "euc-jp": ("米中AI対話を再開へ", "首相、半導体の輸出規制について会見"),
    "cp949": ("미국과 중국, 인공지능 대화 재개하기로", "반도체 수출 규제에 대한 정부 발표"),
    "koi8-r": ("Россия и Китай обсудили правила", "Сенат принял закон"),
    "cp1251": ("Россия и Китай обсудили правила", "Сенат принял закон"),
    "cp1252": (
        "New rule—China’s answer",
        "Règlement européen : l’accord trouvé à Genève",
        "Größere Änderungen für Händler",
    ),
}
SAMPLES = [(charset, text) for charset, texts in TEXTS.items() for text in texts]
LIES = ("", "utf-8", "iso-8859-1", "gb2312")


def document(text, declared=""):
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else "<?xml version='1.0'?>"
    item = f"<item><title>{text}</title><guid>1</guid></item>"
    return f"{head}<rss version='2.0'><channel><title>D</title>{item}</channel></rss>"


def title(body, content_type="text/xml"):
    (entry,) = parsing.parse(body, content_type=content_type).entries
    return entry.title


@pytest.mark.parametrize(("charset", "text"), [*SAMPLES, ("utf-8", "中美对话"), ("utf-8", "Règlement")])
@pytest.mark.parametrize("declared", LIES)
@pytest.mark.parametrize("sent", ["", "utf-8", "ISO-8859-1"])
def test_a_title_is_read_whatever_is_said_of_its_charset(charset, text, declared, sent):
    if (charset, text) == ("gb18030", "香港") and (declared != "gb2312"):
        pytest.skip("two characters alone tell nothing")
    if declared == "gb2312" and charset in ("koi8-r", "cp1251") and len(text) < 20:
        pytest.skip("three words against a declaration")
    body = document(text, declared).encode(charset)
    assert title(body, f"text/xml; charset={sent}" if sent else "text/xml") == text


@pytest.mark.parametrize(
    "declared", ["big5", "BIG5", "x-x-big5", "Big5-HKSCS", "gb18030", "windows-31j", "euc-kr", "windows-1251"]
)
def test_a_declaration_that_is_right_is_enough(declared):
    charset = charsets.WIDER.get(declared.lower(), declared.lower())
    text = {
        "big5hkscs": "香港",
        "big5-hkscs": "香港",
        "gb18030": "芯片",
        "cp932": "対話",
        "cp949": "대화",
        "cp1251": "Закон",
    }[charset]
    assert title(document(text, declared).encode(charset)) == text


def test_single_bytes_of_windows_inside_utf8_are_their_letters():
    body = document("中国 and the court@s “ruling”").encode().replace(b"@", b"\x92")
    assert title(body) == "中国 and the court’s “ruling”"


def test_one_broken_character_does_not_change_the_charset_of_the_rest():
    body = document("中美人工智能政府间对话", "utf-8").encode()
    assert title(body.replace("政".encode(), b"\xe6\x94")) == "中美人工智能�府间对话"
    body = document("中美人工智能政府间对话", "gb2312").encode("gb18030")
    assert title(
        body[: body.index("间".encode("gb18030"))] + b"\xff" + body[body.index("间".encode("gb18030")) :]
    ).startswith("中美人工智能政府")


@pytest.mark.parametrize(
    "charset", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "iso-2022-jp"]
)
def test_wide_and_marked_documents_are_read(charset):
    assert title(document("米中対話を再開", "utf-16").encode(charset)) == "米中対話を再開"


def test_text_that_was_encoded_twice_is_put_right():
    once = "China’s “AI rule” – café"
    twice = once.encode().decode("cp1252", "replace").replace("\ufffd", "\x9d")
    assert title(document(twice).encode()) == once
    assert title(document("Élysée «É» café»").encode()) == "Élysée «É» café»"


def test_a_json_feed_in_gbk_is_read():
    body = '{"title": "D", "items": [{"id": "1", "title": "中美人工智能政府间对话"}]}'.encode("gbk")
    assert title(body, "application/json") == "中美人工智能政府间对话"
    assert title(body.decode("gbk").encode("utf-16"), "application/json") == "中美人工智能政府间对话"


@pytest.mark.parametrize("broken", [b"\xed\xa0\x80", b"\x93", b"\xe4\xb8", b"\xff"])
@pytest.mark.parametrize(
    "words", ["A guide 🐧", "Family—reunification’s Ukraine–Russia talks", "人工智能监管"]
)
def test_a_few_broken_bytes_make_no_other_charset_of_utf_8(broken, words):
    """Found by the fuzzer: one broken character made Windows' or Chinese letters of a document's emoji and dashes."""
    body = (
        b'<?xml version="1.0" encoding="UTF-8"?><rss>' + words.encode() + b" and " + broken + b" then</rss>"
    )
    text, charset = charsets.decoded(body)
    assert (words in text, charset) == (True, "utf-8")


def test_two_halves_of_an_emoji_written_byte_by_byte_are_the_emoji():
    assert charsets.decoded("芯片".encode() + b" \xed\xa0\xbd\xed\xb8\x80 x")[0] == "芯片 😀 x"
