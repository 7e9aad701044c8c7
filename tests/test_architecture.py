"""The house keeps its plan: imports run one way, pure modules know no Django, no file outgrows its room."""

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("feeds", "tracker", "scorecard")
MAY_IMPORT = {"feeds": {"feeds", "tracker"}, "tracker": {"tracker"}, "scorecard": {"scorecard", "tracker"}}
PURE = (
    "scorecard/method",
    "scorecard/charts",
    "tracker/record.py",
    "tracker/addresses.py",
    "tracker/languages.py",
    "tracker/rows.py",
    "tracker/tagging",
    "tracker/clustering",
    "feeds/parsing",
)
IMPURE = {"django", "celery", "rest_framework", "redis", "aiohttp", "requests", "urllib.request"}
LONGEST = 450
BANNED_NAMES = {"utils", "util", "helpers", "services", "common", "misc"}


def sources(*folders):
    """Every Python file of the given folders or files that git would keep, without migrations."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *folders],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return [
        ROOT / name
        for name in listed
        if name.endswith(".py") and "/migrations/" not in name and (ROOT / name).exists()
    ]


def imported(path):
    """Every module a file imports, function bodies included, with its line."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            yield node.lineno, node.module
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


@pytest.mark.parametrize("app", APPS)
def test_imports_run_one_way(app):
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in sources(app)
        for line, name in imported(path)
        if name.split(".")[0] in APPS and name.split(".")[0] not in MAY_IMPORT[app]
    ]
    assert not wrong


def test_pure_modules_know_no_django_and_no_network():
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in sources(*PURE)
        for line, name in imported(path)
        if any(name == module or name.startswith(f"{module}.") for module in IMPURE)
    ]
    assert not wrong


def test_the_record_names_its_neighbours_only_as_strings():
    wiring = {"settings.py", "urls.py", "celery.py"}
    wrong = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sources("tracker")
        if path.name not in wiring
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if line.lstrip().startswith(("import feeds", "from feeds", "import scorecard", "from scorecard"))
    ]
    assert not wrong


def test_no_file_outgrows_its_room():
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in sources(*APPS)
    }
    too_long = {name: lines for name, lines in lengths.items() if lines > LONGEST}
    assert not too_long


def test_modules_are_named_after_deeds_or_things():
    assert not [path for path in sources(*APPS) if path.stem in BANNED_NAMES]


def test_every_module_says_what_it_is():
    silent = [
        str(path.relative_to(ROOT))
        for path in sources(*APPS)
        if path.read_text("utf-8").strip()
        and path.name not in ("__init__.py", "apps.py")
        and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert not silent


def test_nothing_speaks_of_a_machine_or_a_registry():
    words = ("/wor" + "k/", "../sha" + "red", "py" + "pi.org", "registry.npm" + "js")
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    wrong = [
        f"{name}: {word}"
        for name in listed
        if name != ".ci/run"
        and (ROOT / name).suffix in {".py", ".md", ".txt", ".toml", ".yml", ".yaml", ".in", ""}
        and (ROOT / name).is_file()
        for word in words
        if word in (ROOT / name).read_text("utf-8", "replace")
    ]
    assert not wrong
