"""Redis, in memory only, with a password made for it."""

import secrets
import shutil
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from tools.services.processes import Server, give
from tools.services.programs import need

NAME = "redis"
# Two for each process that tests at the same time: a cache and a broker.
DATABASES = 64


def prepare(*, folder: Path, port: int) -> Server:
    """Write a Redis's configuration into `folder`, to be reached on `port`."""
    program = need(find, what="Redis", package="redis-server")
    folder.mkdir(parents=True, exist_ok=True)
    password = secrets.token_urlsafe(24)
    configuration = folder / "redis.conf"
    configuration.touch(mode=0o600)
    configuration.write_text(
        f"bind 127.0.0.1\nport {port}\nrequirepass {password}\n"
        f'dir "{folder}"\ndatabases {DATABASES}\nsave ""\nappendonly no\n'
        "maxmemory 256mb\nmaxmemory-policy noeviction\n",
        encoding="utf-8",
    )
    give(folder)
    url = f"redis://:{password}@127.0.0.1:{port}"
    return Server(
        name=NAME,
        command=[program, str(configuration)],
        folder=folder,
        url=url,
        answers=lambda: _answers(url),
    )


def settings(url: str) -> dict[str, str]:
    """What the shop reads in its environment to use this server."""
    return {"REDIS_URL": f"{url}/0", "CELERY_BROKER_URL": f"{url}/1"}


def find() -> str | None:
    return shutil.which("redis-server")


def _answers(url: str) -> bool:
    try:
        with Redis.from_url(url, socket_timeout=2) as connection:
            return bool(connection.ping())
    except RedisError:
        return False
