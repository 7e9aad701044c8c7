"""Which language and script a text is in: `en`, `zh-Hans`, `zh-Hant`, `ja`, … or "" where nobody could say.

Pure. The script decides where it can: kana makes Japanese, Hangul Korean, Han alone Chinese, and single
characters that exist in one script only tell simplified from traditional. What is left is asked of py3langid,
which is right far more often when it may choose among the languages of the news than among all it knows.
"""

from __future__ import annotations

import functools
import re
import unicodedata

import opencc
from py3langid.langid import MODEL_FILE, LanguageIdentifier

# Those met in the news of the two sides and of the bodies they meet in.
_NEWS = "ar bg cs da de el en es fa fr he hi id it ms nl pl pt ro ru sv th tr uk ur vi"
NEWS_LANGUAGES = tuple(_NEWS.split())
READ_CHARACTERS = 2_000  # a page's first lines tell its language; a megabyte tells it no better
FEWEST_LETTERS = 3
# In nats, beside the likelihoods of py3langid. They settle headlines of a few names, which fit every
# language; a sentence's own evidence is many times larger.
DECLARED_BONUS = 4.0
ENGLISH_BONUS = 3.0

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f]")
_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\u31f0-\u31ff\uff66-\uff9d]")
_HANGUL = re.compile(r"[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")
_ADDRESSES = re.compile(r"https?://\S+|\S+@\S+")
# Words that only English has, and words it shares with a neighbour: most texts of the news need no model.
_ENGLISH_WORDS = """
    the with this you your how what why which their have from has been than that would should about into its
    our are says said over through where while because
    """
_SHARED_WORDS = "of and to in for is on by as at be it or an a new was"
_ENGLISH, _ALSO_ENGLISH = frozenset(_ENGLISH_WORDS.split()), frozenset(_SHARED_WORDS.split())
_ENOUGH_ENGLISH = 5
_NOT_LATIN = re.compile("[\u0250-\u1fff\u2c00-\U0010ffff]")
_TRADITIONAL_PLACES = ("hant", "tw", "hk", "mo")


def language_of(text: str, declared: str = "") -> str:
    """The language of a text; what a feed declares counts only where the text itself does not tell.

    `declared` is a language tag as feeds give it (`en-US`, `zh_CN`, `zh-Hant-HK`), often wrong, often empty.
    """
    sample = _ADDRESSES.sub(" ", text[:READ_CHARACTERS])
    letters = sum(map(str.isalpha, sample))
    if letters < FEWEST_LETTERS and not _HAN.search(sample):
        return normal_tag(declared)
    return _by_script(sample, letters, declared) or _by_words(sample, declared)


def is_chinese(tag: str) -> bool:
    return tag.lower().startswith("zh")


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
    if _is_plain_english(sample[:400]):
        return "en"
    # Shouted headlines are what the identifier errs on most: it learnt from running text.
    ranked = _identifier().rank(sample.lower() if sample.isupper() else sample)
    bonuses = {"en": ENGLISH_BONUS}
    bonuses[normal_tag(declared)] = bonuses.get(normal_tag(declared), 0.0) + DECLARED_BONUS
    best = max(ranked, key=lambda pair: pair[1] + bonuses.get(pair[0], 0.0))
    # A text with nothing the identifier knows is equally unlikely in every language.
    return best[0] if best[1] > ranked[-1][1] else normal_tag(declared) or "en"


def _is_plain_english(sample: str) -> bool:
    if _NOT_LATIN.search(sample):
        return False
    words = set(sample.lower().split())
    own = len(words & _ENGLISH)
    return own > 0 and 2 * own + len(words & _ALSO_ENGLISH) >= _ENOUGH_ENGLISH


@functools.cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(NEWS_LANGUAGES)
    return identifier


def _script_votes(text: str) -> tuple[int, int]:
    """Characters that are traditional only, and those that are simplified only."""
    traditional = simple = 0
    for character in _HAN.findall(text):
        folded, unfolded = _simple(character), _traditional(character)
        traditional += folded != character
        simple += unfolded != character and folded == character
    return traditional, simple


@functools.lru_cache(maxsize=40_000)
def _simple(character: str) -> str:
    return _one(character, _to_simplified())


@functools.lru_cache(maxsize=40_000)
def _traditional(character: str) -> str:
    return _one(character, _to_traditional())


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
