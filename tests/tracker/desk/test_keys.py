"""The keys themselves: no two deeds share one, and none is taken from the browser or the admin."""

import re

import pytest
from django.urls import reverse

from tracker.codebook import current
from tracker.desk import people

DELIVERED = {name: key for name, (key, _label) in people.ACTIONS.items()}


def test_the_keys_as_delivered_do_not_collide():
    assert len(set(DELIVERED.values())) == len(DELIVERED)
    assert people.check_keys(DELIVERED) is None


@pytest.mark.parametrize("key", [*"a", "A", *people.FIXED, *people.BROWSER, "", "ab", "\n"])
def test_a_key_that_is_taken_is_refused(key):
    with pytest.raises(people.KeyClash):
        people.check_keys(DELIVERED | {"dismiss": key})


def test_actor_letters_name_every_actor_once():
    assert sorted(current().keys().values()) == sorted(current().actor_slugs)


def test_no_key_is_a_browsers_own():
    chosen = set(DELIVERED.values())
    assert not chosen & set(people.BROWSER)
    assert not chosen & set(people.FIXED)
    assert all(len(key) == 1 for key in chosen)


def test_the_page_listens_to_no_keys_but_ours(client, ada, proposal):
    """The admin's theme has scripts of its own; none of them is on the desk."""
    proposal()
    client.force_login(ada)
    page = client.get(reverse("desk:desk")).content.decode()
    scripts = re.findall(r"<script[^>]*>", page)
    assert scripts
    assert all(re.search(r'src="[^"]*/desk/\w+(\.\w+)?\.js"', script) for script in scripts)
    assert "accesskey" not in page
