"""A stranger rebuilds the published series from the files alone, to 1e-9, with the notebook of the documentation."""

import io
import json

import pytest

from tests.scorecard import cast
from tests.scorecard.api import notebook
from tests.service import ROOT

NOTEBOOK = ROOT / "docs" / "notebooks" / "rebuild-the-series.ipynb"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seeded_once")]


def test_the_notebook_runs_and_finds_every_score(client, seeded, settings, tmp_path):
    settings.API_RATE_ANONYMOUS, settings.DATA_FOLDER = 100_000, tmp_path

    def fetch(address):
        answer = client.get(address.removeprefix(notebook.SITE))
        assert answer.status_code == 200, address
        return io.BytesIO(cast.content(answer))

    book = notebook.executed(NOTEBOOK, fetch)
    (last,) = book["cells"][-1]["outputs"]
    assert "largest difference over 3731 scores" in "".join(last["text"])


def test_the_notebook_is_kept_with_its_outputs():
    cells = [each for each in json.loads(NOTEBOOK.read_text("utf-8"))["cells"] if each["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert cells[0]["outputs"]
    assert cells[-1]["outputs"]
