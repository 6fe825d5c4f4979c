"""The shared cache: one for all processes, and no page fails where it is away."""

import logging
from urllib.parse import urlsplit

import pytest
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache
from django.test import override_settings
from redis.exceptions import RedisError

from shop.config.cache import SharedCache
from shop.config.settings import base

from .conftest import OwnRedis


def cache_at(url: str) -> SharedCache:
    return SharedCache(url, base.shared_cache(url))


class TestSharedCache:
    def test_is_one_for_all_and_keeps_what_it_is_told(self, own_redis: OwnRedis):
        one, other = (cache_at(own_redis.urls["REDIS_URL"]) for _ in range(2))
        assert one.add("a", [1, "黄桃"], 60)
        assert not other.add("a", 2, 60)
        assert other.get("a") == [1, "黄桃"]
        other.set("n", 1)
        assert one.incr("n") == 2
        one.delete("a")
        assert other.get("a", "gone") == "gone"

    def test_one_that_is_away_answers_as_an_empty_one(self, own_redis: OwnRedis):
        cache = cache_at(own_redis.urls["REDIS_URL"])
        cache.set("a", 1)
        own_redis.end()
        self.is_empty(cache)

    def test_one_that_hangs_answers_as_an_empty_one(self, own_redis: OwnRedis):
        cache = cache_at(own_redis.urls["REDIS_URL"])
        cache.set("a", 1)
        own_redis.freeze()
        self.is_empty(cache)
        own_redis.thaw()
        assert cache.get("a") == 1

    @staticmethod
    def is_empty(cache: SharedCache) -> None:
        assert cache.get("a", "nothing") == "nothing"
        assert cache.add("a", 2) is True
        assert cache.set("a", 3) is None
        assert cache.touch("a") is False
        assert cache.delete("a") is False
        assert cache.has_key("a") is False
        assert cache.get_many(["a", "b"]) == {}
        assert cache.get_or_set("a", 5) == 5
        assert cache.set_many({"a": 1}) == []
        cache.delete_many(["a"])
        assert cache.clear() is False
        with pytest.raises(ValueError, match="not found"):
            cache.incr("a")

    def test_without_our_client_it_would_fail(self, own_redis: OwnRedis):
        """The negative control."""
        url = own_redis.urls["REDIS_URL"]
        django_s_own = RedisCache(url, base.shared_cache(url))
        own_redis.end()
        with pytest.raises(RedisError):
            django_s_own.get("a")

    def test_its_log_tells_neither_address_nor_password(
        self, own_redis: OwnRedis, caplog: pytest.LogCaptureFixture
    ):
        url = own_redis.urls["REDIS_URL"]
        cache = cache_at(url)
        own_redis.end()
        with caplog.at_level(logging.WARNING):
            cache.get("a")
        assert "the cache is away: ConnectionError" in caplog.text
        parts = urlsplit(url)
        assert parts.password not in caplog.text
        assert str(parts.port) not in caplog.text


def test_a_redis_of_the_environment_is_what_the_settings_use():
    """Under `make test-services` these very tests run on Redis."""
    where = caches["default"]
    assert isinstance(where, SharedCache) == bool(base.REDIS_URL)
    where.set("own", "one", 60)
    assert where.get("own") == "one"
    with override_settings(
        CACHES={"default": base.shared_cache("redis://127.0.0.1:1")}
    ):
        assert caches["default"].get("own") is None
