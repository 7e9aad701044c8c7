"""A database as the release 0.1 left it, with what that release said about it: made once, by that release.

    python -m tests.operations.release                 writes tests/samples/release-0.1.*; in a checkout of that release
    python -m tests.operations.release pages FOLDER    desk and admin over it, as files for `diff -r`
    python -m tests.operations.release URL DATA        what it says of a database, as JSON

It holds the seeded record and a few days of work on it: articles filed, proposals open, accepted, dismissed and
merged, codes changed and disputed, an ask set by hand, a key, a webhook, a subscription, an edition.
"""

import contextlib
import gzip
import json
import lzma
import os
import sqlite3
import sys
import tempfile
from pathlib import Path

import psycopg
from psycopg import sql

from tests.scorecard.golden import pages, readings, service

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
DUMP, EDITION = SAMPLES / "release-0.1.sql.xz", SAMPLES / "release-0.1-edition.zip"
ANSWERS = SAMPLES / "release-0.1-answers.json.gz"
DAY = "2026-07-10"  # of the edition
DAYS = (*readings.SOME, "2026-07-07", "2026-07-09", "2026-07-10", "2026-07-11", "2026-07-12")
PASSWORD = "correct horse battery"
TRUCE = "2025-05-12-geneva-tariff-truce"
OPEN = (
    "2026-07-07-6801772f",
    "2026-07-05-us-commerce-department-lifts-export-controls-on-ai-chips-for-chinese",
    "2026-07-08-china-publishes-rules-for-open-models",
)
LAW = "https://gazette.example/2026/07/research-chips"
ARTICLES = [
    {
        "url": f"{LAW}?page={number}",
        "title": title,
        "summary": f"<p>{title}, the gazette says, from the first of August on.</p>",
        "publisher": "Gazette",
        "date": f"2026-07-0{number + 5}",
        "lang": language,
    }
    for number, (title, language) in enumerate(
        (
            ("US Commerce Department lifts export controls on AI chips for Chinese research hospitals", "en"),
            ("China and United States agree to share data on AI safety incidents", "en"),
            ("中国商务部宣布对美国人工智能企业实施出口管制", "zh"),
            ("Gardeners of three counties meet", "en"),
        )
    )
]


def answers(client):
    """All that is asked of the database, before and after: figures, an edition's files, where each address leads."""
    return {
        "figures": readings.figures(client, DAYS),
        "digests": readings.edition(client, DAY),
        "addresses": {address: _reached(client, address) for address in _addresses()},
    }


def _addresses():
    """Pages as readers have linked them."""
    asked = ("", *pages.ASKED, f"events/{TRUCE}/", *("robots.txt", "sitemap.xml", "api/docs/"))
    return [f"/{language}{path}" for language in ("", "zh-hans/") for path in asked]


def _reached(client, address):
    """The status at the end of an address's redirects."""
    response = client.get(address, follow=True)
    return response.status_code


def asked_anew(database_url, data_folder):
    """`answers` of a database, asked in this process, which has no Django yet."""
    with service.opened(database_url, data_folder):
        return answers(service.reader())


# From the files to a database


def kept():
    """What the release answered."""
    return json.loads(gzip.decompress(ANSWERS.read_bytes()))


def load(folder, database_url, manage):
    """The database into an empty one, and the data folder. `manage` runs a command of manage.py there."""
    editions = Path(folder) / "data" / "editions"
    editions.mkdir(parents=True)
    file = Path(folder) / "release.sqlite3"
    if database_url.startswith("sqlite"):
        file = Path(database_url.removeprefix("sqlite:///"))
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.executescript(lzma.decompress(DUMP.read_bytes()).decode())
        database.execute("PRAGMA journal_mode = WAL")
        name = database.execute("SELECT file FROM scorecard_edition").fetchone()[0]
        (editions / name).write_bytes(EDITION.read_bytes())
        if not database_url.startswith("sqlite"):
            _copy(database, database_url, manage)


def _copy(source, database_url, manage):
    """Row by row into PostgreSQL, brought to the migrations that the release had."""
    named = "SELECT app, max(name) FROM django_migrations GROUP BY app ORDER BY app"
    for app, name in source.execute(named).fetchall():
        manage("migrate", app, name, "-v0")
    with psycopg.connect(database_url) as target:
        target.execute("SET session_replication_role = replica")  # no triggers: rows come in any order
        for (table,) in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if not table.startswith("sqlite_"):
                _copy_table(source, target, table)


def _copy_table(source, target, table):
    rows = source.execute(f'SELECT * FROM "{table}"')
    columns = [column[0] for column in rows.description]
    asked = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"
    types = dict(target.execute(asked, [table]).fetchall())
    truths = [types[column] == "boolean" for column in columns]
    here = sql.Identifier(table)
    target.execute(sql.SQL("DELETE FROM {}").format(here))
    put = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        here,
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(sql.Placeholder() * len(columns)),
    )
    with target.cursor() as cursor:
        cursor.executemany(
            put,
            (
                [
                    bool(value) if truth and value is not None else value
                    for value, truth in zip(row, truths, strict=True)
                ]
                for row in rows
            ),
        )
    if counter := target.execute("SELECT pg_get_serial_sequence(%s, %s)", [table, columns[0]]).fetchone()[0]:
        last = sql.SQL("SELECT setval(%s, coalesce(max({}), 1)) FROM {}").format(
            sql.Identifier(columns[0]), here
        )
        target.execute(last, [counter])


# From the release to the files


def make():
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/release.sqlite3"
        with service.opened(f"sqlite:///{file}", f"{folder}/data", service.SEEDED):
            service.manage("migrate", "-v0")
            service.manage("seed", "-v0")
            client = service.reader()
            with service.at("2026-07-09T09:00:00+00:00"):
                key = _staff(client)
                _articles(folder)
            with service.at("2026-07-10T09:00:00+00:00"):
                _decisions(client, key)
                _readers(client, key)
            with service.at("2026-07-11T09:00:00+00:00"):
                service.manage("edition", "make", DAY)
                _later(client, key)
            with service.at(service.READ):
                found = answers(client)
        with contextlib.closing(sqlite3.connect(file)) as database:
            text = "\n".join(
                line for line in database.iterdump() if not line.startswith('INSERT INTO "django_session')
            )
            (name,) = database.execute("SELECT file FROM scorecard_edition").fetchone()
        DUMP.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
        EDITION.write_bytes(Path(f"{folder}/data/editions/{name}").read_bytes())
    ANSWERS.write_bytes(gzip.compress(json.dumps(found, separators=(",", ":")).encode(), 9, mtime=0))


def _staff(client):
    """Ada, her key, an ask that she set by hand; the header of her program."""
    os.environ["DJANGO_SUPERUSER_PASSWORD"] = PASSWORD
    service.manage("createsuperuser", "--noinput", "--username", "ada", "--email", "ada@example.org")
    scopes = [word for scope in ("propose", "decide", "import", "webhooks") for word in ("--scope", scope)]
    text = service.manage("keys", "issue", "a program", "--account", "ada", *scopes).strip()
    _in(client)
    setting = {"ask": "3", "rung": "2", "reason": "The rule takes a plan for a deed.", "start": "2026-06-01"}
    _done(client.post("/admin/tracker/asksetting/add/", setting))
    return {"HTTP_AUTHORIZATION": f"Bearer {text}"}


def _in(client):
    from django.contrib.auth import get_user_model

    client.force_login(
        get_user_model().objects.get(username="ada"), "django.contrib.auth.backends.ModelBackend"
    )


def _articles(folder):
    from tracker.celery import app

    app.loader.import_default_modules()
    file = Path(folder) / "articles.jsonl"
    file.write_text("".join(f"{json.dumps(article)}\n" for article in ARTICLES))
    service.manage("articles", "import", str(file))
    app.tasks["tracker.tasks.file_articles"]()


def _decisions(client, key):
    """Everything that changes the log, and what leaves proposals open."""

    def propose(title, **more):
        body = {
            "title": title,
            "date": "2026-07-08",
            "language": "en",
            "actors": ["us"],
            "sources": [{"title": title, "url": f"https://gazette.example/{len(title)}", "lang": "en"}],
        }
        return _sent(client, key, "proposals/", body | more)["id"]

    def decide(event, deed, **more):
        _sent(client, key, f"events/{event}/decisions/", {"deed": deed, **more})

    trust = {
        "rec": "trust",
        "direction": 1,
        "strength": 4,
        "ask": "import-barriers",
        "rationale": "In force.",
    }
    lifted = propose("US lifts its curbs on research chips", assessments=[trust])
    decide(lifted, "accept", why="in the gazette", changes={"title_zh": "美国取消对科研芯片的限制"})
    again = propose("Curbs on chips for research are lifted by the US", assessments=[trust])
    decide(again, "accept", why="a second report")
    decide(lifted, "merge", events=[again], why="the same act")
    decide(propose("A speech about nothing much"), "dismiss", reason="no_act", why="A preview, no act.")
    decide(propose("Talks may be held"), "snooze", until="2026-08-01", why="to be seen")
    propose("China publishes rules for open models", actors=["china"], language="en")
    wrong = propose("A report that was wrong", assessments=[trust | {"strength": 2}])
    decide(wrong, "accept", why="one outlet")
    decide(wrong, "retract", why="taken back by the outlet")
    decide(TRUCE, "edit", why="coded anew", changes={"certainty": "reported"})
    decide(lifted, "supersede", events=["2025-01-21-us-stargate-announcement"], why="it ends it")


def _readers(client, key):
    """Disputes, a subscription that was confirmed, a webhook."""
    from django.core import mail

    claim = {"event": TRUCE, "recommendation": "trust", "source": "https://gazette.example/truce"}
    for words in (
        "The truce covered tariffs only, not research.",
        "The truce ended in August already, as planned.",
    ):
        _sent(client, {}, "disputes/", claim | {"claim": words})
    wish = {"email": "reader@example.org", "rhythm": "weekly", "recommendations": ["trust"]}
    _sent(client, {}, "subscriptions/", wish)
    service.manage("alerts", "mails")
    link = next(word for word in mail.outbox[-1].body.split() if "/alerts/confirm/" in word)
    _done(client.post(link.removeprefix("http://testserver")))
    _sent(client, key, "webhooks/", {"url": "https://example.org/hook", "recommendations": ["trust"]})


def _later(client, key):
    """After the edition: a dispute is answered, another act comes in by a file."""
    _in(client)
    answer = {"answer": "The text of the truce names research as well.", "verdict": "rejected"}
    _done(client.post("/admin/scorecard/dispute/1/change/", answer))
    line = {
        "id": "2026-07-10-joint-lab",
        "date": "2026-07-10",
        "title": "A joint laboratory opens",
        "actors": ["us", "china"],
    }
    code = {"rec": "joint-research", "direction": 1, "strength": 5, "rationale": "It works."}
    _sent(client, key, "imports/", {"records": [line | {"assessments": [code]}], "why": "from the archive"})


def _sent(client, key, address, body):
    response = client.post(f"/api/v1/{address}", json.dumps(body), content_type="application/json", **key)
    assert response.status_code < 300, (address, body, response.content)
    return json.loads(response.content or b"null")


def _done(response):
    assert response.status_code == 302 or b"errorlist" not in response.content, response.content.decode()


def inside(folder):
    """The pages of the desk and the admin over this database, as Ada sees them: files for `diff -r`."""
    with tempfile.TemporaryDirectory() as place:
        url = f"sqlite:///{place}/release.sqlite3"
        load(place, url, service.manage)
        with service.opened(url, f"{place}/data"):
            service.manage("migrate", "-v0")
            client = service.reader()
            _in(client)
            return pages.write_inside(client, folder, (TRUCE, *OPEN))


def main(words):
    match words:
        case []:
            make()
        case ["pages", folder]:
            sys.exit(inside(folder) or 0)
        case [database_url, data_folder]:
            json.dump(asked_anew(database_url, data_folder), sys.stdout)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
