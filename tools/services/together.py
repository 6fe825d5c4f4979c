"""The three servers side by side: started, found again and ended as one."""

import fcntl
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.services import elasticsearch, postgresql, redis
from tools.services.processes import (
    Running,
    Server,
    UnableToStart,
    begin,
    end,
    forget,
    free_port,
    kept,
    reachable,
    wait,
)

FOLDER = Path(__file__).resolve().parents[2] / "var" / "services"
SETTINGS: dict[str, Callable[[str], dict[str, str]]] = {
    postgresql.NAME: postgresql.settings,
    redis.NAME: redis.settings,
    elasticsearch.NAME: elasticsearch.settings,
}


def start(
    *, folder: Path = FOLDER, names: tuple[str, ...] = tuple(SETTINGS)
) -> dict[str, str]:
    """Start what is not running yet, and wait until each answers.

    Returns what the shop reads in its environment to use them. Errors: UnableToStart
    with the tail of the log of each that did not come up; the others stay.
    """
    with _alone(folder):
        begun: list[tuple[Server, Running, Path]] = []
        complaints: list[str] = []
        for name in names:
            state = _state(folder, name)
            found = kept(state)
            if found is not None and found.alive:
                continue
            if found is not None:
                forget(found, state)
            try:
                server = _prepared(name, folder)
                begun.append((server, begin(server, state), state))
            except UnableToStart as error:
                complaints.append(str(error))
        try:
            for server, running, state in begun:
                try:
                    wait(server, running, state)
                except UnableToStart as error:
                    complaints.append(str(error))
        except BaseException:
            for _server, running, _state_file in begun:
                end(running)
            raise
    if complaints:
        raise UnableToStart("\n".join(complaints))
    return environment(folder=folder, names=names)


def environment(
    *, folder: Path = FOLDER, names: tuple[str, ...] = tuple(SETTINGS)
) -> dict[str, str]:
    """What the shop reads in its environment to use the servers that run.

    Errors: UnableToStart where one does not run.
    """
    settings: dict[str, str] = {}
    for name in names:
        found = kept(_state(folder, name))
        if found is None or not found.alive:
            raise UnableToStart(f"{name} is not running; `make services` starts it.")
        settings |= SETTINGS[name](found.url)
    return settings


def stop(*, folder: Path = FOLDER) -> list[str]:
    """End the servers that were started in `folder`, and forget their data.

    Returns their names. What is not ours, or not running, is left alone.
    """
    if not folder.is_dir():
        return []
    ended = []
    with _alone(folder):
        for name in SETTINGS:
            found = kept(_state(folder, name))
            if found is not None:
                forget(found, _state(folder, name))
                ended.append(name)
    return ended


def exports(settings: dict[str, str]) -> str:
    """Settings as lines for a shell."""
    return "\n".join(
        f"export {name}={shlex.quote(value)}" for name, value in settings.items()
    )


@contextmanager
def postgresql_alone(*, durable: bool = False) -> Iterator[dict[str, str]]:
    """A PostgreSQL of one's own while the block runs."""
    folder = Path(tempfile.mkdtemp(prefix="xiangji-postgresql-"))
    folder.chmod(0o711)
    state = _state(folder, postgresql.NAME)
    try:
        server = postgresql.prepare(
            folder=folder / postgresql.NAME, port=free_port(), durable=durable
        )
        running = begin(server, state)
        try:
            wait(server, running, state)
            yield postgresql.settings(server.url)
        finally:
            end(running)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prepared(name: str, folder: Path) -> Server:
    place = reachable(folder)
    own = place / name
    shutil.rmtree(own, ignore_errors=True)
    if name == postgresql.NAME:
        return postgresql.prepare(folder=own, port=free_port())
    if name == redis.NAME:
        return redis.prepare(folder=own, port=free_port())
    tree = elasticsearch.unpacked(place)
    return elasticsearch.prepare(folder=own, port=free_port(), tree=tree)


def _state(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One start or stop at a time in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
