"""A real PostgreSQL for tests and measurements, on a machine without one running.

    python -m tools.services start --port 54102 --folder /tmp/pg   prints DATABASE_URL
    python -m tools.services stop --folder /tmp/pg
    python -m tools.services run -- .venv/bin/pytest tests/partners/ledger

`run` starts a server on a free port, runs the command with DATABASE_URL set, and
ends the server and its data with it, whatever happened; it exits as the command did.

PostgreSQL comes from the distribution (`apt-get install postgresql`) and refuses to
run as root: root starts it as the user `postgres`. It listens on loopback only, asks
for a password made for this run, and keeps everything in its own folder. `--durable`
leaves PostgreSQL's safety of commits on, as measurements need it; without it a power
cut could lose data, which tests do not mind.
"""

import argparse
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg

STATE = "service.json"
START_SECONDS = 60
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class UnableToStart(Exception):
    """The server did not come up; the message holds what it said."""


@dataclass(frozen=True)
class Running:
    """A server we started: its process, told from a later one of the same number."""

    pid: int
    born: str
    url: str

    def as_json(self) -> str:
        """What is kept in the server's folder until it is stopped."""
        return json.dumps(asdict(self))


def start_postgresql(*, folder: Path, port: int, durable: bool = False) -> Running:
    """Make a new cluster in `folder` (new or empty) and start it on `port`.

    Errors: UnableToStart where the programs are missing, the folder holds something
    or the server does not answer within a minute.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UnableToStart(f"{folder} is not empty")
    programs = _postgresql_programs()
    as_user = _unprivileged()
    folder.mkdir(parents=True, exist_ok=True)
    _give(folder, as_user)
    data, word, log = folder / "data", folder / "password", folder / "log"
    password = secrets.token_urlsafe(24)
    word.touch(mode=0o600)
    word.write_text(password, encoding="ascii")
    _give(word, as_user)
    _checked(
        [
            programs / "initdb",
            *("-D", data, "-U", "xiangji", "--pwfile", word),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"),
            "--no-sync",
        ],
        as_user,
    )
    options = [
        "listen_addresses=127.0.0.1",
        f"port={port}",
        *(() if durable else QUICK),
    ]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [
                programs / "postgres",
                *("-D", data, "-k", folder),
                *(part for option in options for part in ("-c", option)),
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            cwd=folder,
            **as_user,
        )
    url = f"postgresql://xiangji:{password}@127.0.0.1:{port}"
    running = Running(server.pid, _born(server.pid), f"{url}/xiangji")
    state = folder / STATE
    state.touch(mode=0o600)
    state.write_text(running.as_json(), encoding="ascii")
    try:
        _wait(server, url, log)
        with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE xiangji")
    except BaseException:
        stop(folder=folder)
        raise
    return running


def stop(*, folder: Path) -> None:
    """End the server that was started in `folder`, and remove the folder."""
    running = Running(**json.loads((folder / STATE).read_text(encoding="ascii")))
    if _born(running.pid) == running.born:
        os.kill(running.pid, signal.SIGINT)  # a fast, clean shutdown
        while _born(running.pid) == running.born:
            _reap(running.pid)
            time.sleep(0.05)
    shutil.rmtree(folder)


@contextmanager
def postgresql(*, durable: bool = False) -> Iterator[str]:
    """A server of one's own while the block runs; gives its DATABASE_URL."""
    folder = Path(tempfile.mkdtemp(prefix="xiangji-postgresql-"))
    try:
        yield start_postgresql(folder=folder, port=_free_port(), durable=durable).url
    finally:
        if (folder / STATE).exists():
            stop(folder=folder)
        shutil.rmtree(folder, ignore_errors=True)


def _postgresql_programs() -> Path:
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"),
        key=lambda path: float(path.parts[-3]),
    )
    if installed:
        return installed[-1].parent
    found = shutil.which("postgres")
    if found is None:
        raise UnableToStart("PostgreSQL is not installed: apt-get install postgresql")
    return Path(found).parent


def _unprivileged() -> dict[str, object]:
    """How to start a process as somebody who is not root; nothing if we are not."""
    if os.geteuid() != 0:
        return {}
    try:
        user = pwd.getpwnam("postgres")
    except KeyError as error:
        raise UnableToStart("PostgreSQL needs the user postgres") from error
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _give(path: Path, as_user: dict[str, object]) -> None:
    if as_user:
        os.chown(path, as_user["user"], as_user["group"])  # type: ignore[arg-type]


def _checked(command: list[object], as_user: dict[str, object]) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        **as_user,
    )
    if done.returncode:
        raise UnableToStart(f"{command[0]}: {done.stderr.strip()}")


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            psycopg.connect(f"{url}/postgres", connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise UnableToStart(log.read_text(encoding="utf-8", errors="replace"))


def _born(pid: int) -> str:
    """When the process started, in the kernel's ticks; empty for one that ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]


def _reap(pid: int) -> None:
    """Take leave of our own ended child; another's is its parent's business."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    start = verbs.add_parser("start", help="start a server, print its DATABASE_URL")
    start.add_argument("--port", type=int, required=True)
    start.add_argument("--folder", type=Path, required=True)
    start.add_argument("--durable", action="store_true")
    halt = verbs.add_parser("stop", help="end the server of a folder")
    halt.add_argument("--folder", type=Path, required=True)
    run = verbs.add_parser("run", help="run a command beside a server of its own")
    run.add_argument("--durable", action="store_true")
    run.add_argument("command", nargs=argparse.REMAINDER)
    chosen = parser.parse_args()
    try:
        if chosen.verb == "start":
            server = start_postgresql(
                folder=chosen.folder, port=chosen.port, durable=chosen.durable
            )
            print(server.url)
        elif chosen.verb == "stop":
            stop(folder=chosen.folder)
        else:
            command = [part for part in chosen.command if part != "--"]
            with postgresql(durable=chosen.durable) as url:
                environment = os.environ | {"DATABASE_URL": url}
                return subprocess.run(command, env=environment, check=False).returncode
    except UnableToStart as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
