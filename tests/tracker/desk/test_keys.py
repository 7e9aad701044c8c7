"""The keys themselves: no two deeds share one, and none is taken from the browser or the admin."""

from tracker.desk import keys


def test_the_keys_as_delivered_do_not_collide():
    keys.check({name: key for name, (key, _label) in keys.ACTIONS.items()})


def test_actor_letters_name_every_actor_once():
    from tracker import codebook

    assert sorted(keys.ACTOR_KEYS.values()) == sorted(codebook.ACTORS)


def test_no_key_is_a_browsers_own():
    chosen = {key for key, _label in keys.ACTIONS.values()}
    assert not chosen & set(keys.BROWSER)
    assert not chosen & set(keys.FIXED)
    assert all(len(key) == 1 for key in chosen)
