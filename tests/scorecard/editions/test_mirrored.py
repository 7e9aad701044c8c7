"""Whoever mirrors with `mirror.py` countersigns what it saw, and finds out when the log's tail is gone or its past is
another; whoever holds an edition checks it by what mirrors signed."""

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from scorecard import mirror, verify
from tests.service import Service

MIRROR, VERIFY = Path(mirror.__file__), Path(verify.__file__)
ENTERS = """
from tests.scorecard import cast
for name in {names!r}:
    cast.put(name)
answer = 1
"""
TRUSTS = """
from scorecard.models import Witness
Witness.objects.create(name="A library", key={key!r})
answer = 1
"""


def run(program, *arguments):
    """As a stranger runs it: no environment but where openssl is, only Python."""
    words = [sys.executable, "-I", "-S", str(program), *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"})


@pytest.fixture
def service(tmp_path):
    with Service(tmp_path, SIGNING_KEY="07" * 32, API_RATE_ANONYMOUS="100000").filled() as made:
        yield made


@pytest.mark.slow  # half a minute: the whole way, with a service whose database is put back behind its back
def test_a_mirror_countersigns_and_sees_that_the_tail_is_gone(service, tmp_path):
    kept, database = tmp_path / "mirror", tmp_path / "service.sqlite3"
    web = service.start_web()

    def mirrored():
        return run(MIRROR, service.address, kept)

    def put_back():
        service.end(web)
        for file in tmp_path.glob("service.sqlite3*"):
            file.unlink()
        shutil.copy(tmp_path / "backup", database)
        service.start_web()

    strange = mirrored()
    assert (strange.returncode, "does not trust this key" in strange.stderr) == (2, True)
    key = strange.stdout.splitlines()[0].removeprefix("key: ")
    assert (kept / "key.pem").stat().st_mode & 0o077 == 0
    service.ask(TRUSTS.format(key=key))
    again = mirrored()
    assert again.returncode == 0, again.stderr
    assert again.stdout.endswith("ok: countersigned\n")
    with sqlite3.connect(database) as here, sqlite3.connect(tmp_path / "backup") as copy:
        here.backup(copy)
    service.ask(ENTERS.format(names=["one-act", "another-act"]))
    with (kept / "changes.jsonl").open("a") as file:
        file.write('{"sequence": 1, "cut off')  # as a crash leaves it
    assert mirrored().returncode == 0
    head = service.json("/api/v1/heads/?days=1")["results"][0]
    assert [one["key"] for one in head["countersignatures"]] == [key]

    # Whoever looks after the service puts an older database in its place: the tail was never written.
    put_back()
    gone = mirrored()
    assert (gone.returncode, gone.stderr[:6]) == (1, "WRONG:")
    assert f"you hold revision {head['sequence']}" in gone.stderr
    # And goes on differently, until it is as long again.
    service.ask(ENTERS.format(names=["quite-another", "and-one-more", "and-a-third"]))
    parted = mirrored()
    assert (parted.returncode, "another digest" in parted.stderr) == (1, True)
    last = json.loads((kept / "countersignatures.jsonl").read_text().splitlines()[-1])
    assert last["sequence"] == head["sequence"], "the proof stays with the mirror"
    assert len((kept / "changes.jsonl").read_text().splitlines()) == head["sequence"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda page: page["results"].pop(1), "does not follow"),
        (lambda page: page["results"][1].update(why="for another reason"), "does not fit its digest"),
        (lambda page: page["results"].pop(), "the log says it ends with"),
        (lambda page: page["head"].update(digest="0" * 64), "the log says it ends with"),
    ],
)
def test_what_a_log_that_lies_gives_is_not_signed(monkeypatch, tmp_path, answer, said):
    page = {"head": {}, "complete": True, "results": []}
    previous = ""
    for number in (1, 2, 3):
        one = dict.fromkeys(mirror.ENVELOPE, "x") | {"sequence": number, "previous": previous}
        previous = one["digest"] = mirror.digest(previous, one)
        page["results"].append(one)
    page["head"] = {"sequence": 3, "digest": previous}
    monkeypatch.setattr(mirror, "ask", lambda address: (200, page))
    assert mirror.follow("", tmp_path / "true.jsonl") == (3, previous)
    answer(page)
    with pytest.raises(mirror.Wrong, match=said):
        mirror.follow("", tmp_path / "false.jsonl")


def test_both_programs_sign_and_check_the_same_words(tmp_path):
    key = mirror.own_key(tmp_path / "key.pem")
    one = mirror.countersigned(tmp_path / "key.pem", key, 7, "ab" * 32, "2026-11-30")
    assert verify.is_key(key)
    assert verify.signed(bytes.fromhex(key), verify.statement(one), bytes.fromhex(one["signature"]))
