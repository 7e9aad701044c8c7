"""One page, one article: under which addresses each was met, and which parameters never change a page.

The law: an article keeps the key that it got first. What was learnt is asked only for what is new, and only where the
path by itself names the article; of a host a parameter is noise after three cases of one page and title whatever it
said, and none against.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import combinations

from django.db.models import F

from feeds import entries as entry_rules
from feeds.entries import Place
from feeds.models import MetAddress, Parameter
from feeds.parsing import Entry
from tracker import addresses, sql
from tracker.models import Article

Row = tuple[str, str, Entry, Place]  # the entry's key and digest, itself, where it belongs
LONGEST_NAME = 100
MOST_COMPARED = 60  # items of one document whose addresses are compared for cases against


def met(rows: list[Row]) -> list[Row]:
    """The same under the keys of the articles that they are: by an address met before, else by title and page.

    A parameter that nobody knows may name the article or only the list that led to it. Where the path names the
    article, and the title is the same, it is the latter.
    """
    rows = _known_addresses(rows)
    asked = {
        place.title_key for *_, place in rows if "?" in place.url and place.title_key and _page(place.url)
    }
    if not asked:
        return rows
    kept = sql.select(Article, ("title_key", "url_key", "url"), title_key=list(asked))
    known = {(title, _page(url)): (key, url) for title, key, url in reversed(kept) if _page(url)}
    found, cases = [], Counter(_against(rows))
    for key, digest, entry, place in rows:
        if place.title_key in asked and (page := _page(place.url)):
            same, url = known.setdefault((place.title_key, page), (place.url_key, place.url))
            if same != place.url_key and (name := _differing(url, place.url)):
                cases[page.split("/")[2], name, "same"] += 1
            place = place._replace(url_key=same)
        found.append((key, digest, entry, place))
    _learn(cases)
    return found


def remember(own: Mapping[str, Place], rows: Iterable[Row], ids: Mapping[str, int]) -> None:
    """Keep the addresses of `own`, by the entry's key, under which articles were met that have another one.

    `rows` are the same entries under their articles' keys, `ids` these articles.
    """
    noise = _noise(own.values())
    made: dict[str, tuple[str, int, str]] = {}
    for entry_key, _digest, _entry, place in rows:
        before = own[entry_key]
        keys = {before.url_key, _reduced_key(before, noise) if noise else ""} - {"", place.url_key}
        made |= {key: (key, ids[place.url_key], before.url) for key in keys if before.url}
    if made:
        taken = {key for (key,) in sql.select(Article, ("url_key",), url_key=list(made))}
        sql.insert(MetAddress, ("key", "article", "url"), [made[key] for key in sorted(made.keys() - taken)])


def _known_addresses(rows: list[Row]) -> list[Row]:
    """The same under the keys of the articles that were met under these addresses before."""
    noise = _noise(place for *_, place in rows)
    reduced = {place.url_key: _reduced_key(place, noise) for *_, place in rows} if noise else {}
    asked = list({place.url_key for *_, place in rows} | set(reduced.values()) - {""})
    kept = dict(sql.select(MetAddress, ("key", "article"), key=asked))
    if not kept and not noise:
        return rows
    keys = dict(sql.select(Article, ("id", "url_key"), id=list(set(kept.values()))))
    theirs = {key: keys[article] for key, article in kept.items()}
    theirs |= {key: key for (key,) in sql.select(Article, ("url_key",), url_key=asked)}
    found = []
    for key, digest, entry, place in rows:
        # Its own key comes first: an article that has it needs nothing learnt.
        for candidate in (place.url_key, reduced.get(place.url_key, "")):
            if candidate in theirs:
                place = place._replace(url_key=theirs[candidate])
                break
        found.append((key, digest, entry, place))
    return found


def _noise(places: Iterable[Place]) -> dict[str, set[str]]:
    """The parameters that never change a page, by host; asked only where an address has any."""
    hosts = {page.split("/")[2] for place in places if "?" in place.url and (page := _page(place.url))}
    noise: dict[str, set[str]] = {}
    for parameter in Parameter.objects.filter(host__in=hosts, other=0) if hosts else ():
        if parameter.is_noise:
            noise.setdefault(parameter.host, set()).add(parameter.name)
    return noise


def _reduced_key(place: Place, noise: Mapping[str, set[str]]) -> str:
    """The key of the address without what is noise at its host; "" where there is none."""
    page = _page(place.url) if noise and "?" in place.url else ""
    names = noise.get(page.split("/")[2], set()) if page else set()
    canonical = addresses.canonical_or_empty(place.url)
    pairs = _pairs(canonical)
    if not names & pairs.keys():
        return ""
    kept = "&".join(
        f"{name}={value}" if value else name for name, value in pairs.items() if name not in names
    )
    return entry_rules.url_key(f"{page}?{kept}" if kept else page, publisher="", title="", day="")


def _against(rows: list[Row]) -> Iterable[tuple[str, str, str]]:
    """Cases of one document where one parameter alone makes another title at the same page."""
    pages: dict[str, list[Place]] = {}
    for *_, place in rows[:MOST_COMPARED]:
        if "?" in place.url and place.title_key and (page := _page(place.url)):
            pages.setdefault(page, []).append(place)
    for page, places in pages.items():
        for one, other in combinations(places, 2):
            if one.title_key != other.title_key and (name := _differing(one.url, other.url)):
                yield page.split("/")[2], name, "other"


def _differing(one: str, other: str) -> str:
    """The only parameter in which two addresses differ, by another value or by none; "" where it is not one."""
    mine, theirs = (_pairs(addresses.canonical_or_empty(url)) for url in (one, other))
    names = {name for name in mine.keys() | theirs.keys() if mine.get(name) != theirs.get(name)}
    name = names.pop() if len(names) == 1 else ""
    return name if len(name) <= LONGEST_NAME else ""


def _pairs(canonical: str) -> dict[str, str]:
    query = canonical.partition("#")[0].partition("?")[2]
    return {name: value for name, _, value in (pair.partition("=") for pair in query.split("&")) if name}


def _learn(cases: Mapping[tuple[str, str, str], int]) -> None:
    for (host, name, side), count in sorted(cases.items()):
        row, _made = Parameter.objects.get_or_create(host=host[:255], name=name)
        Parameter.objects.filter(pk=row.pk).update(**{side: F(side) + count})


def _page(url: str) -> str:
    return addresses.named_page(addresses.canonical_or_empty(url)) if url else ""


def learnt(host: str) -> list[Parameter]:
    """What was seen of the parameters of a host's addresses, those that never change a page first."""
    return sorted(Parameter.objects.filter(host=host)[:50], key=lambda one: (not one.is_noise, one.name))
