"""Editions: chained, signed, checked by a program that knows nothing of us; every forgery is found."""

import json
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from scorecard import editions, verify
from scorecard.models import Edition
from tests.scorecard import cast
from tracker import log, triage
from tracker.models import Revision

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded_once"), pytest.mark.slow]
VERIFY = Path(verify.__file__)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.DATA_FOLDER, settings.SIGNING_KEY = tmp_path, "07" * 32
    settings.API_RATE_ANONYMOUS = 100_000
    return tmp_path


DAYS = [timezone.now().date() + timedelta(days) for days in range(3)]  # the record is opened today


def at(day, hour=0):
    """Twenty past an hour of the next day but `day`, when its edition is due."""
    return time_machine.travel(
        datetime.combine(DAYS[0] + timedelta(day + 1), time(hour, 20), UTC), tick=False
    )


@pytest.fixture
def two(seeded):
    """The editions of two days, with a change of the record between them."""
    with at(0):
        # It comes after the first day and before that day's edition is made: only the second may hold it.
        triage.enter(
            cast.event("2026-07-01-a-law", "2026-07-01", recorded_at=str(DAYS[1])), who="Ada", why="new"
        )
        first = editions.make()
    with at(1):
        second = editions.make()
    return first, second


def path_of(edition):
    return editions.folder() / edition.file


def run(*arguments):
    """The verifier as a stranger runs it: no environment, no path, only Python."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(VERIFY), *map(str, arguments)],
        capture_output=True,
        text=True,
        env={},
    )


def test_a_stranger_checks_an_edition_with_nothing_but_python(two):
    first, second = two
    told = run(path_of(second), "--key", second.key, "--previous", path_of(first))
    assert told.returncode == 0, told.stderr
    assert "continues the edition before" in told.stdout
    assert "98 figures worked out again" in told.stdout
    assert second.previous == first.digest
    assert (first.day, second.day) == (DAYS[0], DAYS[1])
    assert (second.sequence, first.sequence) == (first.sequence + 1, Revision.objects.count() - 1)


def test_making_the_same_day_again_gives_the_same_edition(two, folder):
    bytes_before = path_of(two[1]).read_bytes()
    with at(1, 9):
        assert editions.make().pk == two[1].pk
        Edition.objects.filter(pk=two[1].pk).delete()
        assert editions.make().digest == two[1].digest
    assert path_of(two[1]).read_bytes() == bytes_before
    assert not list(editions.folder().glob(".making*"))


def test_no_edition_of_a_day_that_is_not_over_and_none_put_in_between(two):
    with at(1, 9):
        with pytest.raises(ValueError, match="not over"):
            editions.make(DAYS[2])
        with pytest.raises(ValueError, match="stands already"):
            editions.make(date(2026, 7, 1))


def _change(files, name, change):
    files[name] = change(files[name].decode()).encode()


def _resign(files, key="07" * 32):
    """Forge the manifest to fit the files, signed with a key."""
    manifest = json.loads(files["manifest.json"])
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key))
    manifest["key"] = private.public_key().public_bytes_raw().hex()
    for name, entry in manifest["files"].items():
        entry["sha256"] = verify.hashlib.sha256(files[name]).hexdigest()
    files["manifest.json"] = json.dumps(manifest).encode()
    files["manifest.sig"] = private.sign(files["manifest.json"]).hex().encode()


FORGERIES = {
    "another word in the log": lambda f: _change(
        f, "changes.jsonl", lambda t: t.replace("Stargate", "Stardoor", 1)
    ),
    "another score": lambda f: _change(f, "scores.json", lambda t: t.replace('"score": ', '"score": 1', 1)),
    "a file more": lambda f: f.update({"extra.txt": b"hello"}),
    "a file less": lambda f: f.pop("series.csv"),
    "another signature": lambda f: f.update({"manifest.sig": b"00" * 64}),
    "a changed manifest": lambda f: _change(f, "manifest.json", lambda t: t.replace("CC-BY", "CC0", 1)),
    "signed by a stranger": lambda f: _resign(f, "09" * 32),
    "a revision dropped, all signed again": lambda f: (
        _change(f, "changes.jsonl", lambda t: "\n".join(t.splitlines()[:5] + t.splitlines()[6:]) + "\n"),
        _resign(f),
    ),
    "a revision changed, all signed again": lambda f: (
        _change(f, "changes.jsonl", lambda t: t.replace('"strength":4', '"strength":5', 1)),
        _resign(f),
    ),
    "a codebook changed, all signed again": lambda f: (
        _change(f, "codebook.json", lambda t: t.replace('"2025-01-21"', '"2025-03-21"', 1)),
        _resign(f),
    ),
    "a version of the codebook dropped, all signed again": lambda f: (
        _change(f, "codebook.json", lambda t: json.dumps({"versions": json.loads(t)["versions"][:-1]})),
        _resign(f),
    ),
    "a score changed, all signed again": lambda f: (
        _change(f, "scores.json", lambda t: t.replace('"A": ', '"A": 1', 1)),
        _resign(f),
    ),
}


def test_every_forgery_is_found(two):
    genuine = verify.open_edition(path_of(two[1]))
    verify.verify(genuine, two[1].key)
    for name, forge in FORGERIES.items():
        files = dict(genuine)
        forge(files)
        assert files != genuine, name
        assert _refused(files, two[1].key), name


def test_an_edition_carries_every_version_of_the_codebook(two):
    files = verify.open_edition(path_of(two[1]))
    manifest, told = json.loads(files["manifest.json"]), json.loads(files["codebook.json"])["versions"]
    assert [version["version"] for version in told] == ["1.0", "1.1", "1.2", "1.3"]
    assert (manifest["codebook"], manifest["codebook_digest"]) == ("1.3", told[-1]["digest"])
    slugs, start = verify.check_codebook(files, manifest)
    assert (len(slugs), start) == (7, date(2025, 1, 21))


def test_an_edition_of_before_the_codebook_was_a_file_is_still_checked(two):
    files = verify.open_edition(path_of(two[1]))
    after = verify.check_codebook(files, json.loads(files["manifest.json"]))
    manifest = json.loads(files["manifest.json"])
    del files["codebook.json"], manifest["files"]["codebook.json"]
    files["manifest.json"] = json.dumps(manifest).encode()
    _resign(files)
    assert verify.check_codebook(files, manifest) == after
    assert "98 figures worked out again and found equal" in verify.verify(files, two[1].key)


def _refused(files, key):
    try:
        verify.verify(files, key)
    except verify.Wrong:
        return True
    return False


def test_a_log_that_was_rewritten_between_two_editions_is_found(two):
    first, second = (verify.open_edition(path_of(edition)) for edition in two)
    verify.verify(second, two[1].key, first)
    with pytest.raises(verify.Wrong, match="chained"):
        verify.verify(second, two[1].key, second)
    first["changes.jsonl"] = first["changes.jsonl"].replace(b"Stargate", b"Stardoor", 1)
    with pytest.raises(verify.Wrong, match="changed, not only continued"):
        verify.check_previous(second, json.loads(second["manifest.json"]), first)


def test_the_verifier_says_what_is_wrong_and_fails(two, tmp_path):
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(path_of(two[0])) as good, zipfile.ZipFile(broken, "w") as bad:
        for name in good.namelist():
            bad.writestr(name, good.read(name).replace(b"advancing", b"undermined"))
    told = run(broken, "--key", two[0].key)
    assert told.returncode == 1
    assert told.stderr.startswith("WRONG: ")
    assert run(tmp_path / "none.zip").returncode == 1
    (tmp_path / "text.zip").write_text("no zip")
    assert "WRONG" in run(tmp_path / "text.zip").stderr


@pytest.mark.parametrize("seed", range(20))
def test_its_signature_check_agrees_with_the_library(seed):
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    public, message = private.public_key().public_bytes_raw(), b"m" * seed
    good = private.sign(message)
    assert verify.signed(public, message, good)
    assert not verify.signed(public, message + b"!", good)
    for place in (0, 31, 32, 63):
        assert not verify.signed(public, message, good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
    # The same signature with s + L would pass a check that forgets to bound s.
    high = int.from_bytes(good[32:], "little") + verify.L
    assert not verify.signed(public, message, good[:32] + high.to_bytes(32, "little"))


def test_editions_are_served_whole_in_parts_and_with_their_key(client, two):
    page = cast.get(client, "/editions/")
    assert [each["day"] for each in page["results"]] == [str(DAYS[1]), str(DAYS[0])]
    second = page["results"][0]
    whole = client.get(f"/api/v1/editions/{DAYS[1]}.zip")
    assert b"".join(whole.streaming_content) == path_of(two[1]).read_bytes()
    assert "immutable" in whole.headers["Cache-Control"]
    manifest = b"".join(client.get(f"/api/v1/editions/{DAYS[1]}/manifest.json").streaming_content)
    assert verify.hashlib.sha256(manifest).hexdigest() == second["digest"]
    assert cast.get(client, "/editions/key/")["key"] == second["key"]
    assert client.get("/api/v1/editions/verify.py").content == VERIFY.read_bytes()
    cast.get(client, f"/editions/{DAYS[1]}/../../settings.py", 404)
    cast.get(client, f"/editions/{DAYS[1]}/passwd", 404)
    again = client.get(f"/api/v1/editions/{DAYS[1]}.zip", HTTP_IF_NONE_MATCH=whole.headers["ETag"])
    assert again.status_code == 304


def test_a_key_is_made_once_and_for_its_owner_alone(settings, tmp_path):
    settings.SIGNING_KEY = ""
    first = editions.public(editions.key())
    assert editions.public(editions.key()) == first
    assert (tmp_path / "editions" / "signing-key").stat().st_mode & 0o777 == 0o600


def test_with_a_new_key_what_comes_is_signed_by_it_and_what_was_is_proved_by_the_old_one(
    client, two, settings
):
    """As docs/operators.md has it for SIGNING_KEY: set it, restart, publish the new public key."""
    old, second = cast.get(client, "/editions/key/")["key"], two[1]
    settings.SIGNING_KEY = "08" * 32
    new = cast.get(client, "/editions/key/")["key"]
    assert new != old
    with at(2):
        third = editions.make()
    assert [row["key"] for row in cast.get(client, "/editions/")["results"]] == [new, old, old]
    told = run(path_of(third), "--key", new, "--previous", path_of(second))
    assert told.returncode == 0, told.stderr
    assert "continues the edition before" in told.stdout
    assert run(path_of(second), "--key", old, "--previous", path_of(two[0])).returncode == 0
    for edition, wrong in ((third, old), (second, new)):
        assert "not signed with the key" in run(path_of(edition), "--key", wrong).stderr


def test_each_edition_has_a_page_with_citation_files_and_digest(client, two):
    first, second = two
    for start in ("", "/zh-hans"):
        listed = client.get(f"{start}/editions/").content.decode()
        assert f"/editions/{second.day}/" in listed
        assert Revision.objects.last().digest in listed, "heads of the log are published"
        page = client.get(f"{start}/editions/{second.day}/").content.decode()
        for shown in (
            second.digest,
            first.digest,
            second.signature,
            "changes.jsonl",
            "@misc{",
            f"revision {second.sequence}",
        ):
            assert shown in page, shown
    Edition.objects.filter(pk=second.pk).update(doi="10.5281/zenodo.1234")
    log.turn()
    assert "https://doi.org/10.5281/zenodo.1234" in client.get(f"/editions/{second.day}/").content.decode()
    assert client.get("/editions/2031-01-01/").status_code == 404
    heads = cast.get(client, "/heads/")["results"]
    assert heads[0] == {
        "day": str(DAYS[1]),
        "sequence": second.sequence,
        "digest": Revision.objects.last().digest,
        "countersignatures": [],
    }


def test_an_edition_is_held_against_what_mirrors_signed(two, tmp_path):
    """Its tail cut off, or its past rewritten, and all signed again by whoever holds the key."""
    private = Ed25519PrivateKey.from_private_bytes(b"\x23" * 32)
    key, second = private.public_key().public_bytes_raw().hex(), two[1]
    digests = dict(Revision.objects.values_list("sequence", "digest"))

    def told(*lines, keys=(key,)):
        path = tmp_path / "countersignatures.jsonl"
        path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        return run(
            path_of(second), "--countersigned", path, *(part for each in keys for part in ("--witness", each))
        )

    def stated(sequence, digest, seen, **more):
        said = {"sequence": sequence, "digest": digest, "seen": str(seen), "key": key}
        return said | {"signature": private.sign(verify.statement(said)).hex()} | more

    last = second.sequence
    good, later = stated(last, digests[last], DAYS[1]), stated(last + 5, "0" * 64, DAYS[2])
    held = told(good, later, stated(1, digests[1], DAYS[0]))
    assert held.returncode == 0, held.stderr
    assert "2 countersignatures by keys you trust" in held.stdout
    page = {"total": 1, "results": [{"day": str(DAYS[1]), "countersignatures": [good]}]}
    assert "1 countersignatures" in told(page).stdout
    for wrong, said in (
        ([stated(last + 1, "0" * 64, DAYS[1])], "its tail is gone"),
        ([stated(last, "0" * 64, DAYS[1])], "the log was rewritten"),
        ([good | {"digest": "0" * 64}], "not signed with that key"),
        ([good | {"signature": "00" * 64}], "not signed with that key"),
        ([later], "nothing that these keys"),
        ([], "nothing that these keys"),
        ([{"key": key}], "WRONG"),
    ):
        found = told(*wrong)
        assert (found.returncode, said in found.stderr) == (1, True), found.stderr
    assert "nothing that these keys" in told(good, keys=["0" * 64]).stderr


def test_no_edition_is_due_before_anything_was_on_record(seeded):
    assert editions.make_due() is None
    with at(0):
        assert editions.make_due().sequence == Revision.objects.count()
