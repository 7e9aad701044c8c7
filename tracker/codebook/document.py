"""`codebook.json` as a `Codebook`, or every fault in it. Pure.

The law: what scoring, the record or the pages could not carry is refused here, before anything is built on it.
Paths count from 0, as programs that read JSON do: `recommendations[2].name` is the name of the third.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tracker.codebook import schema
from tracker.codebook.reading import ADDRESS, SLUG, VERSION, CodebookError, Reader, did_you_mean, join, parsed
from tracker.codebook.schema import Codebook

FORMAT = 1
MOST_RECOMMENDATIONS, MOST_ASKS, MOST_ACTORS, MOST_ASKS_IN_ALL = 60, 20, 32, 1000  # what the columns carry
# The method's own: it has a number for each. The file names and explains them.
STRENGTHS = ("1", "2", "3", "4", "5")
CERTAINTIES = ("confirmed", "reported", "rumoured")
REACH = ("wide", "local")
SOURCE_KINDS = ("primary", "agency", "outlet", "aggregator")
INTERFACE = ("en", "zh-hans")  # what the pages and the desk are translated into
SECOND = "zh-hans"  # the language of the record's second fields, `title_zh` and `summary_zh`

_REQUIRED = (
    "format", "version", "start", "languages", "title", "subject", "source", "licence", "actors", "strengths",
    "certainties", "recommendations",
)  # fmt: skip
_SINCE_1_2 = ("reach", "source_kinds")
_OPTIONAL = ("$schema", "compared", "beside", "firms")
_TAKEN = ("all", "overview", "actors", "data")  # addresses of cards and feeds
_TAKEN_STARTS = ("actor-", "event-")
_SLUG_RULE = "small letters, digits and hyphens, a letter first, at most 40"


def read(text: str, reader: Reader | None = None, *, earlier: bool = False) -> Codebook | None:
    """The codebook of one JSON text. Given a reader it leaves the faults there and gives None, else it raises.

    A version of before 1.2 (`earlier`) may lack what came with that.
    """
    own = reader or Reader()
    before = len(own.faults)
    try:
        raw = parsed(text)
    except (ValueError, RecursionError) as error:
        own.fault("", f"not JSON ({error}).")
        raw = None
    book = None if raw is None else _book(raw, own, earlier)
    if own.faults and reader is None:
        raise CodebookError(own.faults)
    return None if len(own.faults) > before else book


def canonical(raw: Mapping[str, Any]) -> str:
    """The content on one line, whatever the spaces and the order of keys in the file."""
    held = {key: value for key, value in raw.items() if key != "$schema"}
    return json.dumps(held, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _book(raw: Any, reader: Reader, earlier: bool) -> Codebook | None:
    if not isinstance(raw, dict):
        reader.object(raw, "", ())
        return None
    since = () if earlier else _SINCE_1_2
    reader.object(raw, "", (*_REQUIRED, *since), (*_OPTIONAL, *_SINCE_1_2))
    if "format" in raw and (isinstance(raw["format"], bool) or raw["format"] != FORMAT):
        reader.fault("format", f"this release reads format {FORMAT}, not {raw['format']!r:.20}.")
    reader.languages = _languages(raw, reader)
    version = reader.shaped(raw, "version", "", VERSION, "numbers with points, such as 1.2")
    actors = _actors(raw, version, reader)
    slugs = [actor.slug for actor in actors]
    compared = _compared(raw, slugs, reader)
    recommendations = _recommendations(raw, version, slugs, compared, reader)
    body = canonical(raw)
    return Codebook(
        version=version,
        start=reader.day(raw, "start", ""),
        languages=reader.languages,
        title=reader.text(raw, "title", "", 200),
        subject=reader.text(raw, "subject", "", 200),
        source=_source(raw, reader),
        licence=_licence(raw, reader),
        actors=actors,
        compared=compared,
        beside=_listed_actors(raw, "beside", "", slugs, reader),
        firms=_listed_actors(raw, "firms", "", slugs, reader, most=1),
        strengths={int(key): term for key, term in _terms(raw, "strengths", STRENGTHS, reader).items()},
        certainties=_terms(raw, "certainties", CERTAINTIES, reader),
        reach=_terms(raw, "reach", REACH, reader),
        source_kinds=_terms(raw, "source_kinds", SOURCE_KINDS, reader),
        recommendations=recommendations,
        body=body,
        digest=hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest(),
    )


def _languages(raw: Mapping[str, Any], reader: Reader) -> tuple[str, ...]:
    listed = reader.items(raw, "languages", "", 1, 20)
    known = ", ".join(INTERFACE)
    for language in listed:
        if language not in INTERFACE:
            shown = language if isinstance(language, str) else repr(language)
            reader.fault("languages", f"the interface is translated into {known}, not {shown:.20}.")
    found = tuple(language for language in INTERFACE if language in listed)
    if len(set(map(str, listed))) < len(listed):
        reader.fault("languages", "one is named twice.")
    elif len(found) == len(listed) > 1 and listed[1] != SECOND:
        reader.fault(
            "languages",
            "the record keeps words in the first language and in Chinese; "
            f"a second language other than {SECOND} needs record format 2.",
        )
    return tuple(language for language in listed if language in found)


def _slug(raw: Mapping[str, Any], path: str, reader: Reader, *, addressed: bool = True) -> str:
    slug = reader.shaped(raw, "slug", path, SLUG, _SLUG_RULE)
    if addressed and (slug in _TAKEN or slug.startswith(_TAKEN_STARTS)):
        taken = f"{', '.join(_TAKEN)} and what begins {' or '.join(_TAKEN_STARTS)}"
        reader.fault(join(path, "slug"), f"{slug!r} is not free: {taken} are addresses of cards.")
    return slug


def _retired(raw: Mapping[str, Any], path: str, version: str, reader: Reader) -> str | None:
    found = reader.shaped(raw, "retired", path, VERSION, "the version that no longer codes it, such as 1.3")
    if found and version and schema.version_order(found) > schema.version_order(version):
        reader.fault(join(path, "retired"), f"{found} is later than this version, {version}.")
    return found or None


def _actors(raw: Mapping[str, Any], version: str, reader: Reader) -> tuple[schema.Actor, ...]:
    found = []
    for place, item in enumerate(reader.items(raw, "actors", "", 1, MOST_ACTORS)):
        path = f"actors[{place}]"
        item = reader.object(item, path, ("slug", "name"), ("key", "short", "retired"))
        slug = _slug(item, path, reader)
        if slug in (schema.THIRD, schema.UNKNOWN):
            reader.fault(
                join(path, "slug"), f"{slug!r} is not free: outlets.json means something else by it."
            )
        name = reader.text(item, "name", path, 200)
        found.append(
            schema.Actor(
                slug=slug,
                number=place + 1,
                key=reader.shaped(item, "key", path, "[a-z]", "one letter from a to z"),
                name=name,
                short=reader.text(item, "short", path, 60) if "short" in item else name,
                retired=_retired(item, path, version, reader),
            )
        )
    reader.unique((actor.slug for actor in found), "actors", "actors[{}].slug".format)
    owners: dict[str, str] = {}
    for place, actor in enumerate(found):
        if actor.key and actor.key in owners:
            reader.fault(f"actors[{place}].key", f"'{actor.key}' is the key of {owners[actor.key]} already.")
        owners.setdefault(actor.key, actor.slug)
    return tuple(found)


def _listed_actors(
    raw: Mapping[str, Any],
    key: str,
    path: str,
    slugs: list[str],
    reader: Reader,
    least: int = 0,
    most: int = MOST_ACTORS,
) -> tuple[str, ...]:
    listed, place = reader.items(raw, key, path, least, most), join(path, key)
    for number, slug in enumerate(listed):
        if not isinstance(slug, str) or slug not in slugs:
            reader.fault(f"{place}[{number}]", f"{slug!r:.60} is no actor{did_you_mean(slug, slugs)}")
    if len(set(map(str, listed))) < len(listed):
        reader.fault(place, "one is named twice.")
    return tuple(slug for slug in listed if isinstance(slug, str))


def _compared(raw: Mapping[str, Any], slugs: list[str], reader: Reader) -> tuple[str, str] | None:
    if raw.get("compared") in (None, []):
        return None
    listed = raw["compared"]
    if not isinstance(listed, list) or len(listed) != 2 or listed[0] == listed[1]:
        reader.fault("compared", "two different actors, or none.")
        return None
    first, second = (*_listed_actors(raw, "compared", "", slugs, reader), "", "")[:2]
    return first, second


def _recommendations(
    raw: Mapping[str, Any], version: str, actors: list[str], compared: tuple[str, str] | None, reader: Reader
) -> tuple[schema.Recommendation, ...]:
    required = ("slug", "short", "name", "summary", "advances", "undermines", "asks")
    found = []
    for place, item in enumerate(reader.items(raw, "recommendations", "", 1, MOST_RECOMMENDATIONS)):
        path = f"recommendations[{place}]"
        item = reader.object(item, path, required, ("rules", "retired"))
        slug = _slug(item, path, reader)
        found.append(
            schema.Recommendation(
                slug=slug,
                number=place + 1,
                short=reader.text(item, "short", path, 60),
                name=reader.text(item, "name", path, 200),
                summary=reader.text(item, "summary", path),
                advances=reader.text(item, "advances", path),
                undermines=reader.text(item, "undermines", path),
                rules=tuple(
                    reader.text_of(rule, f"{path}.rules[{number}]")
                    for number, rule in enumerate(reader.items(item, "rules", path, 0, 40))
                ),
                asks=_asks(item, slug, path, version, actors, compared, reader),
                retired=_retired(item, path, version, reader),
            )
        )
    reader.unique((one.slug for one in found), "recommendations", "recommendations[{}].slug".format)
    if (count := sum(len(one.asks) for one in found)) > MOST_ASKS_IN_ALL:
        reader.fault(
            "recommendations", f"{MOST_ASKS_IN_ALL} asks in all are possible, this file has {count}."
        )
    if found and all(one.retired for one in found):
        reader.fault("recommendations", "all are retired; nothing could be coded.")
    return tuple(found)


def _asks(
    raw: Mapping[str, Any],
    recommendation: str,
    path: str,
    version: str,
    actors: list[str],
    compared: tuple[str, str] | None,
    reader: Reader,
) -> tuple[schema.Ask, ...]:
    found = []
    for number, item in enumerate(reader.items(raw, "asks", path, 1, MOST_ASKS)):
        place = f"{path}.asks[{number}]"
        item = reader.object(item, place, ("slug", "mode", "name", "description"), ("actors", "retired"))
        mode = reader.one_of(item, "mode", place, schema.MODES)
        whose = _listed_actors(item, "actors", place, actors, reader, 1)
        if not whose and "actors" not in item and mode in schema.MODES[:2] and compared is None:
            reader.fault(f"{place}.actors", f"mode {mode} needs actors while nothing is compared; name them.")
        found.append(
            schema.Ask(
                recommendation=recommendation,
                slug=_slug(item, place, reader, addressed=False),
                number=number + 1,
                mode=mode,
                actors=whose or (tuple(actors) if mode == "any" else compared or ()),
                name=reader.text(item, "name", place, 200),
                description=reader.text(item, "description", place),
                retired=_retired(item, place, version, reader),
            )
        )
    reader.unique((ask.slug for ask in found), f"{path}.asks", (path + ".asks[{}].slug").format)
    return tuple(found)


def _terms(raw: Mapping[str, Any], key: str, own: tuple[str, ...], reader: Reader) -> dict[str, schema.Term]:
    value = raw.get(key, {})
    if not isinstance(value, dict):
        reader.object(value, key, own)
        return {}
    if key in raw and set(value) != set(own):
        meant = "the method weighs" if key != "source_kinds" else "the record knows"
        reader.fault(key, f"{meant} {_span(own)}; the file names {_span(tuple(value)) or 'none'}.")
    found = {}
    for name in own:
        if name in value:
            item = reader.object(value[name], f"{key}.{name}", ("name",), ("help",))
            found[name] = schema.Term(
                reader.text(item, "name", f"{key}.{name}", 200), reader.text(item, "help", f"{key}.{name}")
            )
    return found


def _span(keys: tuple[str, ...]) -> str:
    if len(keys) > 2 and keys == tuple(map(str, range(1, len(keys) + 1))):
        return f"1 to {len(keys)}"
    return ", ".join(f"{key:.40}" for key in keys)


def _source(raw: Mapping[str, Any], reader: Reader) -> schema.Source:
    keys = ("title", "authors", "publisher", "date", "url")
    item = reader.object(raw["source"], "source", keys) if "source" in raw else {}
    authors = reader.items(item, "authors", "source", 0, 50)
    return schema.Source(
        title=reader.words(item, "title", "source", 500),
        authors=tuple(
            reader.words({"_": each}, "_", f"source.authors[{n}]") for n, each in enumerate(authors)
        ),
        publisher=reader.words(item, "publisher", "source", 300),
        date=reader.day(item, "date", "source"),
        url=reader.shaped(item, "url", "source", ADDRESS, "an address that starts with http:// or https://"),
    )


def _licence(raw: Mapping[str, Any], reader: Reader) -> schema.Licence:
    item = reader.object(raw["licence"], "licence", ("name", "spdx", "url")) if "licence" in raw else {}
    return schema.Licence(
        name=reader.words(item, "name", "licence"),
        spdx=reader.shaped(item, "spdx", "licence", r"[A-Za-z0-9.+-]{1,60}", "a name such as CC-BY-4.0"),
        url=reader.shaped(item, "url", "licence", ADDRESS, "an address that starts with http:// or https://"),
    )
