"""The servers that other tests stand on: they come back after a kill with what they had accepted."""

import pytest
import redis

from tests import servers

pytestmark = pytest.mark.servers


def test_postgres_comes_back_after_a_kill_with_what_was_committed():
    with servers.required(servers.postgres(durable=True)) as server:
        server.sql("CREATE TABLE kept (n int)")
        server.sql("INSERT INTO kept VALUES (7)")
        server.restart()
        assert server.sql("SELECT n FROM kept") == [(7,)]


def test_redis_comes_back_after_a_kill_and_can_be_emptied():
    with servers.required(servers.redis()) as server:
        redis.Redis.from_url(server.url).rpush("polling", "one")
        server.restart()
        assert redis.Redis.from_url(server.url).lrange("polling", 0, -1) == [b"one"]
        server.empty()
        assert redis.Redis.from_url(server.url).exists("polling") == 0


def test_a_server_that_is_missing_is_a_skip_at_home_and_a_failure_in_ci(monkeypatch):
    monkeypatch.setattr(servers, "_package", lambda name: None)
    monkeypatch.setattr(servers.shutil, "which", lambda name: None)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="redis-server"), servers.required(servers.redis()):
        pass
    monkeypatch.setenv("CI", "1")
    with pytest.raises(pytest.fail.Exception, match="redis-server"), servers.required(servers.redis()):
        pass
