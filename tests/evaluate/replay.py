"""How long a word lasts when coding stops: the record replayed with coding stopped on past days.

    python -m tests.evaluate.replay            the table (a part of `make evaluate`)
    python -m tests.evaluate.replay --write    keep the shares in seeds/replay.json, from which pages say them

On each of nineteen days, a fortnight apart, the words of all recommendations (balance, pulse, change over 90 days) are
set beside those of the full record so many days later: what a reader would have taken for today's word was another by
then in so many of a hundred cases.
"""

import datetime
import json
import sys
from pathlib import Path

from scorecard import method

SEEDS = Path(__file__).resolve().parents[2] / "seeds"
STOPS, APART = 19, 15
AFTER = (7, 14, 30, 60, 90, 145)
COMMAND = "python -m tests.evaluate.replay --write"


def words(log, day):
    """The words of one day: (recommendation, reading) → word."""
    found = {}
    for slug, entry in method.report(log, day, acts=False)["recommendations"].items():
        found[slug, "balance"] = entry["balance"]["label"]
        found[slug, "pulse"] = entry["pulse"]["label"]
        found[slug, "change"] = entry["change"]["90"]["word"].removesuffix(" on few acts")
    return found


def replayed(log, last):
    """days after → reading → share of words that were others by then; `all` for the three together."""
    stops = [last - datetime.timedelta(max(AFTER) + APART * number) for number in range(STOPS)]
    said = {stop: words(log, stop) for stop in stops}
    shares = {}
    for days in AFTER:
        later = {stop: words(log, stop + datetime.timedelta(days)) for stop in stops}
        shares[days] = {
            reading: _share(said, later, lambda key, reading=reading: reading in ("all", key[1]))
            for reading in ("balance", "pulse", "change", "all")
        }
    return shares


def _share(said, later, wanted):
    pairs = [
        (word, later[stop][key]) for stop, found in said.items() for key, word in found.items() if wanted(key)
    ]
    return sum(one != other for one, other in pairs) / len(pairs)


def record():
    """Every line of the record, release by release, as seeding dates them."""
    for release in json.loads((SEEDS / "releases.json").read_text("utf-8"))["releases"]:
        recorded = {"recorded_at": release["day"]} if "day" in release else {}
        for line in (SEEDS / release["events"]).read_text("utf-8").split("\n"):
            if line:
                yield json.loads(line) | recorded


def main(arguments):
    log = method.read(record())
    last = datetime.date.fromisoformat(json.loads((SEEDS / "coverage.json").read_text())["coded_to"])
    shares = replayed(log, last)
    print(f"Words that had changed, of {STOPS} stops by method {method.CURRENT}\n")
    print("| days later | balance | pulse | change over 90 days | all |\n|---|---|---|---|---|")
    for days, found in shares.items():
        cells = " | ".join(f"{100 * found[name]:.0f} %" for name in ("balance", "pulse", "change", "all"))
        print(f"| {days} | {cells} |")
    if "--write" in arguments:
        kept = {
            "command": COMMAND,
            "method": method.CURRENT,
            "coded_to": last.isoformat(),
            "stops": STOPS,
            "changed": {
                str(days): {name: round(found[name], 3) for name in ("balance", "all")}
                for days, found in shares.items()
            },
        }
        (SEEDS / "replay.json").write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
