"""Where answers are kept, and Redis as the broker, asked briefly.

The law: nothing that a reader can cause is written to the broker. Answers lie in this process, within a budget of
bytes, or in a Redis of their own that evicts (CACHE_URL). A cache that is gone makes pages slower, never wrong and
never an error, and what is counted is counted here meanwhile, so that no limit falls with it. After a failure nobody
asks again for some seconds, so that a dead Redis costs one reader half a second and not every reader.

Static files under names that carry their digest, compressed once when they are collected.
"""

import logging
import time

import redis
from django.conf import settings
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.retry import Retry
from whitenoise.storage import CompressedManifestStaticFilesStorage

PAUSE = 5.0  # seconds without a question after a failure
BRIEFLY = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5, "retry": Retry(NoBackoff(), 0)}

TRIED = "tracker:is there room"

log = logging.getLogger(__name__)


class BoundedCache(LocMemCache):
    """Django's cache in memory, bounded by bytes: what was not asked for the longest makes room for what is new."""

    LARGEST = 8  # one value takes at most this part of the whole
    _every: dict[str, dict[str, int]] = {}  # the sizes of what each cache of this process holds

    def __init__(self, name, params):
        self._most = params.get("OPTIONS", {}).get("MAX_BYTES", 8_000_000)
        super().__init__(name, {**params, "OPTIONS": {"MAX_ENTRIES": 50_000}})
        self._sizes = BoundedCache._every.setdefault(name, {"": 0})  # under "" their sum

    @property
    def size(self):
        return self._sizes[""]

    def _set(self, key, value, timeout=None):
        self._forget(key)
        if len(value) > self._most // self.LARGEST:
            self._delete(key)
            return
        super()._set(key, value, timeout)
        self._sizes[key] = len(value) + len(key)
        self._sizes[""] += self._sizes[key]
        while self._sizes[""] > self._most:
            oldest, _value = self._cache.popitem()
            del self._expire_info[oldest]
            self._forget(oldest)

    def _delete(self, key):
        self._forget(key)
        return super()._delete(key)

    def _cull(self):
        super()._cull()
        for key in self._sizes.keys() - self._cache.keys() - {""}:
            self._forget(key)

    def _forget(self, key):
        self._sizes[""] -= self._sizes.pop(key, 0)

    def clear(self):
        super().clear()
        self._sizes.clear()
        self._sizes[""] = 0


class ForgivingRedisCache(RedisCache):
    """Django's cache over Redis, empty while Redis is gone or full; only what counts goes on, in this process."""

    _silent_until = 0.0  # shared by all threads of the process

    def __init__(self, server, params):
        super().__init__(server, {**params, "OPTIONS": BRIEFLY | params.get("OPTIONS", {})})
        self._here = BoundedCache(f"beside {server}", {"OPTIONS": {"MAX_BYTES": 4_000_000}})

    def _careful(self, deed, otherwise):
        if time.monotonic() >= ForgivingRedisCache._silent_until:
            try:
                return deed()
            except redis.RedisError as error:
                ForgivingRedisCache._silent_until = time.monotonic() + PAUSE
                log.warning("the cache is gone, pages are made anew: %s", error)
        return otherwise() if callable(otherwise) else otherwise

    def add(self, *args, **kwargs):
        return self._careful(
            lambda: super(ForgivingRedisCache, self).add(*args, **kwargs),
            lambda: self._here.add(*args, **kwargs),
        )

    def get(self, key, default=None, version=None):
        return self._careful(lambda: super(ForgivingRedisCache, self).get(key, default, version), default)

    def set(self, *args, **kwargs):
        return self._careful(lambda: super(ForgivingRedisCache, self).set(*args, **kwargs), None)

    def touch(self, *args, **kwargs):
        return self._careful(lambda: super(ForgivingRedisCache, self).touch(*args, **kwargs), False)

    def delete(self, *args, **kwargs):
        return self._careful(lambda: super(ForgivingRedisCache, self).delete(*args, **kwargs), False)

    def has_key(self, *args, **kwargs):
        return self._careful(lambda: super(ForgivingRedisCache, self).has_key(*args, **kwargs), False)

    def incr(self, key, delta=1, version=None):
        return self._careful(
            lambda: super(ForgivingRedisCache, self).incr(key, delta, version),
            lambda: self._here.incr(key, delta, version),
        )

    def get_many(self, *args, **kwargs):
        return self._careful(lambda: super(ForgivingRedisCache, self).get_many(*args, **kwargs), {})

    def set_many(self, data, *args, **kwargs):
        return self._careful(
            lambda: super(ForgivingRedisCache, self).set_many(data, *args, **kwargs), list(data)
        )

    def delete_many(self, *args, **kwargs):
        return self._careful(lambda: super(ForgivingRedisCache, self).delete_many(*args, **kwargs), None)

    def clear(self):
        return self._careful(super().clear, False)


def try_broker() -> None:
    """Put something into the broker as a message is, and take it out; `redis.RedisError` when it takes none."""
    with redis.Redis.from_url(settings.REDIS_URL, **BRIEFLY) as line, line.pipeline() as asked:
        asked.lpush(TRIED, "x" * 1000)
        asked.expire(TRIED, 60)
        asked.delete(TRIED)
        asked.execute()


def broker_fill() -> float | None:
    """How full the broker's memory is, from 0 to 1; None where it has no limit."""
    with redis.Redis.from_url(settings.REDIS_URL, **BRIEFLY) as line:
        told = line.info("memory")
    return told["used_memory"] / told["maxmemory"] if told.get("maxmemory") else None


def queue_lengths(queues) -> dict[str, int]:
    """Messages that wait in each of Celery's queues."""
    with redis.Redis.from_url(settings.REDIS_URL, **BRIEFLY) as line, line.pipeline() as asked:
        for queue in queues:
            asked.llen(queue)
        return dict(zip(queues, asked.execute(), strict=True))


class StaticFiles(CompressedManifestStaticFilesStorage):
    def create_compressor(self, **kwargs):
        # Brotli at its best level takes a minute for the API's browsable page and saves little over gzip.
        return super().create_compressor(use_brotli=False, **kwargs)
