"""A Redis that is gone makes pages slower, never wrong and never an error."""

import pytest
from django.test import Client

from tests import servers
from tracker.operations import backends


@pytest.fixture(autouse=True)
def awake(monkeypatch):
    monkeypatch.setattr(backends.ForgivingRedisCache, "_silent_until", 0.0)


@pytest.fixture
def gone():
    """A cache whose Redis nobody has started."""
    return backends.ForgivingRedisCache(f"redis://127.0.0.1:{servers.free_port()}/0", {})


def test_every_deed_has_a_harmless_answer(gone):
    assert gone.get("a") is None
    assert gone.get("a", "default") == "default"
    assert gone.add("n", 1) is True
    gone.set("a", 1)
    assert gone.touch("a") is False
    assert gone.delete("a") is False
    assert gone.has_key("a") is False
    assert gone.incr("n", 3) == 4  # what counts is counted here meanwhile
    assert gone.get_many(["a"]) == {}
    assert gone.set_many({"a": 1}) == ["a"]
    gone.delete_many(["a"])
    assert gone.clear() is False
    assert gone.get_or_set("a", lambda: 7) == 7


def test_a_dead_redis_is_asked_once_in_a_while_only(gone, monkeypatch):
    asked = []
    monkeypatch.setattr(backends.RedisCache, "get", lambda *a, **k: asked.append(1) or refuse())
    for _time in range(20):
        gone.get("a")
    assert len(asked) == 1


def refuse():
    raise backends.redis.ConnectionError("refused")


@pytest.mark.servers
def test_it_is_a_true_cache_while_redis_is_there_and_again_when_it_is_back():
    with servers.required(servers.redis()) as server:
        cache = backends.ForgivingRedisCache(server.url, {})
        cache.set("a", "值")
        assert cache.get("a") == "值"
        server.kill()
        assert cache.get("a", "gone") == "gone"
        server.start()
        backends.ForgivingRedisCache._silent_until = 0.0
        assert cache.get("a") == "值"


@pytest.mark.django_db
def test_readers_get_their_page_without_redis(settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "tracker.operations.backends.ForgivingRedisCache",
            "LOCATION": f"redis://127.0.0.1:{servers.free_port()}/0",
        }
    }
    assert Client().get("/events/").status_code == 200
