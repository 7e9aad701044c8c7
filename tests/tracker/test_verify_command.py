"""The log is worked out again by a command and every hour; damage is mailed, and a head that somebody holds is
checked."""

import io

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from tracker import log, tasks
from tracker.models import Revision

pytestmark = pytest.mark.django_db


def verify(*words):
    said = io.StringIO()
    call_command("verify", *words, stdout=said)
    return said.getvalue()


def test_a_sound_log_is_said_to_be_so_with_its_head(seeded):
    last = Revision.objects.order_by("-sequence").first()
    told = verify("--held", "3", Revision.objects.get(sequence=3).digest)
    assert f"{last.sequence} revisions" in told
    assert last.digest in told
    assert "revision 3 is still what you hold" in told
    tasks.verify_record()
    assert mail.outbox == []


def test_a_head_that_no_longer_stands_is_told(seeded):
    for held in (
        ("3", "0" * 64),
        ("3", ""),
        ("9999", Revision.objects.get(sequence=3).digest),
        ("x", "0" * 64),
    ):
        with pytest.raises(CommandError, match="the log was rewritten"):
            verify("--held", *held)


def test_damage_is_mailed_to_the_admins_every_hour(seeded, settings, monkeypatch):
    settings.ADMINS = [("Ops", "ops@example.org")]
    monkeypatch.setattr(log, "digest_of", lambda revision: "0" * 64)  # triggers refuse every other damage
    with pytest.raises(CommandError, match="revision 1 does not fit its digest"):
        verify()
    tasks.verify_record()
    (letter,) = mail.outbox
    assert letter.to == ["ops@example.org"]
    assert "The record is damaged" in letter.subject
    assert "manage.py verify" in letter.body


def test_heads_are_the_last_revision_of_each_day(seeded):
    ((_day, sequence, digest),) = log.heads(10)
    last = Revision.objects.order_by("-sequence").first()
    assert (sequence, digest) == (last.sequence, last.digest)
