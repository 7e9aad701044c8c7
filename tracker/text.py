"""What text may enter the record, the spellings in which words are compared, and which language a text is in. Pure.

Two manners of taking text in. `strict` is for what people, programs and files give us: it refuses what nobody
can have meant and says where it stands. `lenient` is for what feeds deliver: it drops the same characters, as
no publisher would mend them for us. Both give one spelling (NFC) with one kind of line break, so that no
character of ours ever ends a line of a file that is split by somebody else's rule.

Two spellings for comparing. `fold` never changes the length of a text: whatever is found at characters 12 to
20 of the folded text stands at characters 12 to 20 of the text as published, which is what lets a page
underline the reason. `search_form` keeps no places and so can make more words alike.

Languages are `en`, `zh-Hans`, `zh-Hant`, `ja`, … or "" where nobody could say. The script decides where it can: kana
makes Japanese, Hangul Korean, Han alone Chinese, and single characters that exist in one script only tell simplified
from traditional. What is left is asked of py3langid, which is right far more often when it may choose among the
languages of the news than among all it knows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import opencc

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

LONGEST_TITLE = 600
LONGEST_SUMMARY = 500

_BREAKS = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")
# Soft hyphen, zero-width space, byte order mark; direction embeddings, overrides and isolates. The joiners
# U+200C and U+200D stay: Persian words and joined emoji are spelt with them.
_UNSEEN = re.compile("[\xad\u200b\ufeff\u202a-\u202e\u2066-\u2069]")
_PLANES = "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(17))
_FORBIDDEN = re.compile(
    f"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef{_PLANES}\U000e0000-\U000e007f]"
)
_TAG = re.compile(r"<[^<>]{0,500}>")
_SITE = re.compile(r"\s[|–—\-_]\s?([^|–—_]{2,40})$|[_|｜]([^_|｜]{2,20})$")
_HAN = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00))
# Scripts that are written without spaces between words: Chinese characters, kana, Thai, Lao, Burmese, Khmer.
_WITHOUT_SPACES = (
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)
UNSPACED = re.compile(_WITHOUT_SPACES)
SOURCES = "|"  # stands before the words of the sources; no word holds it
_EUROPEAN_MARKS = re.compile("([A-Za-z\u0370-\u03ff\u1f00-\u1fff\u0400-\u052f])[\u0300-\u036f]+")
_BORDER = re.compile(
    f"(?<={_WITHOUT_SPACES})(?=[0-9a-z\xdf-\u052f])|(?<=[0-9a-z\xdf-\u052f])(?={_WITHOUT_SPACES})"
)


def gettext_noop(sentence: str) -> str:
    """Marks a sentence for the catalogues; translated where it is shown (`tracker.wording`)."""
    return sentence


_CONTROL = gettext_noop("%(field)s, character %(place)d: U+%(code)s is a control character; delete it.")
_HALF = gettext_noop("%(field)s, character %(place)d: U+%(code)s is half of a surrogate pair; delete it.")
_UNSEEN_TAG = gettext_noop("%(field)s, character %(place)d: U+%(code)s is an invisible tag; delete it.")
_NONE = gettext_noop("%(field)s, character %(place)d: U+%(code)s is no character of Unicode; delete it.")
_TOO_LONG = gettext_noop("%(field)s: %(length)d characters, at most %(longest)d are allowed; shorten it.")


class BadText(ValueError):
    """Text that no field takes; the message names field, character and what to do."""

    def __init__(self, sentence: str, **parts: str | int) -> None:
        super().__init__(sentence % parts)
        self.sentence, self.parts = sentence, parts


def strict(value: str, field: str, longest: int, *, lines: bool = False) -> str:
    """`value` as it is kept: normalised, at most `longest` characters; `BadText` for what cannot be meant."""
    _refuse(value, field)
    return _bounded(_normal(value, lines), field, longest)


def address(value: str, field: str, longest: int) -> str:
    """An address of the web as it is kept: its letters as they are, without line breaks and unseen characters,
    as browsers take it; `BadText` as in `strict`."""
    _refuse(value, field)
    return _bounded(_UNSEEN.sub("", _BREAKS.sub("", value)).replace("\t", "").strip(), field, longest)


def lenient(value: str, longest: int, *, lines: bool = False) -> str:
    """The first `longest` characters of `value`, normalised and without what `strict` refuses."""
    return _normal(without_forbidden(value), lines)[:longest].rstrip()


def without_forbidden(value: str) -> str:
    """`value` without what `strict` refuses, otherwise as it is."""
    return value if value.isprintable() else _FORBIDDEN.sub("", value)


def _normal(text: str, lines: bool) -> str:
    if text.isprintable():  # then it holds none of what is looked for below
        return unicodedata.normalize("NFC", text).strip()
    text = _UNSEEN.sub("", _BREAKS.sub("\n" if lines else " ", text).replace("\t", " "))
    return unicodedata.normalize("NFC", text).strip()


def _refuse(value: str, field: str) -> None:
    if not value.isprintable() and (found := _FORBIDDEN.search(value)):
        character = found.group()
        kinds = {"Cc": _CONTROL, "Cs": _HALF}
        tag = "\U000e0000" <= character <= "\U000e007f"
        sentence = _UNSEEN_TAG if tag else kinds.get(unicodedata.category(character), _NONE)
        raise BadText(sentence, field=field, place=found.start() + 1, code=f"{ord(character):04X}")


def _bounded(text: str, field: str, longest: int) -> str:
    if len(text) > longest:
        raise BadText(_TOO_LONG, field=field, length=len(text), longest=longest)
    return text


def search_form(text: str) -> str:
    """The words of `text` in the one spelling of the search, a space before, between and after them.

    Alike are letter cases, accents of European letters, full and half width, Traditional and Simplified
    Chinese; what is no letter, mark or digit sets words apart, as does the border between Chinese characters
    and others. Empty text gives one space.
    """
    if text.isascii():
        text = text.lower()
    else:
        # Marks that make another letter (ガ) stay; folding cases may part letters anew, hence twice.
        text = _EUROPEAN_MARKS.sub(r"\1", unicodedata.normalize("NFKD", text)).casefold()
        text = unicodedata.normalize("NFKC", text).casefold().translate(_simplified_characters())
        text = _BORDER.sub(" ", text)
    words = _words().findall(text)
    return f" {' '.join(words)} " if words else " "


def words_of(record: Mapping[str, Any]) -> str:
    """What a search looks through: the words of a record, each text a line of its own in `search_form`, those of
    the sources behind `SOURCES`."""
    own = (record["summary"], record["summary_zh"], record["id"], *_reasons(record))
    cited = (text for source in record["sources"] for text in _cited(source))
    return f"{titles_of(record)}\n{_lines(own)}\n{SOURCES}\n{_lines(cited)}"


def titles_of(record: Mapping[str, Any]) -> str:
    """The same of its titles alone."""
    return _lines((record["title"], record["title_zh"]))


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(search_form(text) for text in texts if text)


def _reasons(record: Mapping[str, Any]) -> Iterator[str]:
    for assessment in record["assessments"]:
        yield from (assessment["rationale"], assessment.get("rationale_zh", ""))


def _cited(source: Mapping[str, Any]) -> tuple[str, ...]:
    return source["title"], source["publisher"], source["url"]


@cache
def _words() -> re.Pattern[str]:
    """Letters and digits, with the marks on them, which `re` takes for none of either."""
    marks = [chr(code) for code in (*range(0x300, 0x20000), *range(0xE0100, 0xE01F0))]
    marks = [character for character in marks if unicodedata.category(character)[0] == "M"]
    return re.compile(rf"[^\W_]+(?:[{re.escape(''.join(marks))}]+[^\W_]*)*")


def fold(text: str, longest: int = LONGEST_TITLE) -> str:
    """`text` (its first `longest` characters) with every character in its one spelling, letter case kept.

    Traditional Chinese becomes Simplified, full-width letters become ordinary ones, curly quotes straight;
    HTML tags, control and direction marks become spaces. Models are learnt on this form: do not change it.
    """
    if not isinstance(text, str):
        return ""
    folded = text[:longest].translate(_table())
    return _TAG.sub(lambda tag: " " * len(tag.group()), folded) if "<" in folded else folded


def lower(folded: str) -> str:
    """Small letters, character for character (`str.lower` makes two of a Turkish İ)."""
    small = folded.lower()
    if len(small) == len(folded):
        return small
    return "".join(low if len(low := character.lower()) == 1 else character for character in folded)


def without_site(title: str, publisher: str = "") -> str:
    """The title without the site's name at its end; only ever cut at the end, so offsets hold."""
    found = _SITE.search(title)
    if not found or found.start() < 15:
        return title
    tail = (found.group(1) or found.group(2)).strip()
    named = bool(publisher) and _bare(tail) in _bare(publisher)
    headed = len(tail.split()) <= 4 and all(word[:1].isupper() for word in tail.split() if word[:1].isalpha())
    return title[: found.start()] if named or headed else title


def _bare(name: str) -> str:
    return re.sub(r"\W+", "", name.casefold())


@cache
def _table() -> dict[int, str]:
    table = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    table |= {ord("’"): "'", ord("‘"): "'", ord("“"): '"', ord("”"): '"', 0x3000: " ", 0xA0: " "}
    invisible = (*range(32), *range(0x7F, 0xA0), 0xAD, *range(0x200B, 0x2010), *range(0x2028, 0x2030))
    table |= dict.fromkeys((*invisible, *range(8288, 8304), 65279, *range(55296, 57344)), " ")
    return table | _simplified_characters()


@cache
def _simplified_characters() -> dict[int, str]:
    """Traditional to Simplified, one character for one, from OpenCC's own dictionary."""
    han = [chr(code) for start, end in _HAN for code in range(start, end)]
    han = [character for character in han if unicodedata.category(character) == "Lo"]
    converted = opencc.OpenCC("t2s").convert("\n".join(han)).split("\n")
    pairs = zip(han, converted, strict=True)
    return {ord(old): new for old, new in pairs if old != new and len(new) == 1}


# Languages

# Those met in the news of the two sides and of the bodies they meet in.
_NEWS = "ar bg cs da de el en es fa fr he hi id it ms nl pl pt ro ru sv th tr uk ur vi"
NEWS_LANGUAGES = tuple(_NEWS.split())
READ_CHARACTERS = 2_000  # a page's first lines tell its language; a megabyte tells it no better
MODEL_READS = 200  # of them the model needs no more; it takes as long as there are characters
FEWEST_LETTERS = 3
# In nats, beside the likelihoods of py3langid. They settle headlines of a few names, which fit every
# language; a sentence's own evidence is many times larger.
DECLARED_BONUS = 4.0
ENGLISH_BONUS = 3.0

_HAN_CHARACTER = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f]")
_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\u31f0-\u31ff\uff66-\uff9d]")
_HANGUL = re.compile(r"[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")
_ADDRESSES = re.compile(r"https?://\S+|\S+@\S+")
# Words that only English has, those it shares with a neighbour, and the commonest of other languages, which speak
# against it and for what a feed declares: most texts of the news need no model. Over twenty-two thousand headlines
# and summaries these rules and the model differ in six; in five of them the rules are right.
_ENGLISH_WORDS = """
    about across after against american among announced announces another are around because become
    becomes been before behind being between beyond bring brings building calls can't chinese could
    department doesn't don't during every expanding faces first four from get getting give gives going got
    government had has have he's her here's him his hits how how's i'm improvements into introduces
    introducing isn't it's its itself keep keeps know launching law laws let let's make makes making many
    may might more much must need needed needs now only other our ourselves people plans released rules
    said say says seeks she should show shows some states such support take takes tell tells than that
    that's the their them themselves then there these they this those three through today toward towards
    two united updates updating upon using want wants warns we're week were what what's when where which
    while who why wins with within without won't world would year years you you're your yourself
    """
_SHARED_WORDS = """
    a all an and as at back be but by can do for i if in is it just me my new no not of off on or out over
    so to up was we will
    """
_FOREIGN_WORDS = {
    "af": "dat die en het met nie op te van",
    "da": "af den det er ikke med og på som til",
    "de": "auch auf das dem den der des die ein eine einen er für im ist mit nicht sich und von wie zu",
    "es": "con de del el en la las los para por que se un una y",
    "fr": "au aux dans de des du en est et je la le les là pour que qui se sur un une",
    "id": "dan dari dengan di untuk yang",
    "it": "che con da del della di il la le per un una è",
    "nl": "bij dat de die een en het ik je met naar niet op te van voor zijn",
    "pl": "je jest na nie się w z że",
    "pt": "com da das de em na não os para por que uma",
    "ro": "cu de din la pe și",
    "sv": "att av de den det en för inte med och på som är",
    "tr": "bir bu da de için ve",
    "vi": "của là và",
}
_ENGLISH, _ALSO_ENGLISH = frozenset(_ENGLISH_WORDS.split()), frozenset(_SHARED_WORDS.split())
_COMMON = {tag: frozenset(words.split()) for tag, words in _FOREIGN_WORDS.items()}
_FOREIGN = frozenset().union(*_COMMON.values())
_ENOUGH_ENGLISH = 3
_ENOUGH_WORDS = 2
_NO_WORDS: frozenset[str] = frozenset()
_NOT_LATIN = re.compile("[\u0250-\u1fff\u2c00-\U0010ffff]")
_TRADITIONAL_PLACES = ("hant", "tw", "hk", "mo")


def language_of(text: str, declared: str = "") -> str:
    """The language of a text; what a feed declares counts only where the text itself does not tell.

    `declared` is a language tag as feeds give it (`en-US`, `zh_CN`, `zh-Hant-HK`), often wrong, often empty.
    """
    sample = text[:READ_CHARACTERS]
    if "://" in sample or "@" in sample:
        sample = _ADDRESSES.sub(" ", sample)
    if plainly := _plainly(sample[:400], declared):
        return plainly
    letters = sum(map(str.isalpha, sample))
    if letters < FEWEST_LETTERS and not _HAN_CHARACTER.search(sample):
        return normal_tag(declared)
    return _by_script(sample, letters, declared) or _by_words(sample, declared)


def script_of(text: str, declared: str = "") -> str:
    """`Hans` or `Hant` of a Chinese text. Where no character tells, what is declared, else `Hans`."""
    traditional, simple = _script_votes(text[:READ_CHARACTERS])
    if traditional != simple:
        return "Hant" if traditional > simple else "Hans"
    tag = declared.lower().replace("_", "-")
    return "Hant" if any(place in tag.split("-") for place in _TRADITIONAL_PLACES) else "Hans"


def simplified(text: str) -> str:
    """The text with every traditional character in its simplified form. Same length, so that spans hold."""
    if text.isascii():
        return text
    return "".join(map(_simple, text))


def normal_tag(tag: str) -> str:
    """`en` from `en-US`, `zh-Hant` from `zh_TW`, "" from what is no language tag."""
    parts = tag.strip().lower().replace("_", "-").split("-")
    if not re.fullmatch(r"[a-z]{2,3}", parts[0]):
        return ""
    if parts[0] != "zh":
        return parts[0]
    return "zh-Hant" if any(place in parts for place in _TRADITIONAL_PLACES) else "zh-Hans"


def _by_script(sample: str, letters: int, declared: str) -> str:
    han = len(_HAN_CHARACTER.findall(sample))
    kana = len(_KANA.findall(sample))
    # One の in a Chinese slogan or brand is decoration; Japanese prose is a third kana and more.
    if kana >= 2 and kana * 8 >= han:
        return "ja" if (han + kana) * 3 >= letters else ""
    if len(_HANGUL.findall(sample)) * 3 >= letters:
        return "ko"
    # A Han character carries about as much as a Latin word of four or five letters, so a sixth is enough:
    # "英伟达H20芯片 Nvidia CEO Jensen Huang" is a Chinese headline.
    if han * 6 >= letters:
        return f"zh-{script_of(sample, declared)}"
    return ""


def _by_words(sample: str, declared: str) -> str:
    if not any(map(str.isalpha, sample)):
        return normal_tag(declared)
    sample = sample[:MODEL_READS]
    # Shouted headlines are what the identifier errs on most: it learnt from running text.
    ranked = _identifier().rank(sample.lower() if sample.isupper() else sample)
    scores, tag = dict(ranked), normal_tag(declared)
    bonuses = {ranked[0][0]: 0.0, "en": ENGLISH_BONUS}
    bonuses[tag] = bonuses.get(tag, 0.0) + DECLARED_BONUS
    best = max((name for name in bonuses if name in scores), key=lambda name: scores[name] + bonuses[name])
    # A text with nothing the identifier knows is equally unlikely in every language.
    return best if scores[best] > ranked[-1][1] else tag or "en"


def _plainly(sample: str, declared: str) -> str:
    """The language whose commonest words settle it, "" where they do not: English, or what is declared."""
    ascii_only = sample.isascii()
    if not ascii_only and _NOT_LATIN.search(sample):
        return ""
    words = set(sample.lower().split())
    own, shared, foreign = len(words & _ENGLISH), len(words & _ALSO_ENGLISH), len(words & _FOREIGN)
    tag = declared[:2].lower()
    if tag == "en":
        english = 2 * own + shared > 2 * foreign or (ascii_only and not foreign and len(words) > 1)
    else:
        english = own > 0 and 2 * own + shared - 2 * foreign >= _ENOUGH_ENGLISH
    if english:
        return "en"
    count = len(words & _COMMON.get(tag, _NO_WORDS))
    if count < _ENOUGH_WORDS or count <= own:
        return ""
    # Neighbours share these words: a feed that declares French may well list a Spanish headline.
    return tag if all(len(words & other) < count for name, other in _COMMON.items() if name != tag) else ""


@cache
def _identifier() -> LanguageIdentifier:
    # Here and not above: of all who take texts in, few ask for a language.
    import numpy as np
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(NEWS_LANGUAGES)
    # Choosing languages leaves the table column by column, but a text is looked up row by row.
    identifier.nb_ptc = np.ascontiguousarray(identifier.nb_ptc)
    return identifier


def _script_votes(text: str) -> tuple[int, int]:
    """Characters that are traditional only, and those that are simplified only."""
    leanings = list(map(_leaning, _HAN_CHARACTER.findall(text)))
    return leanings.count("Hant"), leanings.count("Hans")


@lru_cache(maxsize=40_000)
def _leaning(character: str) -> str:
    """The script that alone has this character, "" of one that both have."""
    if _simple(character) != character:
        return "Hant"
    return "Hans" if _one(character, _to_traditional()) != character else ""


@lru_cache(maxsize=40_000)
def _simple(character: str) -> str:
    return _one(character, _to_simplified_characters())


def _one(character: str, converter: opencc.OpenCC) -> str:
    # Lone halves of surrogate pairs cannot be handed to the C++ library, and belong to no script.
    if unicodedata.category(character) == "Cs":
        return character
    converted = converter.convert(character)
    return converted if len(converted) == 1 else character


@cache
def _to_simplified_characters() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@cache
def _to_traditional() -> opencc.OpenCC:
    return opencc.OpenCC("s2t")
