"""Runs the cells of a notebook one after the other, as a reader would, and keeps what they print.

    python -m tests.scorecard.api.notebook FILE ADDRESS

runs it against a service and writes the outputs into the file.
"""

import contextlib
import io
import json
import sys
from pathlib import Path

SITE = "http://localhost:8000"


def executed(path, fetch=None, address=SITE):
    """The notebook with its outputs; `fetch` opens an address in place of `urllib.request.urlopen`."""
    book, names = json.loads(Path(path).read_text("utf-8")), {}
    for number, cell in enumerate((each for each in book["cells"] if each["cell_type"] == "code"), start=1):
        source, said = "".join(cell["source"]).replace(SITE, address), io.StringIO()
        if fetch is not None:
            source = source.replace("urllib.request.urlopen", "fetch")
            names["fetch"] = fetch
        with contextlib.redirect_stdout(said):
            exec(compile(source, f"{path}:{number}", "exec"), names)
        lines = said.getvalue().splitlines(keepends=True)
        output = [{"name": "stdout", "output_type": "stream", "text": lines}] if lines else []
        cell |= {"execution_count": number, "outputs": output}
    return book


if __name__ == "__main__":
    found = executed(*sys.argv[1:2], address=sys.argv[2])
    Path(sys.argv[1]).write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
