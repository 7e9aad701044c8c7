"""What is asked, and what of the answers is kept: figures as they are, of the rest a digest."""

import datetime
import hashlib
import io
import json
import zipfile

from tests.scorecard.golden.service import answer, manage

FIRST, LAST = datetime.date(2025, 1, 21), datetime.date(2026, 7, 7)
AFTER = ("2026-07-08", "2026-07-09", "2026-07-12")
EVERY_FIFTH = [str(FIRST + datetime.timedelta(n)) for n in range(0, (LAST - FIRST).days, 5)] + [
    str(LAST),
    *AFTER,
]
SOME = EVERY_FIFTH[9::20]  # on these the thousand draws are made too, and every actor's view
ACTORS = ("us", "china", "multilateral", "eu", "other", "industry", "academia")
READINGS = ("balance", "pulse")
LISTS = (
    *(
        "recommendations/",
        "events/?retracted=any&limit=100",
        "events/?order=date&known_at=2026-07-08&limit=100",
    ),
    *("events/?recommendation=trust&direction=-1&actor=us&limit=100", "events/?first=2026-01-01&limit=100"),
    *("articles/?limit=100", "sources/", "changes/?limit=100", "method/", "codebook/", "cues/", "coverage/"),
    *("agreement/", "exports/", "disputes/"),
)
TABLES = ("events", "assessments", "sources", "articles", "scores", "series")
COMMANDS = ("events", "articles", "scores")
DAYS = "as_of=2026-07-07&known_at=2026-07-08"
FIRST_METHOD = "method=1.0"  # by which all of it was published
ASKED = {"articles": "", **dict.fromkeys(("scores", "series"), f"{DAYS}&{FIRST_METHOD}")}  # of tables
EDITIONS = ("2026-07-07", "2026-07-10")
PROGRAM = ("verify.py", "README.md")  # in every edition, and not of the record


def get(client, address):
    """The JSON of an address of the API."""
    response, body = answer(client, f"/api/v1/{address}")
    assert response.status_code == 200, (address, body[:300])
    return json.loads(body)


def digest(value):
    """SHA-256 of bytes, or of a tree of JSON in one spelling."""
    if not isinstance(value, bytes):
        value = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(value).hexdigest()[:20]


def figures(client, days):
    """day → all readings of that day as known then, and every actor's balances."""
    return {day: _figures(client, day) for day in days}


def then(day):
    """The query for a day as known then, by the method that was in service when the figures were kept."""
    return f"as_of={day}&known_at={day}&{FIRST_METHOD}"


def _figures(client, day):
    found = get(client, f"scores/?{then(day)}")
    kept = {name: found[name] for name in ("coded_to", "ignored_links", "overall", "recommendations")}
    return {**kept, "actors": get(client, f"views/?{then(day)}")["actors"]}


def digests(client):
    """What was asked → digest of the answer."""
    return dict(_digests(client))


def _digests(client):
    for day in EVERY_FIFTH:
        yield from _of_day(client, day)
    yield from bodies(client).items()
    for day in EDITIONS:
        manage("edition", "make", day)
        yield from edition(client, day).items()
    manage("edition", "verify")


def bodies(client):
    """What the service hands out about the whole record → digest of it."""
    return {**dict(_of_the_series(client)), **dict(_of_lists(client)), **dict(_of_files(client))}


def _of_day(client, day):
    """The same day as known now and the acts behind it; single actors' views; what moved it in 90 days."""
    now = get(client, f"scores/?as_of={day}&{FIRST_METHOD}")["recommendations"]
    yield f"scores/?as_of={day}", digest(now)
    acts = [get(client, f"scores/{slug}/contributions/?as_of={day}&{FIRST_METHOD}") for slug in now]
    yield f"scores/SLUG/contributions/?as_of={day}", digest(acts)
    for actor in ACTORS if day in SOME else ACTORS[:2]:
        asked = f"scores/?as_of={day}&known_at={day}&actor={actor}"
        yield asked, digest(get(client, f"{asked}&{FIRST_METHOD}")["recommendations"])
    if day in SOME:
        asked = f"scores/?as_of={day}&sensitivity=true"
        yield f"{asked} to nine digits", digest(_rounded(get(client, f"{asked}&{FIRST_METHOD}")))
    asked = f"waterfall/?later={day}&later_known_at={day}"
    yield asked, digest(get(client, f"{asked}&{FIRST_METHOD}")["recommendations"])


def _rounded(value):
    """Draws go through products of matrices, whose last digits depend on the processor."""
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return round(value, 9) if isinstance(value, float) else value


def _of_the_series(client):
    for reading in READINGS:
        for view in ("", *(f"&actor={actor}" for actor in ACTORS), "&then=true"):
            asked = f"series/?reading={reading}&as_of=2026-07-12{view}"
            for slug, lines in get(client, f"{asked}&{FIRST_METHOD}")["recommendations"].items():
                yield f"{asked} {slug}", digest(lines)


def _of_lists(client):
    for address in LISTS:
        yield address, digest(list(_pages(client, address)))
    ids = sorted(line["id"] for page in _pages(client, LISTS[1]) for line in page["results"])
    for what in ("", "history/"):
        yield f"events/ID/{what}", digest([get(client, f"events/{key}/{what}") for key in ids])
    *_others, last = _pages(client, "changes/?limit=100")
    yield "head of the log", last["results"][-1]["digest"]


def _pages(client, address):
    while address:
        found = get(client, address)
        yield found
        following = found.get("next") if isinstance(found, dict) and not found.get("complete") else None
        address = following and following.partition("/api/v1/")[2]


def _of_files(client):
    for table in TABLES:
        asked = ASKED.get(table, DAYS)
        for ending in ("jsonl", "csv"):
            yield f"exports/{table}.{ending}", digest(_file(client, f"exports/{table}.{ending}?{asked}"))
        yield f"exports/{table}.parquet", digest(_parquet(_file(client, f"exports/{table}.parquet?{asked}")))
    for log in ("record", "changes"):
        yield f"exports/{log}.jsonl", digest(_file(client, f"exports/{log}.jsonl"))
    for table in COMMANDS:
        for form in ("jsonl", "csv"):
            days = (
                ("--as-of", "2026-07-07", "--known-at", "2026-07-08", "--method", "1.0")
                if table == "scores"
                else ()
            )
            said = manage("export", table, "--format", form, *days)
            yield f"manage.py export {table} --format {form}", digest(said.encode())
    day = ("--as-of", "2026-07-07", "--known-at", "2026-07-07", "--method", "1.0")
    more = ("--since", "2026-01-31", "--since-known-at", "2026-01-31", "--series", "balance", "--proof")
    for slug, found in json.loads(manage("score", *day, *more))["recommendations"].items():
        yield f"manage.py score {slug}", digest(found)


def _file(client, address):
    response, body = answer(client, f"/api/v1/{address}")
    assert response.status_code == 200, (address, body[:300])
    return body


def _parquet(body):
    """Names, types and values; its bytes depend on the library that wrote them."""
    from pyarrow import parquet

    table = parquet.read_table(io.BytesIO(body))
    return [str(table.schema), table.to_pydict() and json.loads(json.dumps(table.to_pydict(), default=str))]


def edition(client, day):
    """The files of an edition that was made, and what its manifest says → digest of it."""
    with zipfile.ZipFile(io.BytesIO(_file(client, f"editions/{day}.zip"))) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    chained = bool(manifest.pop("previous"))  # that digest covers the program
    for name in PROGRAM:
        del files[name], manifest["files"][name]
    del files["manifest.sig"]
    found = {f"editions/{day} manifest": digest([manifest, chained])}
    return found | {f"editions/{day}/{name}": digest(body) for name, body in files.items()}
