"""PostgreSQL, in a new cluster that asks for a password made for it."""

import re
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg

from tools.services.processes import Server, UnableToStart, checked, give
from tools.services.programs import need

NAME = "postgresql"
OLDEST = 15
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def prepare(
    *, folder: Path, port: int, durable: bool = False, more: tuple[str, ...] = ()
) -> Server:
    """Make a new cluster in `folder` (new or empty), to be reached on `port`.

    `more` are settings of its own: "archive_mode=on".

    Errors: UnableToStart where the programs are missing or too old, or the folder
    holds something.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UnableToStart(f"{folder} is not empty")
    programs = need(find, what="PostgreSQL", package=NAME)
    _check_age(programs)
    folder.mkdir(parents=True, exist_ok=True)
    data, word = folder / "data", folder / "password"
    password = secrets.token_urlsafe(24)
    word.touch(mode=0o600)
    word.write_text(password, encoding="ascii")
    give(folder)
    checked(
        [
            str(programs / "initdb"),
            *("-D", str(data), "-U", "xiangji", "--pwfile", str(word)),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"),
            "--no-sync",
        ],
        cwd=folder,
        environment={},
    )
    options = [
        "listen_addresses=127.0.0.1",
        f"port={port}",
        "max_connections=200",
        *(() if durable else QUICK),
        *more,
    ]
    address = f"postgresql://xiangji:{password}@127.0.0.1:{port}"
    return Server(
        name=NAME,
        command=[
            str(programs / "postgres"),
            *("-D", str(data), "-k", str(folder)),
            *(part for option in options for part in ("-c", option)),
        ],
        folder=folder,
        url=f"{address}/xiangji",
        answers=lambda: _has_our_database(address),
        ends_by=signal.SIGINT,  # PostgreSQL's word for a fast shutdown
    )


def settings(url: str) -> dict[str, str]:
    """What the shop reads in its environment to use this server."""
    return {"DATABASE_URL": url}


def find() -> Path | None:
    """The folder of the newest PostgreSQL's programs."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"),
        key=lambda path: float(path.parts[-3]),
    )
    if installed:
        return installed[-1].parent
    found = shutil.which("postgres")
    return Path(found).parent if found else None


def _check_age(programs: Path) -> None:
    told = subprocess.run(
        [programs / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    version = re.search(r"\d+", told)
    if version is None or int(version[0]) < OLDEST:
        raise UnableToStart(f"PostgreSQL {OLDEST} or newer is needed: {told.strip()}")


def _has_our_database(address: str) -> bool:
    try:
        with psycopg.connect(
            f"{address}/postgres", autocommit=True, connect_timeout=2
        ) as connection:
            connection.execute("CREATE DATABASE xiangji")
    except psycopg.errors.DuplicateDatabase:
        return True
    except psycopg.OperationalError:
        return False
    return True
