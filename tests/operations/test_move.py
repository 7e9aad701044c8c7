"""From SQLite into PostgreSQL and back: every row of a full desk, every digest, every key, and a log that goes on."""

import pytest

from tests.operations.test_backup import GROW, TABLES
from tests.service import Service

pytestmark = [pytest.mark.slow, pytest.mark.servers]
FULL = (
    GROW
    + """
from django.contrib.sessions.backends.db import SessionStore
from scorecard import keys
from scorecard.models import ApiKey, Dispute, Subscription, Webhook
from tracker.models import AskSetting, Ask, Coding, Cue
key, secret = keys.issue("mirror", ada, ["propose", "webhooks"])
Webhook.objects.create(key=key, url="https://example.org/hook", secret="whsec_x", recommendations=["a"])
Subscription.objects.create(email="reader@example.org", rhythm="weekly")
Dispute.objects.create(reference="D-7K3F-29QX", event=event, claim="Twenty letters at least.", source="https://g.example/")
SessionStore().create()
answer = secret
"""
)
WRITTEN = """
from tracker import triage
from tests.scorecard import cast
revision = triage.enter(cast.event("2026-07-20-after-the-move", "2026-07-20"), who="Ada", why="after the move")
answer = [revision.sequence, revision.pk]
"""


def counted(service):
    """Rows of every table; the engines order texts differently, so that their digests in order would differ."""
    return {name: rows for name, (rows, _digest) in service.ask(TABLES).items()}


def test_everything_goes_to_postgresql_and_back(tmp_path, postgres_server):
    folders = [tmp_path / name for name in ("first", "second", "third")]
    for folder in folders:
        folder.mkdir()
    there = postgres_server.create(f"moved_{folders[0].parent.name}".replace("-", "_"))
    with (
        Service(folders[0]).filled() as first,
        Service(folders[1], database_url=there) as second,
        Service(folders[2]) as third,
    ):
        secret = first.ask(FULL)
        said = first.manage("move", there)
        assert "same digest on both sides" in said
        assert counted(second) == counted(first)  # that they are the same rows, the command has found itself
        assert second.manage("export", "events") == first.manage("export", "events")
        assert "fits its digest" in second.manage("verify")
        found = f"from scorecard import keys\nanswer = keys.find({secret!r}).account.username"
        assert second.ask(found) == "ada"
        sequence, _key = second.ask(WRITTEN)  # the next number, not one that is taken
        assert (
            sequence == first.ask("from tracker.models import Head; answer = Head.objects.get().sequence") + 1
        )
        again = second.said_by("manage.py", "move", there, check=False)
        assert "itself" in again.stderr
        second.manage("move", third.environment["DATABASE_URL"])
        assert counted(third) == counted(second)
        refused = first.said_by("manage.py", "move", there, check=False).stderr
        assert "tables already" in refused
        assert "Traceback" not in refused
    empty = Service(tmp_path).said_by("manage.py", "move", "mysql://x/y", check=False).stderr
    assert "begins with one of" in empty
