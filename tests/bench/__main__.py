"""`make bench`: every measurement in turn, each beside its peer in the same run.

    python -m tests.bench [name …]

Each module prints what it did and its ratios, and ends with 1 when it missed the figure it asks for. One that breaks
is told apart from one that missed, and stops none of the others.
"""

import ast
import importlib
import pkgutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
PACKAGE = "tests.bench."
BROKE = 70
# A traceback would end with 1 too, as a missed figure does.
RUN = f"""
import runpy, sys, traceback
name = sys.argv.pop(1)
try:
    runpy.run_module(name, run_name="__main__", alter_sys=True)
except Exception:
    traceback.print_exc()
    sys.exit({BROKE})
"""


def measurements():
    """The names of the modules that measure: those with a `main`. What serves them has none."""
    names = (module.name for module in pkgutil.iter_modules([str(HERE)]) if not module.name.startswith("_"))
    return sorted(name for name in names if "main" in functions(name))


def functions(name):
    tree = ast.parse((HERE / f"{name}.py").read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def about(name):
    return (importlib.import_module(f"tests.bench.{name}").__doc__ or "").strip().splitlines()[0]


def run(name):
    """0: as fast as asked for; `BROKE`: it ended in an error; else it missed its figure."""
    print(f"\n== {name}: {about(name)}", flush=True)
    started = time.monotonic()
    ended = subprocess.run([sys.executable, "-c", RUN, f"{PACKAGE}{name}"], check=False).returncode
    print(f"-- {name} took {time.monotonic() - started:.0f} s", flush=True)
    return ended


def main(asked):
    known = measurements()
    if unknown := [name for name in asked if name not in known]:
        sys.exit(f"no measurement is called {', '.join(unknown)}; there are {', '.join(known)}")
    ends = {name: run(name) for name in asked or known}
    told = [
        f"{words}: {', '.join(names)}"
        for words, names in (
            ("Below the figure asked for", [name for name, end in ends.items() if end not in (0, BROKE)]),
            ("Broke, and measured nothing", [name for name, end in ends.items() if end == BROKE]),
        )
        if names
    ]
    if told:
        sys.exit("\n" + "\n".join(told))


if __name__ == "__main__":
    main(sys.argv[1:])
