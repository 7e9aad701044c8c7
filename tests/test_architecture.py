"""The house keeps its plan: imports run one way, pure modules know no Django, no file outgrows its room."""

import ast
import graphlib
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp

from tests import house_map

ROOT = Path(__file__).resolve().parent.parent
APPS = ("feeds", "tracker", "scorecard")
WIRING = {
    "tracker.settings",
    "tracker.environment",
    "feeds.apps",
    "scorecard.apps",
}  # imported by nobody but Django
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


def test_imports_run_one_way_and_pure_rooms_stay_pure():
    """The layers of pyproject.toml, also between the rooms of an app and through third modules."""
    told = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout[told.stdout.find("Broken contracts") :]


def test_no_two_modules_need_each_other():
    """Not even for the names of types, which are imported for checking only."""
    house = grimp.build_graph(*APPS, cache_dir=None)
    graphlib.TopologicalSorter(
        {module: house.find_modules_directly_imported_by(module) for module in house.modules}
    ).prepare()


def test_every_room_of_an_app_has_its_layer():
    """import-linter passes over what no layer names, so a new room must be given its place."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    placed = {
        f"{container}.{room.strip(' ()')}"
        for contract in contracts
        for container in contract.get("containers", ())
        for row in contract["layers"]
        for room in row.split("|")
    }
    containers = {room for contract in contracts for room in contract.get("containers", ())}
    unplaced = set()
    for path in sources(*APPS):
        parts = path.relative_to(ROOT).with_suffix("").parts
        for depth in range(1, len(parts)):
            parent, room = ".".join(parts[:depth]), parts[depth]
            if parent in containers and room not in ("__init__", "management"):
                unplaced |= {f"{parent}.{room}"} - placed - WIRING
    assert not unplaced


def test_the_map_is_what_the_modules_say():
    assert house_map.standing() == house_map.made(), "run make map"


def test_no_file_is_split_where_only_a_text_breaks():
    """`str.splitlines` ends a line at U+2028 and six others, which may stand inside a text; files are `rows`'."""
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources(*APPS)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("splitlines", "readlines")
    ]
    assert not wrong


def test_only_rows_knows_csv():
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sources(*APPS)
        for line, name in imported(path)
        if name == "csv" and path != ROOT / "tracker" / "rows.py"
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
