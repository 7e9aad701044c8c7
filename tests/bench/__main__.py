"""`make bench`: every measurement in turn, each beside its peer in the same run.

    python -m tests.bench [name …]

Each module prints what it did and its ratios, and ends with 1 when it missed the figure it asks for.
"""

import importlib
import pkgutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent


def measurements():
    """The names of the modules that can be run: those with a `main`."""
    names = sorted(
        module.name for module in pkgutil.iter_modules([str(HERE)]) if not module.name.startswith("_")
    )
    return [name for name in names if "\ndef main(" in (HERE / f"{name}.py").read_text("utf-8")]


def about(name):
    return (importlib.import_module(f"tests.bench.{name}").__doc__ or "").strip().splitlines()[0]


def main(asked):
    known = measurements()
    if unknown := [name for name in asked if name not in known]:
        sys.exit(f"no measurement is called {', '.join(unknown)}; there are {', '.join(known)}")
    missed = []
    for name in asked or known:
        print(f"\n== {name}: {about(name)}", flush=True)
        started = time.monotonic()
        if subprocess.run([sys.executable, "-m", f"tests.bench.{name}"], check=False).returncode:
            missed.append(name)
        print(f"-- {name} took {time.monotonic() - started:.0f} s", flush=True)
    if missed:
        sys.exit(f"\nBelow the figure asked for, or failed: {', '.join(missed)}")


if __name__ == "__main__":
    main(sys.argv[1:])
