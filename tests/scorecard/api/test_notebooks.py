"""A stranger works from the files alone, with the notebooks of the documentation, and rebuilds the series to 1e-9."""

import io
import json
import os
import shutil
import subprocess

import pytest

from tests.scorecard import cast
from tests.scorecard.api import notebook
from tests.service import ROOT

NOTEBOOK = ROOT / "docs" / "notebooks" / "rebuild-the-series.ipynb"
VINTAGES = NOTEBOOK.with_stem("what-was-known-when")
SCRIPT = NOTEBOOK.with_suffix(".R")

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded_once")]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (NOTEBOOK, "largest difference over 3731 scores"),
        (VINTAGES, "figures of the vintage 2026-11-28 are the same to the last digit"),
    ],
)
def test_a_notebook_runs_to_its_finding(client, seeded, settings, tmp_path, path, says):
    settings.API_RATE_ANONYMOUS, settings.DATA_FOLDER = 100_000, tmp_path

    def fetch(address):
        answer = client.get(address.removeprefix(notebook.SITE))
        assert answer.status_code == 200, address
        return io.BytesIO(cast.content(answer))

    book = notebook.executed(path, fetch)
    (last,) = book["cells"][-1]["outputs"]
    assert says in "".join(last["text"])


def test_the_script_in_r_finds_them_too(client, seeded, settings, tmp_path):
    """Where R is installed; it is no part of what the project needs."""
    if (program := shutil.which("Rscript")) is None:
        pytest.skip("R is not installed")
    settings.API_RATE_ANONYMOUS, settings.DATA_FOLDER = 100_000, tmp_path
    for name, query in (("assessments", ""), ("figures", "?actor=all&reading=balance&method=1.1")):
        answer = client.get(f"/api/v1/exports/{name}.csv{query}")
        (tmp_path / f"{name}.csv").write_bytes(cast.content(answer))
    done = subprocess.run(
        [program, SCRIPT, "assessments.csv", "figures.csv"], cwd=tmp_path, capture_output=True, text=True,
        env=os.environ | {"LC_ALL": "C"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert "largest difference over 3731 scores" in done.stdout


@pytest.mark.parametrize("path", [NOTEBOOK, VINTAGES])
def test_the_notebook_is_kept_with_its_outputs(path):
    cells = [each for each in json.loads(path.read_text("utf-8"))["cells"] if each["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert cells[0]["outputs"]
    assert cells[-1]["outputs"]
