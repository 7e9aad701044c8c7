"""Which language and script a text is in: `en`, `zh-Hans`, `zh-Hant`, `ja`, … or "" where nobody could say.

Pure. The script decides where it can: kana makes Japanese, Hangul Korean, Han alone Chinese, and single
characters that exist in one script only tell simplified from traditional. What is left is asked of py3langid,
which is right far more often when it may choose among the languages of the news than among all it knows.
"""

from __future__ import annotations

import functools
import re
import unicodedata

import numpy as np
import opencc
from py3langid.langid import MODEL_FILE, LanguageIdentifier

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

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f]")
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
_NONE: frozenset[str] = frozenset()
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
    if letters < FEWEST_LETTERS and not _HAN.search(sample):
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
    han = len(_HAN.findall(sample))
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
    count = len(words & _COMMON.get(tag, _NONE))
    if count < _ENOUGH_WORDS or count <= own:
        return ""
    # Neighbours share these words: a feed that declares French may well list a Spanish headline.
    return tag if all(len(words & other) < count for name, other in _COMMON.items() if name != tag) else ""


@functools.cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(NEWS_LANGUAGES)
    # Choosing languages leaves the table column by column, but a text is looked up row by row.
    identifier.nb_ptc = np.ascontiguousarray(identifier.nb_ptc)
    return identifier


def _script_votes(text: str) -> tuple[int, int]:
    """Characters that are traditional only, and those that are simplified only."""
    leanings = list(map(_leaning, _HAN.findall(text)))
    return leanings.count("Hant"), leanings.count("Hans")


@functools.lru_cache(maxsize=40_000)
def _leaning(character: str) -> str:
    """The script that alone has this character, "" of one that both have."""
    if _simple(character) != character:
        return "Hant"
    return "Hans" if _one(character, _to_traditional()) != character else ""


@functools.lru_cache(maxsize=40_000)
def _simple(character: str) -> str:
    return _one(character, _to_simplified())


def _one(character: str, converter: opencc.OpenCC) -> str:
    # Lone halves of surrogate pairs cannot be handed to the C++ library, and belong to no script.
    if unicodedata.category(character) == "Cs":
        return character
    converted = converter.convert(character)
    return converted if len(converted) == 1 else character


@functools.cache
def _to_simplified() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@functools.cache
def _to_traditional() -> opencc.OpenCC:
    return opencc.OpenCC("s2t")
