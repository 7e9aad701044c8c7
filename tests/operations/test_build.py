"""The name of a build: the same code has the same, any other has another, so that no kept page outlives it."""

from pathlib import Path

import pytest
from django.conf import settings

from tests.service import ROOT
from tracker import environment


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "scorecard/pages/static").mkdir(parents=True)
    (tmp_path / "scorecard/pages/static/page.css").write_text("body {}")
    (tmp_path / "tracker").mkdir()
    (tmp_path / "tracker/settings.py").write_text("A = 1")
    (tmp_path / "codebook.json").write_text("{}")
    return tmp_path


def test_the_same_code_is_the_same_build(tree):
    before = environment.build_name(tree, tree / "codebook.json")
    (tree / "tracker/__pycache__").mkdir()
    (tree / "tracker/__pycache__/settings.py").write_text("made by Python")
    (tree / "tracker/notes.orig").write_text("of an editor")
    assert environment.build_name(tree, tree / "codebook.json") == before


@pytest.mark.parametrize("path", ["scorecard/pages/static/page.css", "tracker/settings.py", "codebook.json"])
def test_whatever_a_page_shows_makes_another_build(tree, path):
    before = environment.build_name(tree, tree / "codebook.json")
    (tree / path).write_text("changed")
    assert environment.build_name(tree, tree / "codebook.json") != before


def test_the_release_in_service_bears_it():
    assert settings.RELEASE.endswith(
        f"+{environment.build_name(ROOT, Path(settings.INSTANCE_FOLDER) / 'codebook.json')}"
    )
