"""The shared cache, which may be away: then it answers as one that is always empty.

Nothing that must be right depends on it, so no page may fail because of it.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


def or_else(empty: Callable[..., Any]) -> Callable[..., Any]:
    """Where Redis fails, the call's result is what `empty` makes of its arguments."""

    def forgiving(ask: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(ask)
        def asked(self: RedisCacheClient, *arguments: Any) -> Any:
            try:
                return ask(self, *arguments)
            except RedisError as error:
                # Only the kind: an error's text can hold the server's address.
                log.warning("the cache is away: %s", type(error).__name__)
                return empty(*arguments)

        return asked

    return forgiving


def _unknown(key: str, _delta: int) -> int:
    raise ValueError(f"Key '{key}' not found.")  # what Django's caches say


class ForgivingClient(RedisCacheClient):
    """Django's own client, except that its errors end here."""

    add = or_else(lambda _key, _value, _timeout: True)(RedisCacheClient.add)
    get = or_else(lambda _key, default: default)(RedisCacheClient.get)
    set = or_else(lambda _key, _value, _timeout: None)(RedisCacheClient.set)
    touch = or_else(lambda _key, _timeout: False)(RedisCacheClient.touch)
    delete = or_else(lambda _key: False)(RedisCacheClient.delete)
    get_many = or_else(lambda _keys: {})(RedisCacheClient.get_many)
    has_key = or_else(lambda _key: False)(RedisCacheClient.has_key)
    incr = or_else(_unknown)(RedisCacheClient.incr)
    set_many = or_else(lambda _data, _timeout: None)(RedisCacheClient.set_many)
    delete_many = or_else(lambda _keys: None)(RedisCacheClient.delete_many)
    clear = or_else(lambda: False)(RedisCacheClient.clear)


class SharedCache(RedisCache):
    """Django's cache in Redis, with a client that forgives."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = ForgivingClient
