"""Bytes of an unknown charset to text, by how plausible the text is. Pure.

The law: what a header, a declaration or a detector says of a charset is evidence and no law. Bytes that are strict
UTF-8 are UTF-8. For any others each candidate is tried, and the text that people write wins: common characters of a
language against rare ones, letters inside words against letters alone, and no character that nobody uses.
"""

import codecs
import re

from charset_normalizer import from_bytes

DECLARATION = re.compile(
    rb"^\s*<\?xml[^>]{0,200}?\bencoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"'][^>]{0,200}?\?>"
)
META = re.compile(rb"<meta\s[^<>]{0,200}?\bcharset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.I)
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
    r"utf-?8|utf-?16(-?[lb]e)?|utf-?32(-?[lb]e)?|us-ascii|ascii|iso-?8859-?\d{1,2}|latin-?1|windows-?(125\d|874)"
    r"|cp(125\d|874|866|950)|gb2312|gbk|gb18030|gb_2312-80|hz-gb-2312|hz|big5(-?hkscs)?|euc-?(jp|kr|tw)"
    r"|shift[-_]?jis|sjis|iso-2022-(jp|kr)|koi8-?[ru]|macintosh|mac-?roman|tis-?620|cp949|ks_c_5601-1987"
    r"|x-sjis|x-gbk|cp936|cp932|windows-31j|ebcdic-cp-us|cp037|x-x-big5|x-euc-(jp|kr)"
)
# The charset that people mean: the wider one that their programs write.
WIDER = {
    **dict.fromkeys(("gb2312", "gbk", "gb_2312-80", "x-gbk", "cp936"), "gb18030"),
    **dict.fromkeys(("iso-8859-1", "iso8859-1", "latin-1", "latin1", "ascii", "us-ascii"), "cp1252"),
    **dict.fromkeys(("x-sjis", "windows-31j", "shift_jis", "shift-jis", "sjis"), "cp932"),
    **dict.fromkeys(("ks_c_5601-1987", "euc-kr", "euckr", "x-euc-kr"), "cp949"),
    **dict.fromkeys(("big5", "x-x-big5", "euc-tw"), "big5hkscs"),
    **dict.fromkeys(("iso-8859-9", "iso8859-9"), "cp1254"),
    **dict.fromkeys(("tis-620", "tis620", "iso-8859-11", "windows-874"), "cp874"),
    "hz-gb-2312": "hz",
    "x-euc-jp": "euc-jp",
    "macintosh": "mac-roman",
    "ebcdic-cp-us": "cp037",
}
WIDER |= {f"windows-{number}": f"cp{number}" for number in range(1250, 1259)}
STATEFUL = ("iso-2022", "hz", "cp037")  # written in the bytes of ASCII, so that ASCII alone proves nothing
USUAL = ("gb18030", "big5hkscs", "cp950", "cp932", "euc-jp", "cp949", "cp1252", "cp1251", "koi8-r")
DECLARED, SENT, DETECTED = 0.4, 0.15, 0.2  # what one voice is worth beside a text's own score of -3 to 1
SURE = 0.75  # a text as plausible in the charset that it declares is in no other
CLOSE = 0.35  # between candidates nearer than this a detector is heard
# Charsets of one alphabet, which no detector can tell apart by a few letters.
WESTERN = re.compile(r"cp125[02478]|iso-?8859-(?:[1-4]|9|1\d)|mac")
HALF_LETTER = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")  # of a pair that some programs write byte by byte
TWO_HALVES = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
LETTERS_AGAINST_A_WORD = 3  # for each broken byte, where another charset is named
LOOKED_AT = 1_500  # letters beyond ASCII

HAN = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种"
    "事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心本前开但因只从想实日军者意无力它与长把机十民第公此"
    "已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代"
    "内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安"
    "少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光"
    "放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运监芯片"
    "技智联府议案策委协访谈裁禁令限投研究企布称网络讯息微博京湾港台際際府际贸易税革约条款审查部署发言声明首相总统"
    "國個們來為說時會對這發後經麼現當沒動進樣開從實軍無與長機關點業將兩間問應戰頭體見產話員論處義幾認條氣題爾別變總電數報結"
    "務場計資許統區隊決術領確傳師觀讓識導爭運門書聽達強難權據邊張該規萬類設記構監議聯協訪談際網絡訊貿約審灣臺華學術書啲嘅係"
    "日本会社対関経済発県図気円駅労働戦団応歳込件私何言思見米首再続開氏党率円価格歩声変"
)
HANGUL = frozenset(
    "이다는의에을를가고하한로지자사기리도인대시정아서부어라과원스있그해나수일전제구장조보여들면만으주상국중미공능회북남협의한"
)
CYRILLIC = frozenset("оеаинтсрвлкмдпуяыОСПВКРМ")
TYPOGRAPHY = frozenset("‘’“”‚„–—…•·€£©®™°«»§¡¿  №†‹›")
LETTERS = re.compile(r"[^\x00-\x7f]+")


def decoded(body: bytes, content_type: str = "") -> tuple[str, str]:
    """The text without its byte order mark, and the charset that fitted."""
    for mark, charset in MARKS:
        if body.startswith(mark) and (charset != "utf-8" or _is_utf8(body)):
            return body[len(mark) :].decode(charset, "replace"), charset
    marked = body.startswith(codecs.BOM_UTF8)
    body = body.removeprefix(codecs.BOM_UTF8)
    wide = _unmarked_wide(body)
    if wide:
        return body.decode(wide, "replace"), wide
    said = evidence(body, content_type)
    if body.isascii():
        stateful = next((name for name in said if name.startswith(STATEFUL)), "")
        stateful = stateful or ("iso-2022-jp" if b"\x1b$" in body else "")
        return (_read(body, stateful) or body.decode(), stateful) if stateful else (body.decode(), "utf-8")
    if _is_utf8(body) and (_has_long_letters(body) or not said or "utf-8" in said):
        return body.decode(), "utf-8"
    return _best(body, said | ({"utf-8": DECLARED} if marked else {}))


def as_utf8(body: bytes, content_type: str = "") -> bytes:
    """UTF-8 bytes with a declaration that agrees; the very same bytes where nothing had to be done."""
    declared = DECLARATION.match(body[:600])
    named = declared.group(1).lower() if declared else b"utf-8"
    if named in (b"utf-8", b"utf8") and not body.startswith(codecs.BOM_UTF8) and _is_utf8(body):
        return body
    text, _ = decoded(body, content_type)
    raw = text.encode("utf-8", "replace")
    declared = DECLARATION.match(raw[:600])
    if declared and declared.group(1).lower() not in (b"utf-8", b"utf8"):
        raw = raw[: declared.start(1)] + b"utf-8" + raw[declared.end(1) :]
    return raw


def evidence(body: bytes, content_type: str) -> dict[str, float]:
    """The charsets that the document and its server name, with what their word is worth."""
    header = HEADER_CHARSET.search(content_type)
    declared = DECLARATION.match(body[:600]) or META.search(body[:2000])
    found: dict[str, float] = {}
    for name, worth in (
        (declared.group(1).decode("ascii") if declared else "", DECLARED),
        (header.group(1) if header else "", SENT),
    ):
        if KNOWN.fullmatch(name.lower()):
            name = "utf-8" if name.lower() == "utf8" else WIDER.get(name.lower(), name.lower())
            found[name] = found.get(name, 0) + worth
    return found


def voices(body: bytes, content_type: str) -> dict[str, str]:
    """Who names which charset, as written: "mark", "declaration", "header", and the "detector" where it is heard."""
    mark = next((charset for mark, charset in MARKS if body.startswith(mark)), "")
    declared = DECLARATION.match(body[:600]) or META.search(body[:2000])
    header = HEADER_CHARSET.search(content_type)
    said = {
        "mark": mark,
        "declaration": declared.group(1).decode("ascii") if declared else "",
        "header": header.group(1) if header else "",
        "detector": "" if mark or _is_utf8(body) else _detected(body),
    }
    return {voice: name for voice, name in said.items() if name}


def plausibility(text: str) -> float:
    """How much a text beyond ASCII looks like one that somebody wrote: at most about 1."""
    total = seen = 0.0
    for run in LETTERS.finditer(text):
        total += _score(run[0], text[run.start() - 1 : run.start()], text[run.end() : run.end() + 1])
        seen += len(run[0])
        if seen > LOOKED_AT:
            break
    return total / seen if seen else 0.0


def _score(run: str, before: str, after: str) -> float:
    """The scores of the letters of a run beyond ASCII that stands between these, added up."""
    alone = len(run) == 1 and before.isalpha() and after.isalpha()
    touching = before.isalpha() or after.isalpha()
    western: int | None = None
    score = 0.0
    for place, letter in enumerate(run):
        if "\u4e00" <= letter < "\ua000":
            score += -2.0 if alone else 1.0 if letter in HAN else -0.2
            continue
        code = ord(letter)
        if letter == "\ufffd" or 0x80 <= code < 0xA0:
            score -= 4.0
        elif letter in TYPOGRAPHY:
            score += 0.6
        elif 0x3000 <= code < 0x3100 or 0xFF00 <= code < 0xFF61:
            score += 0.8
        elif 0xAC00 <= code < 0xD7B0:
            score += -2.0 if alone else 0.9 if letter in HANGUL else 0.7
        elif 0xC0 <= code < 0x250 and letter.isalpha():
            near = (before if not place else run[place - 1]).isalpha() or (
                after if place + 1 == len(run) else run[place + 1]
            ).isalpha()
            if western is None:
                western = sum("\u00c0" <= one <= "\u024f" for one in run)
            score += -1.5 if western > 2 else 0.9 if near else 0.0
        elif 0x370 <= code < 0x700 or 0xE00 <= code < 0xE80:
            # A capital inside a word is the sign of the other Cyrillic charset; words are of one script.
            odd = touching or (letter.isupper() and place and run[place - 1].islower())
            if odd:
                score -= 1.5
            elif len(run) > 1:
                cyrillic = 0x400 <= code < 0x530
                score += 0.75 if not cyrillic else 0.9 if letter in CYRILLIC else 0.55
        else:
            score += -3.0 if 0xE000 <= code < 0xF900 or not letter.isprintable() else -0.8
    return score


def _best(body: bytes, said: dict[str, float]) -> tuple[str, str]:
    """The most plausible text of bytes that are no strict UTF-8."""
    if _is_nearly_utf8(body, 1 if not said or "utf-8" in said else LETTERS_AGAINST_A_WORD):
        return str(_read(body, "utf-8")), "utf-8"
    texts: dict[str, str] = {}
    scores: dict[str, float] = {}
    for charset in dict.fromkeys((*said, "utf-8", *USUAL)):
        text = _read(body, charset)
        if text is not None:
            score = plausibility(text)
            if score > SURE and said.get(charset, 0) >= DECLARED:
                return text, charset
            texts[charset], scores[charset] = text, score + said.get(charset, 0)
    first, second = sorted(scores.values(), reverse=True)[:2]
    if first - second < CLOSE and (heard := _detected(body)):
        if heard not in texts and (text := _read(body, heard)) is not None:
            texts[heard], scores[heard] = text, plausibility(text)
        if heard in scores and not WESTERN.match(heard):
            scores[heard] += DETECTED
    charset = max(scores, key=lambda name: scores[name])
    return texts[charset], charset


def _detected(body: bytes) -> str:
    """What a detector makes of the first letters beyond ASCII."""
    start = next((place for place, byte in enumerate(body) if byte > 127), 0)
    found = from_bytes(body[max(0, start - 100) : start + 8_000]).best()
    name = found.encoding.replace("_", "-") if found else ""
    return WIDER.get(name, name) if KNOWN.fullmatch(name) else ""


def _read(body: bytes, charset: str) -> str | None:
    """The text in a charset, single broken characters aside; None for a charset that Python lacks."""
    try:
        return body.decode(charset, "windows-letters" if charset == "utf-8" else "replace")
    except (UnicodeError, LookupError):
        return None


def _windows_letters(error: UnicodeError) -> tuple[str, int]:
    """A single byte of Windows' Western charset inside UTF-8 as its letter, two halves of an emoji as the emoji,
    anything else as unreadable."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    if halves := TWO_HALVES.match(error.object, error.start):
        pair = halves[0].decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass")
        return pair.decode("utf-16"), halves.end()
    if half := HALF_LETTER.match(error.object, error.start):
        return "\ufffd", half.end()
    byte = error.object[error.start : error.start + 1]
    around = (
        error.object[max(0, error.start - 1) : error.start] + error.object[error.start + 1 : error.start + 2]
    )
    letter = byte.decode("cp1252", "replace") if around.isascii() else "\ufffd"
    return letter, error.end if letter == "\ufffd" else error.start + 1


codecs.register_error("windows-letters", _windows_letters)


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_nearly_utf8(body: bytes, letters_for_a_break: int) -> bool:
    """Whether bytes are UTF-8 but for a few: letters of two to four bytes that in another charset would be chance."""
    body = HALF_LETTER.sub(b"\xff", body)
    text = body.decode("utf-8", "replace")
    written = body.count(b"\xef\xbf\xbd")
    letters = "".join(LETTERS.findall(text)).replace("\ufffd", "")
    worth = sum(1 if letter < "\u0800" else 2 if letter < "\U00010000" else 4 for letter in letters)
    if worth < letters_for_a_break * ((text.count("\ufffd") - written) // 3):
        return False  # however many of them are healed, which takes a call for each
    lost = body.decode("utf-8", "windows-letters").count("\ufffd") - written
    healed = text.count("\ufffd") - written - lost  # letters of Windows between others count less against it
    broken = lost + healed // 3
    return worth >= letters_for_a_break * max(1, broken)


def _has_long_letters(body: bytes) -> bool:
    """Whether UTF-8 has a letter of three bytes: pairs alone can be chance."""
    return any(
        lead in body
        for lead in (b"\xe2", b"\xe3", b"\xe4", b"\xe5", b"\xe6", b"\xe7", b"\xe8", b"\xe9", b"\xef")
    )


def _unmarked_wide(body: bytes) -> str:
    head = body[:4]
    if head in (b"<\x00?\x00", b"<\x00r\x00", b"<\x00f\x00", b"<\x00o\x00", b'{\x00"\x00'):
        return "utf-16-le"
    if head in (b"\x00<\x00?", b"\x00<\x00r", b"\x00<\x00f", b"\x00<\x00o", b'\x00{\x00"'):
        return "utf-16-be"
    if head == b"<\x00\x00\x00":
        return "utf-32-le"
    if head == b"\x00\x00\x00<":
        return "utf-32-be"
    if head == b"\x4c\x6f\xa7\x94":
        return "cp037"
    return ""
