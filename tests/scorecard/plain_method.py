"""The method a second time, by another route: plain Python, one act after the other, written from METHOD.md
alone.

Slow and short on purpose. It shares nothing with `scorecard.method` but the vocabulary, so that a misreading
must be made twice to stay hidden; `make bench` uses it as the measure of speed.
"""

import calendar
import math
from datetime import date, timedelta

from tracker.record import ACTORS, ASKS, RECOMMENDATIONS

START = date(2025, 1, 21)
W = {1: 0.1, 2: 0.2, 3: 0.4, 4: 0.8, 5: 1.0}
C = {"confirmed": 1.0, "reported": 0.75, "rumoured": 0.25}
H = {1: 60, 2: 120, 3: 365, 4: 1095, 5: 730}
MODES = {
    "civil-priority": "each", "fewer-controls": "each", "job-loss": "any: us",
    "dialogue": "joint", "common-standards": "joint", "norms": "joint",
    "funding": "each", "tools": "any", "cooperation": "joint", "shared-standards": "joint",
    "joint-funding": "joint", "pooling": "joint", "open-doors": "each", "cern-for-ai": "any",
    "data-sharing": "joint", "joint-projects": "joint", "researcher-exchange": "each",
    "import-barriers": "each",
    "developers": "joint", "china-inside": "joint", "platform": "any",
    "climate": "each", "disease": "each", "poverty": "each",
}  # fmt: skip


def effective(event):
    day = date.fromisoformat(event["date"])
    precision = event.get("date_precision", "day")
    if precision == "day":
        return day
    months = {"month": 1, "quarter": 3, "year": 12}[precision]
    begin = date(day.year, (day.month - 1) // months * months + 1, 1)
    month = begin.month + months - 1
    last = date(day.year, month, calendar.monthrange(day.year, month)[1])
    if event.get("recorded_at"):
        recorded = date.fromisoformat(event["recorded_at"])
        if begin <= recorded <= last:
            return recorded
    return last


def recorded(event):
    return date.fromisoformat(event["recorded_at"]) if event.get("recorded_at") else effective(event)


class Record:
    """What counts as known on day K: events with their day, their end and their credited pairs."""

    def __init__(self, records, known=None, half_life=None, weight=None, certainty=None, netting=1.0):
        self.h, self.w, self.c = half_life or H, weight or W, certainty or C
        latest = {}
        for event in records:
            if known is None or recorded(event) <= known:
                held = latest.get(event["id"])
                if held is None or recorded(event) >= recorded(held):
                    latest[event["id"]] = event
        self.events = {
            key: event
            for key, event in latest.items()
            if not event.get("retracted") and effective(event) >= START
        }
        self.day = {key: effective(event) for key, event in self.events.items()}
        self.order = sorted(self.events, key=lambda key: (self.day[key], key))
        self.ender = {}
        for j in self.order:
            if self.events[j].get("certainty", "confirmed") == "rumoured":
                continue
            listed = self.events[j].get("supersedes") or []
            for i in [listed] if isinstance(listed, str) else listed:
                if i in self.events and (self.day[i], i) < (self.day[j], j):
                    self.ender.setdefault(i, j)
        ended_by = {}
        for i, j in self.ender.items():
            ended_by.setdefault(j, []).append(i)
        self.credit = {}
        for j in self.order:
            ended = ended_by.get(j, ())
            for item in self.events[j]["assessments"]:
                r = item["rec"]
                a, u = self.raw(j, item)
                a_bar = u_bar = 0.0
                for i in ended:
                    if (i, r) in self.credit:
                        kept = 2 ** (-(self.day[j] - self.day[i]).days / self.h[self.strength(i, r)])
                        a_bar += self.credit[i, r][0] * kept
                        u_bar += self.credit[i, r][1] * kept
                self.credit[j, r] = (max(0.0, a - netting * u_bar), max(0.0, u - netting * a_bar))

    def raw(self, key, item):
        w = self.w[item["strength"]] * self.c[self.events[key].get("certainty", "confirmed")]
        return {1: (w, 0.0), -1: (0.0, w), 0: (w / 2, w / 2)}[item["direction"]]

    def strength(self, key, r):
        return next(item["strength"] for item in self.events[key]["assessments"] if item["rec"] == r)

    def end(self, key):
        return self.day[self.ender[key]] if key in self.ender else date.max

    def live(self, day):
        return [key for key in self.order if self.day[key] <= day < self.end(key)]

    def rows(self, day, r, actor=None, pulse=False):
        """(id, strength, a, u) of what counts, faded to the day."""
        keys = [key for key in self.order if self.day[key] <= day] if pulse else self.live(day)
        found = []
        for key in keys:
            event = self.events[key]
            for item in event["assessments"]:
                if item["rec"] == r and (actor is None or actor in event["actors"]):
                    a, u = self.raw(key, item) if pulse else self.credit[key, r]
                    half_life = 90 if pulse else self.h[item["strength"]]
                    kept = 2 ** (-(day - self.day[key]).days / half_life)
                    found.append((key, item["strength"], a * kept, u * kept))
        return found


def totals(rows, c=1.0):
    """A, U and what the cap leaves of talk on each side."""
    found, scales = [], []
    for side in (2, 3):
        talk = sum(row[side] for row in rows if row[1] <= 2)
        found.append(min(talk, c) + sum(row[side] for row in rows if row[1] > 2))
        scales.append(c / talk if talk > c else 1.0)
    return (*found, *scales)


def score(A, U, k=2.0):
    return 100 * (A - U) / (A + U + k)


def beta_of(A, U):
    E = A + U
    g = 2 * (min(E, 75) + 2) / (E + 2)
    return g * (A + 1), g * (U + 1)


def below(x, a, b):
    """The regularised incomplete beta function, by its continued fraction (Numerical Recipes, 6.4)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(1 - x)
    )
    return (
        front * _fraction(x, a, b) / a
        if x < (a + 1) / (a + b + 2)
        else 1 - front * _fraction(1 - x, b, a) / b
    )


def _fraction(x, a, b):
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 500):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / (1 + step * d)
            c = 1 + step / c
            value *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return value


def quantile(q, a, b):
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle, a, b) < q else (low, middle)
    return (low + high) / 2


def label(A, U):
    if A + U < 0.5:
        return "too little evidence"
    half = below(0.5, *beta_of(A, U))
    if half < 0.1:
        return "advancing"
    if half > 0.9:
        return "undermined"
    return "contested" if A + U >= 4 else "unclear"


def reading(record, day, r, actor=None, pulse=False):
    """Section 4 or 5 without the band."""
    rows = record.rows(day, r, actor, pulse)
    A, U, scale_a, scale_u = totals(rows)
    E = A + U
    effects, labels = {}, set()
    for key, strength, a, u in rows:
        if (a, u) != (0.0, 0.0):
            part_a, part_u = (a * scale_a, u * scale_u) if strength <= 2 else (a, u)
            effects[key] = score(A, U) - score(A - part_a, U - part_u)
            labels.add(label(max(A - part_a, 0.0), max(U - part_u, 0.0)))
    return {
        "A": A, "U": U, "E": E, "score": score(A, U),
        "advancing_share": 100 * A / (E + 2), "undermining_share": 100 * U / (E + 2),
        "open_share": 200 / (E + 2),
        "prob_advancing": 1 - below(0.5, *beta_of(A, U)),
        "contested": 2 * min(A, U) / E if E else 0.0,
        "label": label(A, U), "n": len(effects), "effects": effects, "fragile": bool(labels - {label(A, U)}),
    }  # fmt: skip


def band(A, U):
    a, b = beta_of(A, U)
    return 200 * quantile(0.1, a, b) - 100, 200 * quantile(0.9, a, b) - 100


def change(record, day, days, r, actor=None):
    """Section 6."""
    before = day - timedelta(days)

    def rows_of(keys, to):
        found = []
        for key in keys:
            event = record.events[key]
            for item in event["assessments"]:
                if item["rec"] == r and (actor is None or actor in event["actors"]):
                    kept = 2 ** (-(to - record.day[key]).days / H[item["strength"]])
                    a, u = record.credit[key, r]
                    found.append((key, item["strength"], a * kept, u * kept))
        return found

    def score_of(keys, to):
        return score(*totals(rows_of(keys, to))[:2])

    was, now = record.live(before), record.live(day)
    stayed = [key for key in was if key in now]
    start, faded, stay, end = (
        score_of(was, before),
        score_of(was, day),
        score_of(stayed, day),
        score_of(now, day),
    )
    y = [a - u for _, _, a, u in rows_of([key for key in now if key not in was], day)]
    y += [u - a for _, _, a, u in rows_of([key for key in was if key not in now], day)]
    acts = sum(y) ** 2 / sum(value * value for value in y) if any(y) else 0.0
    moved = (stay - faded) + (end - stay)
    if abs(moved) >= 5:
        word = ("rising" if moved > 0 else "falling") + (" on few acts" if acts < 2 else "")
    else:
        word = "drifting as old acts fade" if abs(end - start) >= 5 else "steady"
    return {
        "from": start, "to": end, "change": end - start, "faded": faded - start, "ended": stay - faded,
        "new": end - stay, "acts": acts, "word": word,
    }  # fmt: skip


def delivery(record, day, r, settings=(), known=None):
    """Section 7."""
    asks = {}
    for ask in ASKS[r]:
        tagged = [
            (key, item)
            for key in record.order
            for item in record.events[key]["assessments"]
            if item["rec"] == r and item.get("ask") == ask and record.day[key] <= day
        ]
        mode = MODES[ask]
        names = ACTORS if mode == "any" else ("us",) if mode == "any: us" else ("us", "china")
        values = [_ask_of_actor(record, day, r, tagged, name) for name in names]
        combine = {"j": min, "e": lambda x: sum(x) / len(x), "a": max}[mode[0]]
        if tagged:
            asks[ask] = combine(values)
        for item in settings:
            seen = date.fromisoformat(item.get("recorded_at") or item["from"])
            until = date.fromisoformat(item["to"]) if item.get("to") else date.max
            if (item["rec"], item["ask"]) != (r, ask) or not date.fromisoformat(item["from"]) <= day < until:
                continue
            if known is None or seen <= known:
                asks[ask] = 100 * W[item["rung"]] if item["rung"] else 0.0
    whole = len(asks) == len(ASKS[r])
    return {"value": sum(asks.values()) / len(asks) if whole else None, "rated": len(asks), "asks": asks}


def _ask_of_actor(record, day, r, tagged, actor):
    up = down = rung = 0
    for key, item in tagged:
        event, strength, age = record.events[key], item["strength"], (day - record.day[key]).days
        a, u = record.credit[key, r]
        stands = actor in event["actors"] and day < record.end(key) and (a, u) != (0.0, 0.0)
        if not stands or event.get("certainty", "confirmed") == "rumoured":
            continue
        if strength <= 3 and age > 3 * H[strength]:
            continue
        kept = 2 ** (-age / H[strength])
        up, down = up + a * kept, down + u * kept
        if item["direction"] == 1:
            rung = max(rung, strength)
    return 100 * W[rung] * up / (up + down) if rung else 0.0


def splitmix(m, seed=20250121):
    mask = 2**64 - 1
    z = (seed + (m + 1) * 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return ((z ^ (z >> 31)) >> 11) * 2.0**-53


def drawn_scores(records, day, number, known=None):
    """Scores of the seven under draw `number` of section 9: a full recomputation."""
    u = [splitmix(21 * number + m) for m in range(21)]
    four = sorted(min(1.0, W[s + 1] * 1.5 ** (2 * u[s] - 1)) for s in range(4))
    record = Record(
        records,
        known,
        half_life={s + 1: H[s + 1] * 2 ** (2 * u[6 + s] - 1) for s in range(5)},
        weight=dict(enumerate([*four, 1.0], start=1)),
        certainty={"confirmed": 1.0, "reported": 0.5 + 0.5 * u[4], "rumoured": 0.5 * u[5]},
        netting=1.0 if u[13] < 0.5 else 0.0,
    )
    k, c = 2 * 2 ** (2 * u[11] - 1), 2 ** (2 * u[12] - 1)
    return [score(*totals(record.rows(day, r), c)[:2], k) for r in RECOMMENDATIONS]
