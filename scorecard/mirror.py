"""Mirror the log of a scorecard and sign what was seen of it:

    python mirror.py https://scorecard.example.org FOLDER

Needs Python 3.9 or later and `openssl` 3; run it once a day. It reads the revisions written since the last time, checks
that each fits its digest and that the log still holds all that was seen before, keeps them in FOLDER/changes.jsonl,
signs the head with a key of its own (FOLDER/key.pem, made the first time), keeps that in
FOLDER/countersignatures.jsonl, and sends it to the scorecard, which shows it if its operator trusts the key.

It ends with 0; with 1 and "WRONG" when the log was rewritten, or when its tail is gone: keep FOLDER then, it is the
proof; with 2 when the scorecard could not be asked or does not take the countersignature. Publish
countersignatures.jsonl yourself too: what lies elsewhere nobody here can take back.
"""

import argparse
import datetime
import hashlib
import json
import os
import subprocess  # nosec B404: only openssl, on files of our own
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

ENVELOPE = ("sequence", "event", "kind", "related", "why", "who", "written_at", "record")
PATIENCE = 60  # seconds for one answer
LARGEST = 64 * 1024 * 1024  # bytes of one answer


class Wrong(Exception):
    """The log is not what it was, or not what it says."""


class Trouble(Exception):
    """Nothing was found out; try again."""


def ask(address, body=None):
    """Status and answer of the scorecard, as JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310  # nosec B310: http or https
            return answer.status, json.loads(answer.read(LARGEST))
    except urllib.error.HTTPError as problem:
        try:
            return problem.code, json.loads(problem.read(LARGEST))
        except ValueError:
            return problem.code, {}
    except (OSError, ValueError) as problem:
        raise Trouble(f"{address}: {problem}") from None


def digest(previous, revision):
    body = json.dumps({name: revision[name] for name in ENVELOPE}, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{body}".encode()).hexdigest()


def held(path):
    """Number and digest of the last revision in the file; a line that was cut off by a crash is dropped."""
    if not path.exists():
        return 0, ""
    text = path.read_bytes()
    whole = text[: text.rfind(b"\n") + 1]
    if whole != text:
        path.write_bytes(whole)
    if not whole:
        return 0, ""
    last = json.loads(whole[whole.rfind(b"\n", 0, -1) + 1 :])
    return last["sequence"], last["digest"]


def follow(site, path):
    """Take what was written since; number and digest of the head. Wrong: the log does not go on where it was."""
    number, seen = held(path)
    with path.open("ab") as file:
        while True:
            after = f"after={number}&digest={seen}" if number else "after=0"
            status, page = ask(f"{site}/api/v1/changes/?{after}&limit=500")
            if status == 409:
                raise Wrong(page.get("detail") or f"revision {number} is gone from the log")
            if status != 200:
                raise Trouble(f"{site} answers {status}: {page.get('detail', '')}")
            for revision in page["results"]:
                if revision["sequence"] != number + 1 or revision["previous"] != seen:
                    raise Wrong(f"revision {number + 1} does not follow the one before it")
                if digest(seen, revision) != revision["digest"]:
                    raise Wrong(f"revision {number + 1} does not fit its digest")
                line = json.dumps(revision, ensure_ascii=False, separators=(",", ":"))
                file.write(line.encode() + b"\n")
                number, seen = number + 1, revision["digest"]
            if page["complete"] or not page["results"]:
                break
        file.flush()
        os.fsync(file.fileno())
    if (page["head"]["sequence"], page["head"]["digest"]) != (number, seen):
        raise Wrong(f"the log says it ends with {page['head']['sequence']}, and gave {number} revisions")
    return number, seen


def openssl(*words):
    try:
        line = ["openssl", *map(str, words)]
        done = subprocess.run(line, capture_output=True, check=True)  # noqa: S603  # nosec B603
    except (OSError, subprocess.CalledProcessError) as problem:
        raise Trouble(f"openssl: {getattr(problem, 'stderr', b'') or problem}") from None
    return done.stdout


def own_key(path):
    """The public key (hexadecimal) of the private one at `path`, which is made where there is none."""
    if not path.exists():
        os.umask(0o077)
        openssl("genpkey", "-algorithm", "ed25519", "-out", path)
    return openssl("pkey", "-in", path, "-pubout", "-outform", "DER")[-32:].hex()


def countersigned(path, key, number, seen, day):
    """What this mirror states, signed."""
    one = {"key": key, "sequence": number, "digest": seen, "seen": day}
    with tempfile.NamedTemporaryFile() as statement:
        words = "countersignature of a scorecard's log\n{sequence}\n{digest}\n{seen}\n".format(**one)
        statement.write(words.encode())
        statement.flush()
        signature = openssl("pkeyutl", "-sign", "-rawin", "-inkey", path, "-in", statement.name)
    return {**one, "signature": signature.hex()}


def main():
    parser = argparse.ArgumentParser(description="Mirror the log of a scorecard and countersign its head.")
    parser.add_argument("site", help="https://scorecard.example.org")
    parser.add_argument("folder", type=Path, help="where to keep it")
    asked = parser.parse_args()
    site, folder = asked.site.rstrip("/"), asked.folder
    if not site.startswith(("https://", "http://")):
        parser.error("the site begins with https://")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        key = own_key(folder / "key.pem")
        print("key:", key)
        number, seen = follow(site, folder / "changes.jsonl")
        print(f"ok: revision {number}, {seen}")
        if not number:
            return
        day = datetime.datetime.now(datetime.timezone.utc).date().isoformat()  # noqa: UP017  Python 3.9
        one = countersigned(folder / "key.pem", key, number, seen, day)
        with (folder / "countersignatures.jsonl").open("a") as file:
            file.write(json.dumps(one) + "\n")
        status, told = ask(f"{site}/api/v1/heads/", one)
        if status == 409:
            raise Wrong(told.get("detail"))
        if status not in (200, 201):
            raise Trouble(f"the countersignature was not taken ({status}): {told.get('detail', '')}")
        print("ok: countersigned")
    except Wrong as problem:
        sys.exit(f"WRONG: {problem}")
    except (Trouble, OSError, KeyError, ValueError, TypeError) as problem:
        print(
            f"trouble: {problem!r}" if not isinstance(problem, Trouble) else f"trouble: {problem}",
            file=sys.stderr,
        )
        sys.exit(2)


if __name__ == "__main__":
    main()
