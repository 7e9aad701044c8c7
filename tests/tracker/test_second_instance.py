"""Another folder makes another scorecard: the estuary's record in a service of its own, and its next version."""

import json
import shutil

import pytest

from tests.service import Service
from tests.tracker.test_estuary import FOLDER, events

pytestmark = pytest.mark.slow
NOW_KNOWN = """
from tracker import codebook_versions
from tracker.models import CodebookVersion, Recommendation, Revision
answer = {
    "versions": list(CodebookVersion.objects.values_list("version", flat=True)),
    "trouble": codebook_versions.trouble(),
    "last": Recommendation.objects.last().slug,
    "lines": Revision.objects.count(),
}
"""


@pytest.fixture
def estuary(tmp_path):
    with Service(tmp_path, INSTANCE_FOLDER=str(FOLDER)).filled(seeds=False) as service:
        service.manage("seed", "-v0")
        yield service


def successor(folder):
    """The folder of the next version, made as the operators' page says."""
    shutil.copytree(FOLDER, folder)
    (folder / "versions").mkdir()
    shutil.move(folder / "codebook.json", folder / "versions/1.0.json")
    shutil.move(folder / "successor.json", folder / "codebook.json")
    return folder


def test_its_thirteenth_is_refused_until_its_codebook_has_it(estuary, tmp_path):
    assert estuary.ask(NOW_KNOWN) == {"versions": ["1.0"], "trouble": "", "last": "flood-gates", "lines": 8}
    mill = events()[0] | {"id": "2026-06-08-mill"}
    mill |= {"assessments": [{"rec": "tide-mills", "direction": 1, "strength": 4, "ask": "mills"}]}
    (tmp_path / "mill.jsonl").write_text(json.dumps(mill) + "\n")
    said = estuary.said_by("manage.py", "import", str(tmp_path / "mill.jsonl"), check=False).stderr
    assert "line 1: rec: 'tide-mills' is not one of night-rest, shore-power, dredging" in said

    estuary.environment["INSTANCE_FOLDER"] = str(successor(tmp_path / "next"))
    behind = "The codebook on disk is 1.1, the record was last coded by 1.0: run manage.py seed."
    assert estuary.ask(NOW_KNOWN)["trouble"] == behind
    said = estuary.said_by("manage.py", "import", str(tmp_path / "mill.jsonl"), check=False).stderr
    assert f"nothing was imported. {behind}" in said
    assert "codebook" in estuary.said_by("manage.py", "health", "codebook", check=False).stdout

    assert "codebook versions:               1 added, 2 now" in estuary.manage("seed")
    assert "1 events added" in estuary.manage("import", str(tmp_path / "mill.jsonl"))
    assert estuary.ask(NOW_KNOWN) == {
        "versions": ["1.0", "1.1"],
        "trouble": "",
        "last": "tide-mills",
        "lines": 9,
    }

    estuary.environment["INSTANCE_FOLDER"] = str(FOLDER)
    said = "The codebook on disk is 1.0, the record is coded by 1.1 already: bring that file here."
    assert estuary.ask(NOW_KNOWN)["trouble"] == said
    assert "version: 1.0 does not come after 1.1" in estuary.said_by("manage.py", "seed", check=False).stderr


def test_a_folder_without_a_codebook_stops_the_start_with_the_remedy(tmp_path):
    with Service(tmp_path, INSTANCE_FOLDER=str(tmp_path)) as service:
        said = service.run("manage.py", "check", check=False).stderr
    assert "INSTANCE_FOLDER: the codebook cannot be used." in said
    assert "codebook.json: cannot be read" in said
