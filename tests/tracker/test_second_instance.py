"""Another folder makes another scorecard: the estuary's record in a service of its own, and its next version."""

import json
import shutil

import pytest

from tests.service import Service
from tests.tracker.test_estuary import FOLDER, events

pytestmark = pytest.mark.slow
NOW_KNOWN = """
from tracker import log
from tracker.models import CodebookVersion, Recommendation, Revision
answer = {
    "versions": list(CodebookVersion.objects.values_list("version", flat=True)),
    "trouble": log.codebook_trouble(),
    "last": Recommendation.objects.last().slug,
    "lines": Revision.objects.count(),
}
"""


AT_THE_DESK = """
import re
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from tracker import filing, tagger_versions
from tracker.models import Article, Event
settings.SECOND_FACTOR = False
settings.ALLOWED_HOSTS = ["*"]
settings.HIDDEN_SUGGESTION_SHARE = settings.DOUBLE_CODING_SHARE = 0
ada = get_user_model().objects.create_superuser("ada", password="correct horse battery")
Article.objects.create(
    title="Northport extends the closed season", url_key="a" * 64, title_key="closed",
    publisher="Estuary Gazette", language="en", published_at="2026-06-09T08:00:00Z",
)
filing.file_waiting()
event = Event.objects.get(status="proposed")
client = Client()
client.force_login(ada)
page = client.get(reverse("desk:event", args=[event.pk]))
text = page.content.decode()
answer = {
    "status": page.status_code,
    "labels": [one for one in event.suggestion["labels"] if one["ticked"]],
    "actors": event.actors,
    "numbers": re.findall('data-number="([0-9]+)"', text),
    "digits": '"digits": 2' in text.replace("&quot;", '"'),
    "prompt": re.search('data-idle="([^"]+)"', text)[1],
    "letters": re.search('data-actors="([^"]+)"', text)[1],
    "chinese": "Title in Chinese" in text or "中文" in text,
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


def test_its_cues_propose_and_its_desk_names_twelve_by_two_digits(estuary):
    found = estuary.ask(AT_THE_DESK)
    assert found["status"] == 200
    (label,) = found["labels"]
    assert (label["rec"], label["direction"], label["ask"]) == ("fishing-grounds", 1, "closed-season")
    assert "closed season" in " ".join(reason["text"] for reason in label["because"])
    assert found["actors"] == ["northport"]
    assert found["numbers"] == [f"{number:02d}" for number in range(1, 13)]
    assert found["digits"]
    assert found["prompt"].startswith("Two digits: recommendation.")
    assert found["letters"].startswith("… now n Northport")
    assert not found["chinese"]
