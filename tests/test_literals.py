"""No app knows the first codebook: its slugs, its start, its number of recommendations stand in `seeds/` alone.

Read are every string of Python (docstrings too where the API prints them), every template and every script. A whole
string that equals a slug is a finding; the start day, "seven" and `1-7` are findings wherever they stand in one.
"""

import ast
import datetime
import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("feeds", "tracker", "scorecard")
TEXTS = (".html", ".txt", ".xml", ".md", ".js", ".css", ".svg")
# Words of the method, of a protocol or of the language that a slug happens to equal, with the file that may say them.
OTHERWISE_MEANT = {
    "tracker/second_opinion/endpoint.py": {"tools"},  # a key of the protocol
    "scorecard/pages/views/overview.py": {"other"},  # a language that is neither English nor Chinese
    "scorecard/querystring.py": {"other"},  # likewise
    "scorecard/vocabulary.py": {"seven"},  # the number's word, beside the others to twelve
    "feeds/storing.py": {"other"},  # a column: cases against
    "tracker/triage/coding.py": {"us"},  # the pronoun
    "tracker/desk/people.py": {"other"},  # a key of the desk's own
    "tracker/models/events.py": {"other"},  # a reason to dismiss
    "tracker/operations/health.py": {"other"},  # a method of HTTP
    "tracker/tagging/model.py": {"pooling"},  # a parameter of the model
    "tracker/terms.py": {"other"},  # a language that is neither English nor Chinese
}  # fmt: skip
PRINTED = "scorecard/api/"  # its docstrings become the description of the API
QUOTED = re.compile(r"""(["'`])([a-z][a-z0-9-]*)\1""")
MONTHS = [datetime.date(2000, month, 1).strftime("%B") for month in range(1, 13)]


def codebook():
    """Slugs and start day of the first codebook."""
    book = json.loads((ROOT / "seeds/codebook.json").read_text())
    slugs = {each["slug"] for each in [*book["recommendations"], *book["actors"]]}
    return slugs | {ask["slug"] for each in book["recommendations"] for ask in each["asks"]}, book["start"]


def spellings(start):
    """What says the start day or the number of recommendations inside a longer text."""
    year, month, day = map(int, start.split("-"))
    name = MONTHS[month - 1]
    return re.compile(
        rf"{start}|{day} {name} {year}|{name} {day}, {year}|{year}年{month}月{day}日|\b{year}, 0?{month}, 0?{day}\b"
        r"|\b[Ss]even\b|\bSEVEN\b|七(?:项|条|个)|1-7|[1-7]–7"
    )


def findings(path, slugs, told):
    """(line, what) of each place in a file."""
    text = path.read_text("utf-8")
    name = str(path.relative_to(ROOT))
    for line, string in (
        _strings(text, name) if path.suffix == ".py" else enumerate(text.splitlines(), start=1)
    ):
        found = [string] if path.suffix == ".py" else [match[2] for match in QUOTED.finditer(string)]
        said = {word for word in found if word in slugs} | set(told.findall(string))
        for word in sorted(said - OTHERWISE_MEANT.get(name, set())):
            yield line, word


def _strings(text, name):
    """(line, string) of every literal; of docstrings only those that are printed. A date counts as its arguments."""
    tree = ast.parse(text)
    silent = set() if name.startswith(PRINTED) else {id(node) for node in _docstrings(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            yield node.lineno, node.value
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("date", "datetime.date"):
            yield node.lineno, ast.unparse(node)


def _docstrings(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                yield first.value


def files(app):
    """What git would keep of an app, without migrations, catalogues and recorded examples."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", app],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    return [
        ROOT / name
        for name in listed
        if name.endswith((".py", *TEXTS)) and "/migrations/" not in name and (ROOT / name).exists()
    ]


@pytest.mark.parametrize("app", APPS)
def test_no_app_knows_the_first_codebook(app):
    slugs, start = codebook()
    told = spellings(start)
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {word}"
        for path in files(app)
        for line, word in findings(path, slugs, told)
    ]
    assert not wrong, "\n" + "\n".join(wrong)
