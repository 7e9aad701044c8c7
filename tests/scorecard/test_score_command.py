"""`manage.py score`: a stable contract in and out, from a file without any database, or from the record."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.scorecard import worked
from tracker.record import RECOMMENDATIONS

ROOT = Path(__file__).resolve().parents[2]
BALANCE = {
    *("A", "U", "E", "score", "low", "high", "advancing_share", "undermining_share", "open_share"),
    *("prob_advancing", "contested", "label", "n", "fragile", "acts"),
}
CHANGE = {"from", "to", "change", "faded", "ended", "new", "acts", "word"}
CASES = [
    case
    for case in worked.EXAMPLES
    if "events" in case and "score" in case["expect"] and not {"pulse", "days"} & set(case["ask"])
]


def scored(*arguments):
    out = io.StringIO()
    call_command("score", *arguments, stdout=out)
    return json.loads(out.getvalue())


def written(folder, lines):
    path = folder / "events.jsonl"
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path


def refusal(*arguments):
    """What the command says; it must print nothing."""
    out = io.StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("score", *arguments, stdout=out)
    assert out.getvalue() == ""
    return str(refused.value)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_the_worked_balances_come_out_of_the_command(tmp_path, case):
    path, ask = written(tmp_path, worked.records(case["events"])), case["ask"]
    arguments = [f"--events={path}", f"--as-of={ask['as_of']}", "--method=1.1"]
    if "coded_to" in ask:
        arguments.append(f"--coded-to={ask['coded_to']}")
    if "known" in ask:
        arguments.append(f"--known-at={ask['known']}")
    if "actor" in ask:
        arguments.append(f"--actor={ask['actor']}")
    found = scored(*arguments)
    balance = found["recommendations"]["trust"]["balance"] | {"warnings": len(found["ignored_links"])}
    for name, value in case["expect"].items():
        assert balance[name] == (pytest.approx(value, abs=1e-9) if isinstance(value, float) else value), name


def test_the_answer_has_the_promised_shape():
    found = scored(
        f"--events={ROOT / 'seeds/events.jsonl'}", "--as-of=2026-07-07", "--actor=us", "--sensitivity"
    )
    assert {"method", "as_of", "known_at", "actor", "recommendations", "overall"} <= set(found)
    assert (found["as_of"], found["known_at"], found["actor"]) == ("2026-07-07", None, "us")
    assert tuple(found["recommendations"]) == RECOMMENDATIONS
    for entry in found["recommendations"].values():
        assert set(entry["balance"]) >= BALANCE
        assert set(entry["pulse"]) >= BALANCE - {"fragile", "acts"}
        assert set(entry["change"]) == {"30", "90", "365"}
        assert all(set(change) >= CHANGE for change in entry["change"].values())
        assert entry["delivery"] is None, "the view of an actor has none"
        assert {"p10", "p50", "p90", "same_sign", "same_word", "factors"} <= set(
            entry["balance"]["sensitivity"]
        )
        acts = entry["balance"]["acts"]
        assert sum(act["points"] for act in acts) == pytest.approx(entry["balance"]["score"], abs=1e-9)
    assert {"score", "low", "high"} <= set(found["overall"])
    assert len(found["what_ifs"]) == 10
    for entry in scored("--method=1.0", f"--events={ROOT / 'seeds/events.jsonl'}", "--as-of=2026-07-07")[
        "recommendations"
    ].values():
        assert set(entry["delivery"]) == {"value", "label", "rated", "of", "asks"}
        assert all({"ask", "mode", "value", "rung", "rated"} <= set(ask) for ask in entry["delivery"]["asks"])


def test_it_prints_the_series_and_what_moved_each_balance(tmp_path):
    path = written(tmp_path, worked.records(worked.example("change over 90 days")["events"]))
    found = scored(
        f"--events={path}", "--as-of=2025-09-10", "--series=balance", "--then", "--since=2025-06-12"
    )
    series = found["series"]["recommendations"]["trust"]["score"]
    assert series[-1] == pytest.approx(found["recommendations"]["trust"]["balance"]["score"], abs=1e-9)
    moved = found["waterfall"]["trust"]
    assert moved["change"] == pytest.approx(42.99087647035, abs=1e-9)
    assert sum(step["points"] for step in moved["steps"]) == pytest.approx(moved["change"], abs=1e-9)


def test_with_proof_every_figure_comes_with_the_acts_that_sum_to_it():
    found = scored(f"--events={ROOT / 'seeds/events.jsonl'}", "--as-of=2026-07-07", "--proof")
    for entry in found["recommendations"].values():
        for reading in (entry["balance"], entry["pulse"]):
            for total, part in (("A", "advancing"), ("U", "undermining"), ("score", "points")):
                summed = sum(act[part] for act in reading["acts"])
                assert summed == pytest.approx(reading[total], abs=1e-9)
        for ask in entry["delivery"]["asks"]:
            for actor, standing in ask["actors"].items():
                for side in ("up", "down"):
                    summed = sum(act[side] for act in ask["acts"] if actor in act["actors"])
                    assert summed == pytest.approx(standing[side], abs=1e-9)


def test_asks_set_by_hand_come_from_a_second_file(tmp_path):
    case = worked.example("delivery with one analyst setting")
    path, by_hand = written(tmp_path, worked.records(case["events"])), tmp_path / "asks.jsonl"
    by_hand.write_text("\n".join(json.dumps(item) for item in case["overrides"]))
    found = scored(f"--events={path}", f"--asks={by_hand}", f"--as-of={case['ask']['as_of']}")
    delivery = found["recommendations"]["trust"]["delivery"]
    assert delivery["value"] == pytest.approx(case["expect"]["value"], abs=1e-9)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"id": "a"\n', "line 1"),
        (b'\n\n{"id": "a", "date": "2025-02-30"}\n', "line 3"),
        (b'{"id": "a", "date": "2025-03-01"}\n{"id": "b", "date": "2025-03-01", "weight": 3}\n', "line 2"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"[" * 100_000, "line 1"),
        (b'{"id": "a", "date": NaN}', "line 1"),
        (b'{"id": "a", "date": "2025-03-01", "assessments": [{"rec": "trust", "direction": 1, '
         b'"strength": 9}]}', "strength"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_with_its_line_and_nothing_is_printed(tmp_path, body, words):
    path = tmp_path / "events.jsonl"
    path.write_bytes(body)
    assert words in refusal(f"--events={path}", "--as-of=2026-01-01")


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("--as-of=yesterday", "--as-of: a day as YYYY-MM-DD"),
        ("--known-at=2025-02-30", "--known-at"),
        ("--actor=martians", "us, china"),
        ("--method=9.9", "known versions: 1.0"),
        ("--since=2030-01-01", "comes before the first"),
    ],
)
def test_a_question_that_means_nothing_is_refused_in_words(argument, words):
    assert words in refusal(f"--events={ROOT / 'seeds/events.jsonl'}", argument)


def test_a_file_that_is_not_there_is_named(tmp_path):
    assert "missing.jsonl: No such file" in refusal(f"--events={tmp_path / 'missing.jsonl'}")


def test_a_line_separator_inside_a_title_is_no_end_of_line(tmp_path):
    record = {"id": "a", "date": "2025-03-01", "title": "one\u2028two\x85three"}
    assert scored(f"--events={written(tmp_path, [record])}", "--as-of=2026-01-01")["overall"]["score"] == 0


def test_a_file_is_scored_without_any_database_and_errors_end_with_1(tmp_path):
    environment = os.environ | {
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nowhere",
        "DJANGO_SETTINGS_MODULE": "tracker.settings",
        "DEBUG": "1",
    }

    def run(*arguments, stdin=""):
        command = [sys.executable, "manage.py", "score", "--as-of=2026-07-07", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=environment, input=stdin, capture_output=True, text=True, timeout=60
        )

    good = run("--events=seeds/events.jsonl")
    assert (good.returncode, good.stderr) == (0, "")
    assert json.loads(good.stdout)["recommendations"]["trust"]["balance"]["n"] > 50
    bad = run("--events=-", stdin='{"id": "a"}\n')
    assert (bad.returncode, bad.stdout) == (1, "")
    assert "line 1: date" in bad.stderr


def test_past_the_last_coded_day_it_reads_on_that_day_or_beyond_it_without_words(tmp_path):
    case = worked.example("read past the last coded day")
    path, ask = written(tmp_path, worked.records(case["events"])), case["ask"]
    asked = (
        f"--events={path}",
        f"--as-of={ask['as_of']}",
        f"--coded-to={ask['coded_to']}",
        "--series=balance",
    )
    found, beyond, first = (
        scored(*asked, *more) for more in (("--method=1.1",), ("--method=1.1", "--beyond"), ("--method=1.0",))
    )
    assert (found["read_on"], found["days_since"]) == (ask["coded_to"], 184)
    assert found["series"]["days"][-1] == ask["coded_to"]
    assert (beyond["read_on"], beyond["series"]["days"][-1]) == (ask["as_of"], ask["as_of"])
    balances = [report["recommendations"]["trust"]["balance"] for report in (found, beyond, first)]
    assert balances[1]["score"] == balances[2]["score"] < balances[0]["score"]
    assert [balance["label"] for balance in balances] == ["unclear", None, "unclear"]
    labels = beyond["series"]["recommendations"]["trust"]["label"]
    assert labels[-185:-183] == ["unclear", None]
