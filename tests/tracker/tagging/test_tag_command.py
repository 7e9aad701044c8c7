"""`manage.py tag`: the contract of its lines, in and out."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tracker import tagger_versions

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def served(tagger, monkeypatch):
    monkeypatch.setattr(tagger_versions, "serving", lambda: tagger)


def tag(tmp_path, *lines):
    path = tmp_path / "articles.jsonl"
    path.write_bytes(
        b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    )
    out = io.StringIO()
    call_command("tag", str(path), stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_one_answer_a_line_in_order_with_reasons(tmp_path):
    answers = tag(
        tmp_path,
        {"id": "a", "title": "US lifts curbs on AI chips to China"},
        {"id": 7, "title": "联合国通过人工智能决议", "summary": None, "lang": "zh"},
        {"id": "c", "title": "Club wins match", "summary": "Three goals.", "lang": "en", "extra": [1]},
    )
    assert [answer["id"] for answer in answers] == ["a", 7, "c"]
    assert {"id", "relevance", "labels"} <= set(answers[0])
    label = answers[0]["labels"][0]
    assert {"rec", "direction", "probability", "because"} <= set(label)
    assert "lifts curbs on AI chips" in {reason["text"] for reason in label["because"]}
    assert answers[2]["silent"]


def test_nothing_in_nothing_out(tmp_path):
    assert tag(tmp_path, b"", b"  ") == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{", "line 2: not JSON"),
        (b"\xff\xfe", "line 2: not UTF-8"),
        (b"[1]", "line 2: an article is an object"),
        ({"title": "x"}, "line 2: id: missing"),
        ({"id": True, "title": "x"}, "line 2: id: missing, or neither text nor a number"),
        ({"id": "x"}, "line 2: title: missing"),
        ({"id": "x", "title": 5}, "line 2: title: missing, or not text"),
        ({"id": "x", "title": "x", "summary": 5}, "line 2: summary: not text"),
        (b"[" * 100_000, "line 2: not JSON"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_tagged(tmp_path, line, says):
    with pytest.raises(CommandError) as refused:
        tag(tmp_path, {"id": "a", "title": "fine"}, line)
    assert says in str(refused.value)
    assert "Nothing was tagged" in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("tag", str(tmp_path / "none.jsonl"))


def test_bad_input_ends_with_one_on_standard_error():
    done = subprocess.run(
        [sys.executable, "manage.py", "tag"],
        input=b"nonsense",
        capture_output=True,
        cwd=ROOT,
        env={"DEBUG": "1", "PATH": "", "DATABASE_URL": "sqlite:///:memory:"},
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == b""
    assert b"line 1: not JSON" in done.stderr
