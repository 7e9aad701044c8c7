"""Redis as cache and as broker, asked briefly.

The law: a cache that is gone makes pages slower, never wrong and never an error. After a failure nobody asks
again for some seconds, so that a dead Redis costs one reader half a second and not every reader.

Static files under names that carry their digest, compressed once when they are collected.
"""

import logging
import time

import redis
from django.conf import settings
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.retry import Retry
from whitenoise.storage import CompressedManifestStaticFilesStorage

PAUSE = 5.0  # seconds without a question after a failure
BRIEFLY = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5, "retry": Retry(NoBackoff(), 0)}

log = logging.getLogger(__name__)


class ForgivingRedisCache(RedisCache):
    """Django's cache over Redis, empty while Redis is gone."""

    _silent_until = 0.0  # shared by all threads of the process

    def __init__(self, server, params):
        super().__init__(server, {**params, "OPTIONS": BRIEFLY | params.get("OPTIONS", {})})

    def _careful(self, deed, otherwise):
        if time.monotonic() < ForgivingRedisCache._silent_until:
            return otherwise
        try:
            return deed()
        except redis.RedisError as error:
            ForgivingRedisCache._silent_until = time.monotonic() + PAUSE
            log.warning("the cache is gone, pages are made anew: %s", error)
            return otherwise

    def add(self, *args, **kwargs):
        return self._careful(lambda: super(ForgivingRedisCache, self).add(*args, **kwargs), True)

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
        return self._careful(lambda: super(ForgivingRedisCache, self).incr(key, delta, version), delta)

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


def ping() -> None:
    """Raises `redis.RedisError` when Redis does not answer within a second."""
    with redis.Redis.from_url(settings.REDIS_URL, **BRIEFLY) as line:
        line.ping()


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
