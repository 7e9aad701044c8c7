"""The method a second time, by another route: plain Python, one act after the other, written from METHOD.md
alone. Both versions: `RULES` says what 1.1 changed.

Slow and short on purpose. It shares nothing with `scorecard.method` but the vocabulary, so that a misreading
must be made twice to stay hidden; `make bench` uses it as the measure of speed.
"""

import calendar
import math
from datetime import date, timedelta
from types import SimpleNamespace

from tracker.record import ACTORS, ASKS, RECOMMENDATIONS

START = date(2025, 1, 21)
W = {1: 0.1, 2: 0.2, 3: 0.4, 4: 0.8, 5: 1.0}
C = {"confirmed": 1.0, "reported": 0.75, "rumoured": 0.25}
H = {1: 60, 2: 120, 3: 365, 4: 1095, 5: 730}
RULES = {
    "1.0": SimpleNamespace(
        terms=False, talk_ends_law=True, local=1.0, floor=False, verdict=0.9, dispute=0.0, follow=False
    ),
    "1.1": SimpleNamespace(
        terms=True, talk_ends_law=False, local=0.25, floor=True, verdict=0.975, dispute=0.5, follow=True
    ),
}
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


def listed(event, field):
    ids = event.get(field) or []
    return [ids] if isinstance(ids, str) else ids


def until_of(event):
    return date.fromisoformat(event["until"]) if event.get("until") else date.max


class Record:
    """What counts as known on day K: events with their day, their end, their sleep and their credited pairs."""

    def __init__(self, records, known=None, method="1.1", **drawn):
        self.rules = RULES[method]
        self.w, self.c, self.h = drawn.get("weight", W), drawn.get("certainty", C), drawn.get("half_life", H)
        self.netting = drawn.get("netting", 1.0)
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
        self.ignored = []
        self.link()
        self.credit = {}
        for j in self.order:
            for item in self.events[j]["assessments"]:
                self.credit[j, item["rec"]] = self.credited(j, item)

    def can_act(self, j, i):
        """Section 2, "Link"."""
        event = self.events[j]
        if i not in self.events or not (self.day[i], i) < (self.day[j], j):
            return False
        if event.get("certainty", "confirmed") == "rumoured":
            return False
        return self.rules.talk_ends_law or self.highest(j) not in (1, 2) or self.highest(i) in (1, 2)

    def highest(self, key):
        return max((item["strength"] for item in self.events[key]["assessments"]), default=0)

    def link(self):
        """Who ends whom, and who puts whom to sleep; what each undoes; the day each act ends."""
        self.ender, self.sleepers, self.undone = {}, {}, {key: [] for key in self.order}
        self.until = {
            key: until_of(event) if self.rules.terms else date.max for key, event in self.events.items()
        }
        for j in self.order:
            for i in listed(self.events[j], "supersedes"):
                if self.can_act(j, i) and i not in self.ender:
                    self.ender[i] = j
                    self.undone[j].append(i)
                else:
                    self.ignored.append((j, i))
            for i in listed(self.events[j], "suspends") if self.rules.terms else ():
                if self.can_act(j, i) and self.until[j] != date.max:
                    self.sleepers.setdefault(i, []).append(j)
                    self.undone[j].append(i)
                else:
                    self.ignored.append((j, i))
        self.end = {
            key: min(self.until[key], self.day[self.ender[key]] if key in self.ender else date.max)
            for key in self.order
        }

    def credited(self, j, item):
        """Section 3, "Reversal"."""
        r = item["rec"]
        a, u = self.raw(j, item)
        a_bar = u_bar = 0.0
        for i in self.undone[j]:
            if (i, r) in self.credit and self.until[i] > self.day[j]:
                kept = 2 ** (-(self.day[j] - self.day[i]).days / self.h[self.strength(i, r)])
                a_bar += self.credit[i, r][0] * kept
                u_bar += self.credit[i, r][1] * kept
        a, u = max(0.0, a - self.netting * u_bar), max(0.0, u - self.netting * a_bar)
        if self.rules.floor and item["direction"] == 1:
            a = max(a, min(a_bar, self.w[5]))
        if self.rules.floor and item["direction"] == -1:
            u = max(u, min(u_bar, self.w[5]))
        return a, u

    def raw(self, key, item):
        event = self.events[key]
        w = self.w[item["strength"]] * self.c[event.get("certainty", "confirmed")]
        w *= self.rules.local if event.get("reach") == "local" else 1.0
        return {1: (w, 0.0), -1: (0.0, w), 0: (w / 2, w / 2)}[item["direction"]]

    def strength(self, key, r):
        return next(item["strength"] for item in self.events[key]["assessments"] if item["rec"] == r)

    def is_live(self, key, day):
        if not self.day[key] <= day < self.end[key]:
            return False
        return not any(self.day[j] <= day < self.end[j] for j in self.sleepers.get(key, ()))

    def live(self, day):
        return [key for key in self.order if self.is_live(key, day)]

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


def beta_of(A, U, k=2.0):
    E = A + U
    g = 2 * (min(E, 75) + k) / (E + k)
    return g * (A + k / 2), g * (U + k / 2)


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


LEANINGS = ("leaning advancing", "leaning undermined")


def label(A, U, rules=RULES["1.1"], k=2.0):
    E = A + U
    if E < 0.5:
        return "too little evidence"
    against = below(0.5, *beta_of(A, U, k))
    for bar, words in ((rules.verdict, ("advancing", "undermined")), (0.9, LEANINGS)):
        if against <= 1 - bar:
            return words[0]
        if against >= bar:
            return words[1]
    return "contested" if E >= 4 and 2 * min(A, U) / E >= rules.dispute else "unclear"


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
            labels.add(label(max(A - part_a, 0.0), max(U - part_u, 0.0), record.rules))
    word = label(A, U, record.rules)
    return {
        "A": A, "U": U, "E": E, "score": score(A, U),
        "advancing_share": 100 * A / (E + 2), "undermining_share": 100 * U / (E + 2),
        "open_share": 200 / (E + 2),
        "prob_advancing": 1 - below(0.5, *beta_of(A, U)),
        "contested": 2 * min(A, U) / E if E else 0.0,
        "label": word, "n": len(effects), "effects": effects, "fragile": bool(labels - {word}),
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
    word = change_word(end - start, (stay - faded) + (end - stay), faded - start, acts, record.rules)
    return {
        "from": start, "to": end, "change": end - start, "faded": faded - start, "ended": stay - faded,
        "new": end - stay, "acts": acts, "word": word,
    }  # fmt: skip


def change_word(change, moved, faded, acts, rules):
    follows = abs(change) >= 5 and moved * change > 0 and abs(moved) >= abs(faded)
    if follows if rules.follow else abs(moved) >= 5:
        return ("rising" if moved > 0 else "falling") + (" on few acts" if acts < 2 else "")
    return "drifting as old acts fade" if abs(change) >= 5 else "steady"


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
        for number, item in enumerate(settings, start=1):
            if "withdraws" in item or (item["rec"], item["ask"]) != (r, ask):
                continue
            until = date.fromisoformat(item["to"]) if item.get("to") else date.max
            if date.fromisoformat(item["from"]) <= day < until and _held(settings, number, known):
                asks[ask] = 100 * W[item["rung"]] if item["rung"] else 0.0
    whole = len(asks) == len(ASKS[r])
    return {"value": sum(asks.values()) / len(asks) if whole else None, "rated": len(asks), "asks": asks}


def _held(settings, number, known):
    """Whether a line is known and nothing that holds takes it back."""
    line = settings[number - 1]
    if known is not None and date.fromisoformat(line.get("recorded_at") or line["from"]) > known:
        return False
    return not any(
        later.get("withdraws") == number and _held(settings, place, known)
        for place, later in enumerate(settings, start=1)
    )


def _ask_of_actor(record, day, r, tagged, actor):
    up = down = rung = 0
    for key, item in tagged:
        event, strength, age = record.events[key], item["strength"], (day - record.day[key]).days
        a, u = record.credit[key, r]
        stands = actor in event["actors"] and (a, u) != (0.0, 0.0) and record.is_live(key, day)
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


def drawn(records, day, number, known=None, method="1.1"):
    """(score, label) of each of the seven under draw `number` of section 9: a full recomputation."""
    u = [splitmix(21 * number + m) for m in range(21)]
    four = sorted(min(1.0, W[s + 1] * 1.5 ** (2 * u[s] - 1)) for s in range(4))
    record = Record(
        records,
        known,
        method,
        half_life={s + 1: H[s + 1] * 2 ** (2 * u[6 + s] - 1) for s in range(5)},
        weight=dict(enumerate([*four, 1.0], start=1)),
        certainty={"confirmed": 1.0, "reported": 0.5 + 0.5 * u[4], "rumoured": 0.5 * u[5]},
        netting=1.0 if u[13] < 0.5 else 0.0,
    )
    k, c = 2 * 2 ** (2 * u[11] - 1), 2 ** (2 * u[12] - 1)
    sums = [totals(record.rows(day, r), c)[:2] for r in RECOMMENDATIONS]
    return [(score(A, U, k), label(A, U, record.rules, k)) for A, U in sums]
