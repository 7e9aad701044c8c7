"""Check an edition of a scorecard: python verify.py edition-2026-01-31.zip

Needs Python 3.9 or later and nothing else; asks no network. It checks that

1. every file is the one that the manifest names, and the manifest is signed (Ed25519) with the key you trust;
2. the log has no gap and every revision fits its digest, which covers the one before it;
3. with --previous, this edition is chained to the one before and continues its log byte for byte;
4. the balances and pulses of the edition follow from its log and its codebook by the published method;
5. with --countersigned, the log holds what mirrors saw and signed, and ends no earlier than they saw it end.

The public key stands in the edition too, but take it from elsewhere (--key), or a forger signs with his own.
"""

import argparse
import calendar
import hashlib
import json
import math
import sys
import zipfile
from datetime import date
from pathlib import Path

ENVELOPE = ("sequence", "event", "kind", "related", "why", "who", "written_at", "record")


class Wrong(Exception):
    """The edition is not what it says; the message says where."""


# Ed25519 (RFC 8032, section 5.1.7), only what checking a signature needs

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def _add(a, b):
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    e, f = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    g, h = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(number, point):
    found = (0, 1, 1, 0)
    while number:
        if number & 1:
            found = _add(found, point)
        point, number = _add(point, point), number >> 1
    return found


def _point(packed):
    y = int.from_bytes(packed, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if (x & 1) != sign else x
    return x, y, 1, x * y % P


BASE = _point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(key, message, signature):
    """Whether `signature` (64 bytes) of `message` was made with the secret of `key` (32 bytes)."""
    if len(key) != 32 or len(signature) != 64:
        return False
    public, first, s = _point(key), _point(signature[:32]), int.from_bytes(signature[32:], "little")
    if public is None or first is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left, right = _times(s, BASE), _add(first, _times(k, public))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (
        left[1] * right[2] - right[1] * left[2]
    ) % P == 0


def is_key(text):
    """Whether it is a public key, and none of the few of small order, with which anybody signs anything."""
    point = _point(bytes.fromhex(text)) if len(text) == 64 and set(text) <= set("0123456789abcdef") else None
    return point is not None and _times(8, point)[0] % P != 0


# Files, signature, chain


def open_edition(path):
    """name → bytes of an edition, from its zip or from the folder it was unpacked to."""
    path = Path(path)
    if path.is_dir():
        return {each.name: each.read_bytes() for each in sorted(path.iterdir()) if each.is_file()}
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def check_files(files, key=None):
    """The manifest, once signature and files agree with it."""
    for name in ("manifest.json", "manifest.sig"):
        if name not in files:
            raise Wrong(f"{name} is missing")
    manifest = json.loads(files["manifest.json"])
    trusted = key or manifest["key"]
    if not signed(
        bytes.fromhex(trusted), files["manifest.json"], bytes.fromhex(files["manifest.sig"].decode().strip())
    ):
        raise Wrong(f"manifest.json is not signed with the key {trusted}")
    expected = {*manifest["files"], "manifest.json", "manifest.sig"}
    if set(files) != expected:
        raise Wrong(f"missing or unknown files: {', '.join(sorted(set(files) ^ expected))}")
    for name, entry in manifest["files"].items():
        if hashlib.sha256(files[name]).hexdigest() != entry["sha256"]:
            raise Wrong(f"{name} is not the file that was signed")
    return manifest


def check_log(text, manifest):
    """The records of the log in order, once every digest fits."""
    previous, records = "", []
    # At LF alone: a text of the log may hold U+2028 and what else `str.splitlines` takes for an end.
    *lines, rest = text.decode().split("\n")
    if rest:
        raise Wrong("the last line of the log is not complete")
    for number, line in enumerate(lines, start=1):
        revision = json.loads(line)
        body = json.dumps(
            {name: revision[name] for name in ENVELOPE}, ensure_ascii=False, separators=(",", ":")
        )
        digest = hashlib.sha256(f"{previous}\n{body}".encode()).hexdigest()
        if revision["sequence"] != number or revision["previous"] != previous or revision["digest"] != digest:
            raise Wrong(f"revision {number} of the log does not fit its digest")
        previous = digest
        records.append(revision["record"])
    if (len(records), previous) != (manifest["sequence"], manifest["head"]):
        raise Wrong("the log does not end where the manifest says")
    return records


def check_codebook(files, manifest):
    """The recommendations' slugs and the day the record begins, once every version fits its digest.

    Editions of before the codebook was a file say both by their figures.
    """
    if "codebook.json" not in files:
        header, *days = [
            line.split(",") for line in files["series.csv"].decode("utf-8-sig").split("\n") if line
        ]
        first = min(day[header.index("date")] for day in days)
        return list(json.loads(files["scores.json"])["recommendations"]), date.fromisoformat(first)
    previous, book = "", {}
    for version in json.loads(files["codebook.json"])["versions"]:
        kept = {name: version[name] for name in ("version", "in_force", "codebook")}
        body = json.dumps(kept, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        digest = hashlib.sha256(f"{previous}\n{body}".encode()).hexdigest()
        if version["previous"] != previous or version["digest"] != digest:
            raise Wrong(f"version {version['version']} of the codebook does not fit its digest")
        previous, book = digest, version["codebook"]
    if previous != manifest["codebook_digest"]:
        raise Wrong("the codebook does not end where the manifest says")
    return [each["slug"] for each in book["recommendations"]], date.fromisoformat(book["start"])


def check_previous(files, manifest, before):
    """That this edition continues the one before."""
    if manifest["previous"] != hashlib.sha256(before["manifest.json"]).hexdigest():
        raise Wrong("this edition is not chained to the one before")
    if not files["changes.jsonl"].startswith(before["changes.jsonl"]):
        raise Wrong("the log of the edition before was changed, not only continued")


def statement(one):
    """The bytes that a mirror signs: that on a day it saw the log end with a revision of a digest."""
    return "countersignature of a scorecard's log\n{sequence}\n{digest}\n{seen}\n".format(**one).encode()


def check_countersignatures(text, keys, log, manifest):
    """How many of what these keys signed the log bears out, in `text` as the API has it (`heads/`) or a mirror."""
    lines = [json.loads(line) for line in text.decode().split("\n") if line]
    if len(lines) == 1 and "results" in lines[0]:
        lines = [one for head in lines[0]["results"] for one in head["countersignatures"]]
    digests, count = [json.loads(line)["digest"] for line in log.split(b"\n") if line], 0
    for one in filter(lambda each: each["key"] in keys, lines):
        said = f"revision {one['sequence']}, which {one['key'][:12]} saw on {one['seen']}"
        if not signed(bytes.fromhex(one["key"]), statement(one), bytes.fromhex(one["signature"])):
            raise Wrong(f"{said}: not signed with that key")
        if one["sequence"] > len(digests) and one["seen"] > manifest["day"]:
            continue  # written after this edition
        if one["sequence"] > len(digests):
            raise Wrong(f"{said}: the log ends with {len(digests)}, its tail is gone")
        if one["sequence"] < 1 or digests[one["sequence"] - 1] != one["digest"]:
            raise Wrong(f"{said}: it was another, the log was rewritten")
        count += 1
    if count:
        return count
    raise Wrong("nothing that these keys countersigned is in this log")


# The method, versions 1.0 and 1.1, written again from its description; the parameters say which rules hold


def effective(event):
    day, precision = date.fromisoformat(event["date"]), event["date_precision"]
    if precision == "day":
        return day
    months = {"month": 1, "quarter": 3, "year": 12}[precision]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    month = first.month + months - 1
    last = date(day.year, month, calendar.monthrange(day.year, month)[1])
    seen = date.fromisoformat(event["recorded_at"]) if event["recorded_at"] else None
    return seen if seen and first <= seen <= last else last


class Known:
    """What counts as known on a day: events, their days, what ended them, their credited pairs."""

    def __init__(self, records, known_at, parameters, start):
        self.weight, self.half_life = parameters["weight"], parameters["half_life"]
        self.sure = dict(zip(("confirmed", "reported", "rumoured"), parameters["certainty"]))  # noqa: B905  Python 3.9
        latest = {}
        for event in records:
            seen = date.fromisoformat(event["recorded_at"]) if event["recorded_at"] else effective(event)
            if (known_at is None or seen <= known_at) and seen >= latest.get(event["id"], (date.min,))[0]:
                latest[event["id"]] = (seen, event)
        self.events = {
            key: event
            for key, (_, event) in latest.items()
            if not event["retracted"] and effective(event) >= start
        }
        self.day = {key: effective(event) for key, event in self.events.items()}
        self.order = sorted(self.events, key=lambda key: (self.day[key], key))
        self.terms = parameters.get("own_terms", False)
        self.talk_ends_acts = parameters.get("talk_ends_acts", True)
        self.local = parameters.get("reach", (1.0, 1.0))[1]
        self.keeps_worth = parameters.get("keeps_worth", False)
        self.until = {key: self._until(event) for key, event in self.events.items()}
        self.ender, self.sleepers, self.credit = {}, {}, {}
        undone = {key: [] for key in self.order}
        for j in self.order:
            for i in self.events[j]["supersedes"]:
                if self._can_act(j, i) and i not in self.ender:
                    self.ender[i] = j
                    undone[j].append(i)
            for i in self.events[j].get("suspends", ()) if self.terms else ():
                if self._can_act(j, i) and self.until[j] < date.max:
                    self.sleepers.setdefault(i, []).append(j)
                    undone[j].append(i)
        self.end = {
            key: min(self.until[key], self.day[self.ender[key]] if key in self.ender else date.max)
            for key in self.order
        }
        for j in self.order:
            self._credit(j, [i for i in undone[j] if self.until[i] > self.day[j]], parameters["netting"])

    def _until(self, event):
        return date.fromisoformat(event["until"]) if self.terms and event.get("until") else date.max

    def _can_act(self, j, i):
        """Whether a link from j to i counts: j is later, no rumour, and no mere talk about an act."""
        if i not in self.events or not (self.day[i], i) < (self.day[j], j):
            return False
        if self.events[j]["certainty"] == "rumoured":
            return False
        return self.talk_ends_acts or not self._talk(j) or self._talk(i)

    def _talk(self, key):
        strengths = [item["strength"] for item in self.events[key]["assessments"]]
        return bool(strengths) and max(strengths) <= 2

    def live(self, key, day):
        if not self.day[key] <= day < self.end[key]:
            return False
        return not any(self.day[j] <= day < self.end[j] for j in self.sleepers.get(key, ()))

    def _credit(self, j, ended, netting):
        for item in self.events[j]["assessments"]:
            a, u = self.raw(j, item)
            gone_a = gone_u = 0.0
            for i in ended:
                for old in self.events[i]["assessments"]:
                    if old["rec"] == item["rec"]:
                        kept = 2 ** (-(self.day[j] - self.day[i]).days / self.half_life[old["strength"] - 1])
                        gone_a += self.credit[i, old["rec"]][0] * kept
                        gone_u += self.credit[i, old["rec"]][1] * kept
            a, u = max(0.0, a - netting * gone_u), max(0.0, u - netting * gone_a)
            if self.keeps_worth and item["direction"] == 1:
                a = max(a, min(gone_a, self.weight[4]))
            if self.keeps_worth and item["direction"] == -1:
                u = max(u, min(gone_u, self.weight[4]))
            self.credit[j, item["rec"]] = (a, u)

    def raw(self, key, item):
        event = self.events[key]
        w = self.weight[item["strength"] - 1] * self.sure[event["certainty"]]
        w *= self.local if event.get("reach") == "local" else 1.0
        return {1: (w, 0.0), -1: (0.0, w), 0: (w / 2, w / 2)}[item["direction"]]

    def rows(self, day, slug, pulse):
        """(strength, a, u) of what counts, faded to the day; a pulse half-life ignores endings."""
        for key in self.order:
            if self.day[key] > day or not (pulse or self.live(key, day)):
                continue
            for item in self.events[key]["assessments"]:
                if item["rec"] == slug:
                    a, u = self.raw(key, item) if pulse else self.credit[key, slug]
                    kept = 2 ** (
                        -(day - self.day[key]).days / (pulse or self.half_life[item["strength"] - 1])
                    )
                    yield item["strength"], a * kept, u * kept


def _fraction(x, a, b):
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 500):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d, c = 1 / (1 + step * d), 1 + step / c
            value *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return value


def below(x, a, b):
    """The regularised incomplete beta function."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(1 - x)
    )
    return (
        front * _fraction(x, a, b) / a
        if x < (a + 1) / (a + b + 2)
        else 1 - front * _fraction(1 - x, b, a) / b
    )


def quantile(q, a, b):
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle, a, b) < q else (low, middle)
    return (low + high) / 2


def measure(rows, p):
    """Section 4 of the method: score, band and label of the acts that count."""
    rows, sides = list(rows), []
    for side in (1, 2):
        talk = sum(row[side] for row in rows if row[0] <= 2)
        sides.append(min(talk, p["talk_cap"]) + sum(row[side] for row in rows if row[0] > 2))
    (A, U), k = sides, p["k"]
    E = A + U
    g = p["gain"] * (min(E, p["ceiling"]) + k) / (E + k)
    a, b = g * (A + k / 2), g * (U + k / 2)
    low, high = (200 * quantile(q, a, b) - 100 for q in p["band"])
    label = word(A, U, below(0.5, a, b), p)
    n = sum(1 for _, a_, u_ in rows if a_ > 0 or u_ > 0)
    score = 100 * (A - U) / (E + k)
    return {"A": A, "U": U, "score": score, "low": low, "high": high, "label": label, "n": n}


def word(A, U, against, p):
    """The label of A and U, of which the undermining side is right with that probability."""
    E = A + U
    if p["enough_evidence"] > E:
        return "too little evidence"
    for share, lean in ((p.get("verdict", 0.9), ""), (p.get("lean", 0.9), "leaning ")):
        if against < 1 - share:
            return lean + "advancing"
        if against > share:
            return lean + "undermined"
    disputed = p["dispute"] <= E and 2 * min(A, U) >= p.get("dispute_share", 0.0) * E
    return "contested" if disputed else "unclear"


def check_scores(records, scores, slugs, start):
    """How many figures were worked out again and found equal."""
    p, day = scores["parameters"], date.fromisoformat(scores.get("read_on") or scores["as_of"])
    known = Known(records, date.fromisoformat(scores["known_at"]) if scores["known_at"] else None, p, start)
    count = 0
    for slug in slugs:
        for reading, pulse in (("balance", 0), ("pulse", p["pulse_half_life"])):
            again, published = (
                measure(known.rows(day, slug, pulse), p),
                scores["recommendations"][slug][reading],
            )
            for name, value in again.items():
                given = published[name]
                if given != value and (isinstance(value, str) or not abs(given - value) < 1e-6):
                    raise Wrong(f"{reading} of {slug}: {name} is given as {given}, the log says {value}")
                count += 1
    return count


def verify(files, key=None, before=None):
    """What was checked, in lines; Wrong says what does not hold."""
    manifest = check_files(files, key)
    told = [f"{len(manifest['files'])} files, signed with {manifest['key'] if key is None else key}"]
    records = check_log(files["changes.jsonl"], manifest)
    told.append(f"{len(records)} revisions, each fits its digest")
    if before is not None:
        check_previous(files, manifest, before)
        told.append("continues the edition before")
    count = check_scores(records, json.loads(files["scores.json"]), *check_codebook(files, manifest))
    return [*told, f"{count} figures worked out again and found equal"]


def main():
    parser = argparse.ArgumentParser(description="Check an edition of the scorecard.")
    parser.add_argument("edition", help="the zip, or the folder it was unpacked to")
    parser.add_argument("--key", help="the public key you trust, 64 hexadecimal digits")
    parser.add_argument("--previous", help="the edition before it")
    parser.add_argument(
        "--countersigned", help="what mirrors signed: the answer at heads/, or a mirror's file"
    )
    parser.add_argument(
        "--witness", action="append", default=[], help="the key of a mirror you trust; repeat it"
    )
    asked = parser.parse_args()
    try:
        before = open_edition(asked.previous) if asked.previous else None
        files = open_edition(asked.edition)
        for line in verify(files, asked.key, before):
            print("ok:", line)
        if asked.countersigned:
            text, manifest = Path(asked.countersigned).read_bytes(), json.loads(files["manifest.json"])
            count = check_countersignatures(text, asked.witness, files["changes.jsonl"], manifest)
            print(f"ok: {count} countersignatures by keys you trust")
    except (Wrong, OSError, KeyError, ValueError, TypeError, zipfile.BadZipFile) as problem:
        sys.exit(f"WRONG: {problem}")
    if not asked.key:
        print("note: the key was taken from the edition itself; compare it with the published one (--key)")


if __name__ == "__main__":
    main()
