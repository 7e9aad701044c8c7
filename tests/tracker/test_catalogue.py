"""Every string of the desk and the admin stands in Simplified Chinese, with its placeholders."""

import re
from pathlib import Path

from babel.messages.pofile import read_po

CATALOGUE = Path(__file__).resolve().parents[2] / "tracker/locale/zh_Hans/LC_MESSAGES/django.po"
PLACE = re.compile(r"%\(\w+\)[sd]")


def test_nothing_is_missing_or_unsure_and_no_placeholder_is_lost():
    with CATALOGUE.open("rb") as file:
        messages = [message for message in read_po(file, locale="zh_Hans") if message.id]
    assert len(messages) > 600
    for message in messages:
        source = message.id[0] if isinstance(message.id, tuple) else message.id
        target = message.string[0] if isinstance(message.string, tuple) else message.string
        assert target.strip(), source
        assert not message.fuzzy, source
        assert set(PLACE.findall(target)) <= set(PLACE.findall("".join(message.id))), source
