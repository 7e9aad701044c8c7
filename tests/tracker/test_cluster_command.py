"""`manage.py cluster`: JSON Lines in, one answer a line out; bad input is named and nothing is half done."""

import io
import json
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

ARTICLES = [
    {"id": 1, "title": "US revokes Nvidia licences to export H20 chips to China", "date": "2026-03-02"},
    {"id": "two", "title": "UN opens fund for AI capacity building", "date": "2026-03-02T10:00:00Z"},
    {
        "id": 3,
        "title": "Washington pulls Nvidia's H20 export licences for China",
        "date": "2026-03-03",
        "lang": "en",
    },
    {"id": 4, "title": "Floods in Valencia", "date": None, "summary": None},
]


def run(tmp_path, content):
    file = tmp_path / "articles.jsonl"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    out = io.StringIO()
    call_command("cluster", str(file), stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def lines(articles):
    return "".join(json.dumps(article) + "\n" for article in articles)


def test_articles_of_one_act_share_the_id_of_the_first(tmp_path):
    assert run(tmp_path, lines(ARTICLES)) == [
        {"id": 1, "cluster": 1},
        {"id": "two", "cluster": "two"},
        {"id": 3, "cluster": 1},
        {"id": 4, "cluster": 4},
    ]


def test_blank_lines_and_a_byte_order_mark_are_no_harm(tmp_path):
    assert len(run(tmp_path, b"\xef\xbb\xbf" + ("\n\n" + lines(ARTICLES)).encode())) == 4
    assert run(tmp_path, "") == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "not JSON"),
        (b"[1]", "an article is an object"),
        (b'{"title": "x"}', "id: missing"),
        (b'{"id": true, "title": "x"}', "id: missing"),
        (b'{"id": 1}', "title: missing"),
        (b'{"id": 1, "title": 5}', "title: missing, or not text"),
        (b'{"id": 1, "title": "x", "url": 5}', "url: not text"),
        (b'{"id": 1, "title": "x", "date": "yesterday"}', "is no day"),
        (b'{"id": 1, "title": "x", "date": 20260302}', "date: not text"),
        (b'{"id": 1, "title": "\xff"}', "not UTF-8"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_grouped(tmp_path, line, said):
    with pytest.raises(CommandError) as refused:
        run(tmp_path, lines(ARTICLES).encode() + line + b"\n")
    assert f"line {len(ARTICLES) + 1}: " in str(refused.value)
    assert said in str(refused.value)
    assert "Nothing was grouped" in str(refused.value)


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("cluster", str(tmp_path / "none.jsonl"))


def test_as_a_program_it_reads_standard_input_and_ends_with_one_on_bad_input():
    def program(text):
        return subprocess.run(
            [sys.executable, "manage.py", "cluster"], input=text.encode(), capture_output=True, check=False
        )

    good, bad = program(lines(ARTICLES)), program("{\n")
    assert (good.returncode, len(good.stdout.splitlines())) == (0, 4)
    assert (bad.returncode, bad.stdout) == (1, b"")
    assert b"line 1: not JSON" in bad.stderr
