"""A codebook is read whole or refused with every fault at once, each with its path and what to do."""

import contextlib
import copy
import json

import pytest

from tracker import codebook as books


def words(text):
    return {"en": text}


def ask(slug="show-up", mode="each", **more):
    return {"slug": slug, "mode": mode, "name": words(slug), "description": words("…")} | more


def recommendation(slug, *asks, **more):
    names = ("short", "name", "summary", "advances", "undermines")
    return (
        {"slug": slug}
        | {name: words(f"{slug} {name}") for name in names}
        | {"asks": list(asks or [ask()])}
        | more
    )


def actor(slug, **more):
    return {"slug": slug, "name": words(slug.title())} | more


SMALL = {
    "format": 1,
    "version": "1.2",
    "start": "2026-03-02",
    "languages": ["en"],
    "title": words("Harbour watch"),
    "subject": words("Harbour policy"),
    "source": {
        "title": "Ten years of the harbour",
        "authors": ["A. Pilot"],
        "publisher": "The commission",
        "date": "2026-03-02",
        "url": "https://commission.example/report",
    },
    "licence": {
        "name": "CC0",
        "spdx": "CC0-1.0",
        "url": "https://creativecommons.org/publicdomain/zero/1.0/",
    },
    "actors": [actor("north", key="n"), actor("south"), actor("port-authority")],
    "compared": ["north", "south"],
    "strengths": {str(number): {"name": words("step")} for number in range(1, 6)},
    "certainties": {name: {"name": words(name)} for name in ("confirmed", "reported", "rumoured")},
    "reach": {name: {"name": words(name)} for name in ("wide", "local")},
    "source_kinds": {name: {"name": words(name)} for name in ("primary", "agency", "outlet", "aggregator")},
    "recommendations": [
        recommendation("night-rest", ask("quiet"), ask("fines", "any")),
        recommendation("pilots", ask("shared", "joint"), ask("training", "any", actors=["port-authority"])),
    ],
}


def changed(*changes):
    """SMALL with values put at paths: ("recommendations", 0, "slug"), value; `...` deletes."""
    raw = copy.deepcopy(SMALL)
    for path, value in changes:
        place = raw
        for step in path[:-1]:
            place = place[step]
        if value is ...:
            del place[path[-1]]
        else:
            place[path[-1]] = value
    return raw


def faults(raw):
    with pytest.raises(books.CodebookError) as caught:
        books.read(raw if isinstance(raw, str) else json.dumps(raw))
    return caught.value.faults


RECS, FIRST = ("recommendations",), ("recommendations", 0)
TWO = (("languages",), ["en", "zh-hans"])
REFUSED = [
    # shape
    ([((*FIRST, "asks", 1, "mode"), "both")],
     "recommendations[0].asks[1].mode: 'both' is not one of joint, each, any."),
    ([((*FIRST, "sumary"), words("…"))], "recommendations[0]: unknown key 'sumary'; did you mean 'summary'?"),
    ([((*FIRST, "summary"), ...)], "recommendations[0]: key 'summary' is missing."),
    ([(("strat",), "2026-03-02")], "codebook.json: unknown key 'strat'; did you mean 'start'?"),
    ([(("start",), ...)], "codebook.json: key 'start' is missing."),
    ([(("format",), 2)], "format: this release reads format 1, not 2."),
    ([(("version",), "1.x")], "version: numbers with points, such as 1.2, not '1.x'."),
    ([(("start",), "2026-02-30")], "start: a day as YYYY-MM-DD, between 1900 and 2100, not '2026-02-30'."),
    ([(("source",), "the report")], "source: a JSON object, not text."),
    ([(("source", "url"), "commission.example")],
     "source.url: an address that starts with http:// or https://, not 'commission.example'."),
    ([(("licence", "spdx"), "CC 0")], "licence.spdx: a name such as CC-BY-4.0, not 'CC 0'."),
    ([(("actors",), "north")], "actors: a list, not text."),
    ([(("title",), "Harbour")], "title: a JSON object of words by language, not text."),
    ([(("title", "en"), "a\u0007b")], "title.en: character 2: U+0007 is a control character; delete it."),
    ([(("title", "en"), " ")], "title.en: empty; give it words."),
    ([((*FIRST, "short", "en"), "x" * 61)],
     "recommendations[0].short.en: 61 characters, at most 60 are allowed; shorten it."),
    # slugs
    ([((*FIRST, "slug"), "Night rest")],
     "recommendations[0].slug: small letters, digits and hyphens, a letter first, at most 40, not 'Night rest'."),
    ([((*FIRST, "slug"), "overview")],
     "recommendations[0].slug: 'overview' is not free: all, overview, actors, data and what begins actor- or event- "
     "are addresses of cards."),
    ([((*FIRST, "slug"), "event-log")],
     "recommendations[0].slug: 'event-log' is not free: all, overview, actors, data and what begins actor- or event- "
     "are addresses of cards."),
    ([(("actors", 2, "slug"), "third")],
     "actors[2].slug: 'third' is not free: outlets.json means something else by it."),
    ([(("recommendations", 1, "slug"), "night-rest")],
     "recommendations[1].slug: night-rest is the name of recommendations[0] already."),
    ([(("actors", 1, "slug"), "north")], "actors[1].slug: north is the name of actors[0] already."),
    ([((*FIRST, "asks", 1, "slug"), "quiet")],
     "recommendations[0].asks[1].slug: quiet is the name of recommendations[0].asks[0] already."),
    # counts
    ([(RECS, [recommendation(f"r{number}") for number in range(61)])],
     "recommendations: 1 to 60 are possible, this file has 61."),
    ([(RECS, [])], "recommendations: 1 to 60 are possible, this file has 0."),
    ([(("actors",), [actor("north"), actor("south"), *(actor(f"a{number}") for number in range(31))]),
      (("recommendations", 1, "asks", 1, "actors"), ...)], "actors: 1 to 32 are possible, this file has 33."),
    ([((*FIRST, "asks"), [])], "recommendations[0].asks: 1 to 20 are possible, this one has 0."),
    ([((*FIRST, "asks"), [ask(f"a{number}") for number in range(21)])],
     "recommendations[0].asks: 1 to 20 are possible, this one has 21."),
    ([(RECS, [recommendation(f"r{n}", *(ask(f"a{m}") for m in range(20))) for n in range(51)])],
     "recommendations: 1000 asks in all are possible, this file has 1020."),
    # scales of the method
    ([(("strengths", "5"), ...)], "strengths: the method weighs 1 to 5; the file names 1 to 4."),
    ([(("certainties", "rumoured"), ...)],
     "certainties: the method weighs confirmed, reported, rumoured; the file names confirmed, reported."),
    ([(("reach", "local"), ...)], "reach: the method weighs wide, local; the file names wide."),
    ([(("source_kinds", "agency"), ...)],
     "source_kinds: the record knows primary, agency, outlet, aggregator; the file names primary, outlet, aggregator."),
    ([(("reach",), ...)], "codebook.json: key 'reach' is missing."),
    # languages
    ([(("languages",), ["en", "fr"])], "languages: the interface is translated into en, zh-hans, not fr."),
    ([(("languages",), ["zh-hans", "en"])],
     "languages: the record keeps words in the first language and in Chinese; a second language other than zh-hans "
     "needs record format 2."),
    ([(("languages",), ["en", "en"])], "languages: one is named twice."),
    ([(("languages",), [])], "languages: 1 to 20 are possible, this file has 0."),
    ([TWO], "recommendations[1].name: no word for zh-hans, which is offered."),
    ([(("title",), {"en": "Harbour", "fr": "Port"})], "title: words for 'fr', but the languages are en."),
    # actors
    ([(("compared",), ["north", "north"])], "compared: two different actors, or none."),
    ([(("compared",), ["north"])], "compared: two different actors, or none."),
    ([(("compared",), ["north", "sout"])], "compared[1]: 'sout' is no actor; did you mean 'south'?"),
    ([(("beside",), ["east"])], "beside[0]: 'east' is no actor."),
    ([(("beside",), ["north", "north"])], "beside: one is named twice."),
    ([((*FIRST, "asks", 0, "actors"), ["nort"])],
     "recommendations[0].asks[0].actors[0]: 'nort' is no actor; did you mean 'north'?"),
    ([(("compared",), [])],
     "recommendations[0].asks[0].actors: mode each needs actors while nothing is compared; name them."),
    ([(("compared",), ...)],
     "recommendations[1].asks[0].actors: mode joint needs actors while nothing is compared; name them."),
    ([(("actors", 1, "key"), "n")], "actors[1].key: 'n' is the key of north already."),
    ([(("actors", 1, "key"), "so")], "actors[1].key: one letter from a to z, not 'so'."),
    # retirement
    ([((*FIRST, "retired"), "1.3")], "recommendations[0].retired: 1.3 is later than this version, 1.2."),
    ([((*FIRST, "retired"), "1.2"), (("recommendations", 1, "retired"), "1.2")],
     "recommendations: all are retired; nothing could be coded."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "sentence"), REFUSED, ids=[sentence[:60] for _changes, sentence in REFUSED]
)
def test_what_cannot_be_is_refused_with_its_path_and_a_sentence(changes, sentence):
    assert sentence in faults(changed(*changes))


def test_the_small_codebook_is_one():
    book = books.read(json.dumps(SMALL))
    assert (book.slugs, len(book), book.numbered(2).slug) == (("night-rest", "pilots"), 2, "pilots")
    assert book.asks == (
        ("night-rest", "quiet"), ("night-rest", "fines"), ("pilots", "shared"), ("pilots", "training"),
    )  # fmt: skip
    assert book.ask("night-rest", "quiet").actors == book.compared == ("north", "south")
    assert book.ask("night-rest", "fines").actors == ("north", "south", "port-authority")
    assert book.ask("pilots", "training").actors == ("port-authority",)
    assert book.keys() == {"n": "north", "s": "south", "p": "port-authority"}
    assert book.actor("south").short.in_("zh-hans") == "South"
    assert "pilots" in book
    assert "trust" not in book
    assert book.beside == ()
    assert book.side_of("https://north.example/") is None
    assert book.prose("lede", "en") is None
    with pytest.raises(LookupError, match="1 to 2"):
        book.numbered(3)


def test_a_codebook_may_compare_nobody():
    asks = [ask("quiet", actors=["north"]), ask("fines", "any")]
    book = books.read(
        json.dumps(changed((("compared",), None), (RECS, [recommendation("night-rest", *asks)])))
    )
    assert book.compared is None


def test_all_faults_are_told_at_once():
    told = faults(changed((("version",), 1), ((*FIRST, "slug"), ""), (("compared",), ["east", "west"])))
    assert len(told) == 4
    with pytest.raises(books.CodebookError) as caught:
        books.read("[]")
    assert str(caught.value) == "codebook.json: a JSON object, not a list."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            '{"format": 1, "format": 1}',
            "codebook.json: not JSON (key 'format' is given twice in one object).",
        ),
        ('{"format": NaN}', "codebook.json: not JSON (NaN is no number that a codebook can hold)."),
        (
            "{",
            "codebook.json: not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1)).",
        ),
        ("[" * 100_000, "codebook.json: not JSON (maximum recursion depth exceeded"),
    ],
)
def test_what_is_no_json_is_refused(text, sentence):
    (told,) = faults(text)
    assert told.startswith(sentence)


@pytest.mark.parametrize("value", [None, True, 3, "x", [], {}, [[]], [{}], {"en": 3}, {"en": []}])
@pytest.mark.parametrize("path", [
    *((key,) for key in SMALL), (*FIRST, "slug"), (*FIRST, "rules"), (*FIRST, "asks"), (*FIRST, "asks", 0),
    (*FIRST, "asks", 0, "mode"), (*FIRST, "asks", 0, "actors"), ("actors", 0), ("actors", 0, "key"),
    ("source", "authors"), ("source", "date"), ("strengths", "1"), FIRST,
])  # fmt: skip
def test_no_value_of_another_kind_gets_through_as_anything_but_a_fault(path, value):
    with contextlib.suppress(books.CodebookError):
        assert len(books.read(json.dumps(changed((path, value))))) == 2


def after(*changes):
    return books.read(json.dumps(changed((("version",), "1.3"), *changes)))


NEW = recommendation("tide-mills")
FOLLOWS = [
    ([(("version",), "1.1")], "version: 1.1 does not come after 1.2; give it a later number."),
    ([(("start",), "2026-03-03")], "start: the record begins on 2026-03-02; another day is another scorecard."),
    ([(RECS, [NEW, *SMALL["recommendations"]])],
     "recommendations: night-rest stood at place 1 and is now at 2; new ones go to the end."),
    ([(RECS, [SMALL["recommendations"][0]])],
     'recommendations: pilots is gone, and 41 events are coded by it; keep it with "retired".'),
    ([(RECS, [recommendation("day-rest"), SMALL["recommendations"][1]])],
     'recommendations: night-rest is gone; keep it with "retired".'),
    ([((*FIRST, "asks"), [ask("fines", "any"), ask("quiet")])],
     "recommendations[0].asks: quiet stood at place 1 and is now at 2; new ones go to the end."),
    ([(("recommendations", 1, "asks"), [ask("shared", "joint")])],
     'recommendations[1].asks: training is gone, and one event is coded by it; keep it with "retired".'),
    ([(("actors",), [actor("south"), actor("north"), actor("port-authority")])],
     "actors: north stood at place 1 and is now at 2; new ones go to the end."),
    ([(("actors",), [actor("north"), actor("south"), actor("ships")]),
      (("recommendations", 1, "asks", 1, "actors"), ["ships"])],
     'actors: port-authority is gone, and 7 events are coded by it; keep it with "retired".'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "sentence"), FOLLOWS, ids=[sentence[:60] for _changes, sentence in FOLLOWS]
)
def test_a_new_version_keeps_what_the_record_rests_on(changes, sentence):
    coded = {"pilots": 41, "pilots/training": 1, "actor:port-authority": 7}
    assert sentence in books.faults(books.read(json.dumps(SMALL)), after(*changes), coded)


def test_the_first_language_stays():
    both = json.loads(json.dumps(SMALL).replace('"en": ', '"zh-hans": ').replace('["en"]', '["zh-hans"]'))
    (told,) = books.faults(books.read(json.dumps(SMALL)), books.read(json.dumps(both | {"version": "1.3"})))
    assert told == (
        "languages: the record's words are in en first; another first language is another scorecard."
    )


def test_a_retired_slug_is_not_given_to_something_else():
    gone = after(((*FIRST, "retired"), "1.3"))
    again = books.read(
        json.dumps(changed((("version",), "1.4"), ((*FIRST, "name"), words("Ships at night"))))
    )
    same = books.read(json.dumps(changed((("version",), "1.4"))))
    assert books.faults(gone, again) == [
        "recommendations: night-rest was retired as “night-rest name” and comes back as “Ships at night”; "
        "give the new one another slug."
    ]
    assert books.faults(gone, same) == []
    assert [one.slug for one in gone.offered()] == ["pilots"]
    assert gone.slugs == ("night-rest", "pilots")


def test_growing_is_allowed():
    grown = after(
        (RECS, [*SMALL["recommendations"], NEW]), (("actors",), [*SMALL["actors"], actor("shippers")])
    )
    assert books.faults(books.read(json.dumps(SMALL)), grown) == []


def test_the_digest_is_of_the_content(tmp_path):
    spread = json.dumps({"$schema": "x"} | dict(reversed(SMALL.items())), indent=3)
    assert books.read(spread).digest == books.read(json.dumps(SMALL)).digest
    assert after().digest != books.read(json.dumps(SMALL)).digest


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "codebook.json").write_text(json.dumps(SMALL), "utf-8")
    return tmp_path


def put(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def test_a_folder_holds_prose_outlets_a_prompt_and_earlier_versions(folder):
    put(folder, "prose/en/lede.md", "What the commission asked for.\n")
    put(
        folder,
        "outlets.json",
        '{"north": {"hosts": ["north.example"], "endings": ["np"]}, "unknown": {"endings": ["io"]}}',
    )
    put(folder, "second_opinion.txt", "{rules} {recommendations}")
    for version in ("1.10", "1.2", "1.9"):
        put(folder, f"versions/{version}.json", json.dumps(SMALL | {"version": version}))
    put(folder, "codebook.json", b"\xef\xbb\xbf" + json.dumps(SMALL | {"version": "2.0"}).encode())
    book = books.load(folder)
    assert book.prose("lede", "zh-hans") == book.prose("lede", "en") == "What the commission asked for.\n"
    sides = {
        url: book.side_of(f"https://{url}/x") for url in ("a.north.example", "x.np", "x.io", "x.fr", "x.com")
    }
    assert list(sides.values()) == ["north", "north", "unknown", "third", "unknown"]
    assert [one.version for one in book.earlier] == ["1.2", "1.9", "1.10"]
    assert book.as_of("1.9").version == "1.9"
    assert book.as_of("0.1") is book
    assert book.prompt


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("codebook.json", b"\xff{}", "codebook.json: byte 1 is not UTF-8; save it as UTF-8."),
        ("prose/fr/lede.md", "x", "prose/fr/lede.md: the languages are en, not fr."),
        ("prose/en/abuot.md", "x",
         "prose/en/abuot.md: pages read lede.md, about.md, limits.md, method.md, codebook.md; "
         "did you mean 'about.md'?"),
        ("second_opinion.txt", "{rules}",
         "second_opinion.txt: {recommendations} is missing; write it where they are to be put in."),
        ("outlets.json", "{", "outlets.json: not JSON (Expecting property name"),
        ("outlets.json", "[]", "outlets.json: a JSON object, not a list."),
        ("outlets.json", '{"nort": {}}', "outlets.json: nort: no actor, nor third or unknown; did you mean 'north'?"),
        ("outlets.json", '{"north": {"host": []}}', "outlets.json: north: unknown key 'host'; did you mean 'hosts'?"),
        ("outlets.json", '{"north": {"hosts": ["https://a.example"]}}',
         "outlets.json: north.hosts[0]: a host in small letters, without http://, not 'https://a.example'."),
        ("versions/1.0.json", json.dumps(SMALL | {"version": "1.1"}),
         "versions/1.0.json: holds version 1.1; name the file 1.1.json."),
        ("versions/1.3.json", json.dumps(SMALL | {"version": "1.3"}),
         "codebook.json, after 1.3: version: 1.2 does not come after 1.3; give it a later number."),
        ("versions/1.0.json", json.dumps(changed((("version",), "1.0"), ((*FIRST, "asks", 0, "mode"), "both"))),
         "versions/1.0.json: recommendations[0].asks[0].mode: 'both' is not one of joint, each, any."),
    ],
)  # fmt: skip
def test_a_folder_with_a_fault_is_refused_as_a_whole(folder, name, text, sentence):
    put(folder, name, text)
    with pytest.raises(books.CodebookError) as caught:
        books.load(folder)
    assert any(fault.startswith(sentence) for fault in caught.value.faults), caught.value


def test_a_folder_without_a_codebook_says_so(tmp_path):
    with pytest.raises(books.CodebookError, match=r"codebook\.json: cannot be read in .* \(No such file"):
        books.load(tmp_path)
