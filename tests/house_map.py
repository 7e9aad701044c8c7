"""The map in docs/architecture.md, made from the modules' docstrings: `make map` writes it, a test compares it."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- map: made by `make map` -->\n", "<!-- end of map -->\n"
APPS = ("feeds", "tracker", "scorecard")


def first_sentence(path: Path) -> str:
    """What a module says it is: the first sentence of its docstring, on one line."""
    text = " ".join((ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split())
    return re.split(r"(?<=[.:;])\s", text + " ", maxsplit=1)[0].rstrip(" .:;").replace("|", "\\|")


def rows(app: str) -> list[tuple[str, str]]:
    """Module and sentence of everything in an app that holds code, packages before what is in them."""
    found = []
    for path in sorted((ROOT / app).rglob("*.py")):
        if "migrations" in path.parts or not path.read_text("utf-8").strip():
            continue
        name = path.relative_to(ROOT).with_suffix("").as_posix().removesuffix("/__init__")
        found.append((name, first_sentence(path)))
    return sorted(found)


def made() -> str:
    """The map as it should stand between the marks."""
    lines = []
    for app in APPS:
        lines += [f"\n### `{app}/`\n", "| module | what it is |", "|---|---|"]
        lines += [f"| `{name}` | {sentence} |" for name, sentence in rows(app)]
    return "\n".join(lines) + "\n\n"


def standing() -> str:
    return PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]


if __name__ == "__main__":
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    PAGE.write_text(before + BEGIN + made() + END + rest.partition(END)[2], "utf-8")
