"""Bytes of an unknown charset to UTF-8 bytes that say so themselves. Pure.

The order: byte order mark, the charset of the HTTP header, the XML declaration, strict UTF-8, GB18030. Each
is only believed when the bytes agree; a GBK feed that says UTF-8, or the other way round, is common.
"""

import codecs
import re

DECLARATION = re.compile(
    rb"^\s*<\?xml[^>]{0,200}?\bencoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"'][^>]{0,200}?\?>"
)
HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Only these are ever tried: Python knows codecs (punycode, idna, rot13, zip) that are not for feeds.
KNOWN = re.compile(
    r"utf-?8|utf-?16(-?[lb]e)?|utf-?32(-?[lb]e)?|us-ascii|ascii|iso-?8859-?\d{1,2}|latin-?1|windows-?125\d|cp125\d"
    r"|gb2312|gbk|gb18030|gb_2312-80|hz-gb-2312|big5(-?hkscs)?|euc-?(jp|kr|tw)|shift[-_]?jis|sjis|iso-2022-(jp|kr)"
    r"|koi8-?[ru]|macintosh|mac-?roman|tis-?620|cp949|ks_c_5601-1987|x-sjis|x-gbk|cp936|windows-31j|ebcdic-cp-us|cp037"
)
WIDER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "x-gbk": "gb18030",
    "cp936": "gb18030",
}
WIDER |= {
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "ascii": "cp1252",
    "us-ascii": "cp1252",
}
WIDER |= {"x-sjis": "cp932", "windows-31j": "cp932", "shift_jis": "cp932", "ks_c_5601-1987": "cp949"}


def decoded(body: bytes, content_type: str = "") -> tuple[str, str]:
    """The text without its byte order mark, and the charset that fitted."""
    for mark, charset in MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(charset, "replace"), charset
    wide = _unmarked_wide(body)
    if wide:
        return body.decode(wide, "replace"), wide
    # Bytes that are strict UTF-8 and more than ASCII are UTF-8, whatever a server was set up to say.
    try:
        text = body.decode("utf-8")
        if not body.isascii() or not _stateful(body, content_type):
            return text, "utf-8"
    except UnicodeDecodeError:
        pass
    for charset in candidates(body, content_type):
        fitting = _try(body, charset)
        if fitting is not None:
            return fitting, charset
    return body.decode("utf-8", "replace"), "utf-8"


def as_utf8(body: bytes, content_type: str = "") -> bytes:
    """UTF-8 bytes with a declaration that agrees; the very same bytes where nothing had to be done."""
    declared = DECLARATION.match(body[:600])
    named = declared.group(1).lower() if declared else b"utf-8"
    if named in (b"utf-8", b"utf8") and not body.startswith(codecs.BOM_UTF8):
        try:
            body.decode("utf-8")
            return body
        except UnicodeDecodeError:
            pass
    text, _ = decoded(body, content_type)
    raw = text.encode("utf-8", "replace")
    declared = DECLARATION.match(raw[:600])
    if declared and declared.group(1).lower() not in (b"utf-8", b"utf8"):
        raw = raw[: declared.start(1)] + b"utf-8" + raw[declared.end(1) :]
    return raw


def candidates(body: bytes, content_type: str) -> list[str]:
    """The charsets worth trying, most trusted first."""
    found = []
    header = HEADER_CHARSET.search(content_type)
    declared = DECLARATION.match(body[:600])
    for name in (
        header and header.group(1),
        declared and declared.group(1).decode("ascii"),
        "gb18030",
        "cp1252",
    ):
        name = (name or "").lower()
        if KNOWN.fullmatch(name):
            found.append(WIDER.get(name, name))
    return list(dict.fromkeys(found))


def _try(body: bytes, charset: str) -> str | None:
    try:
        return body.decode(charset)
    except (UnicodeError, LookupError):
        # One broken character must not send a whole Chinese feed to the wrong charset.
        try:
            text = body.decode(charset, "replace")
        except (UnicodeError, LookupError):
            return None
        return text if text.count("\ufffd") * 500 < len(text) and charset not in ("utf-8", "utf8") else None


def _stateful(body: bytes, content_type: str) -> bool:
    """Charsets written in plain ASCII bytes (ISO-2022-JP, HZ): ASCII alone does not prove UTF-8."""
    names = candidates(body, content_type)
    return bool(names) and names[0].startswith(("iso-2022", "hz", "ebcdic", "cp037"))


def _unmarked_wide(body: bytes) -> str:
    head = body[:4]
    if head == b"<\x00?\x00":
        return "utf-16-le"
    if head == b"\x00<\x00?":
        return "utf-16-be"
    if head == b"<\x00\x00\x00":
        return "utf-32-le"
    if head == b"\x00\x00\x00<":
        return "utf-32-be"
    if head == b"\x4c\x6f\xa7\x94":
        return "cp037"
    return ""
