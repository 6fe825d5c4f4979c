"""PostgreSQL: a base backup and the archive of its log; recovery to a point in time.

pg_basebackup takes the cluster over the same connection that the shop uses, whose user
needs REPLICATION. The server itself archives its log (ops/archive_wal.sh).
"""

import os
import pwd
import re
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FOLDER = "postgresql"
# Servers refuse root, so root recovers as the user of the distribution's package.
SERVERS_USER = "postgres"


class Failed(Exception):
    """A program of PostgreSQL's did not do it; its own words."""


def base_backup(*, database: Mapping[str, Any], folder: Path) -> str:
    """The whole cluster as of one moment, with the log it needs, as archives.

    Returns the name of the first segment of the log that it needs. Errors: Failed.
    """
    _run(
        [
            *(_program("pg_basebackup"), "--no-password", "--checkpoint=fast"),
            *("--host", database["HOST"] or "127.0.0.1"),
            *("--port", str(database["PORT"] or 5432), "--username", database["USER"]),
            *("--pgdata", str(folder), "--format=tar", "--gzip"),
            *("--wal-method=stream", "--manifest-checksums=SHA256"),
        ],
        password=database["PASSWORD"],
    )
    odd = [path.name for path in folder.glob("[0-9]*.tar*")]
    if odd:
        raise Failed(f"Tablespaces are not supported: {', '.join(odd)}")
    return _first_segment(folder)


def unpack(*, folder: Path, data: Path) -> None:
    """Lay out a base backup as a cluster's data. Errors: Failed."""
    data.mkdir(mode=0o700)
    for name, place in (("base", data), ("pg_wal", data / "pg_wal")):
        place.mkdir(mode=0o700, exist_ok=True)
        # tar refuses names that lead elsewhere; Debian 12's Python does not yet.
        archive = str(folder / f"{name}.tar.gz")
        _run(["tar", "-xzf", archive, "-C", str(place), "--no-same-owner"])
    data.chmod(0o700)


@contextmanager
def recovered(
    *, data: Path, wal: Path | None, at: datetime | None
) -> Iterator[dict[str, str]]:
    """The cluster in `data`, brought forward and open to nobody but the block.

    From the archive `wal` comes everything, or everything until `at`; without one, what
    the base backup carries. Yields where Django finds it. It is stopped afterwards, and
    starts as any other. Errors: Failed, where it did not get there.
    """
    scratch = Path(tempfile.mkdtemp(prefix="xiangji-restore-"))
    try:
        (data / "recovery.signal").touch(mode=0o600)
        (scratch / "hba").write_text("local all all trust\n", encoding="ascii")
        (scratch / "ident").touch()
        (scratch / "configuration").write_text(
            "".join(
                f"{name} = '{_quoted(value)}'\n"
                for name, value in _configuration(scratch, wal, at).items()
            ),
            encoding="utf-8",
        )
        for tree in (scratch, data):
            _give(tree)
        _start(data, scratch)
        try:
            yield {"HOST": str(scratch), "PORT": "5432", "PASSWORD": ""}
        finally:
            _control("stop", "--mode=fast", data=data)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _configuration(
    scratch: Path, wal: Path | None, at: datetime | None
) -> dict[str, str]:
    target = {"recovery_target": "immediate"}
    if at is not None:
        target = {
            "recovery_target_time": f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f+00}"
        }
    elif wal is not None:
        target = {}
    return {
        "listen_addresses": "",
        "unix_socket_directories": str(scratch),
        "hba_file": str(scratch / "hba"),
        "ident_file": str(scratch / "ident"),
        # One history a time: the county's own server archives anew, elsewhere.
        "archive_mode": "off",
        "hot_standby": "off",
        "restore_command": _restore_command(wal) if wal is not None else "false",
        "recovery_target_action": "promote",
        **target,
    }


def archived(wal: Path, segment: str) -> bool:
    """Whether ops/archive_wal.sh kept this segment of the log in `wal`."""
    return any((wal / name).is_file() for name in (f"{segment}.gz", segment))


def _restore_command(wal: Path) -> str:
    # Above 125 the server gives up. Anything else would mean "the log ends here", and
    # a damaged segment must not pass for the end.
    return (
        f'if [ -e "{wal}/%f.gz" ]; then gzip -dc "{wal}/%f.gz" > "%p" || exit 255; '
        f'else cp "{wal}/%f" "%p"; fi'
    )


def _start(data: Path, scratch: Path) -> None:
    log = scratch / "log"
    try:
        _control(
            *("start", f"--log={log}"),
            f"--options=-c config_file={scratch / 'configuration'}",
            data=data,
        )
        # It started; it lets somebody in when it has come to where it was sent.
        while not _lets_in(scratch):
            _control("status", data=data)
            time.sleep(0.2)
    except Failed as error:
        told = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        why = [line for line in told.splitlines() if "FATAL" in line or "PANIC" in line]
        raise Failed("; ".join(why[:3]) or str(error)) from error


def _lets_in(socket: Path) -> bool:
    try:
        _run([_program("pg_isready"), "--quiet", "--host", str(socket)])
    except Failed:
        return False
    return True


def _control(verb: str, *options: str, data: Path) -> None:
    version = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    _run(
        [
            *(_program("pg_ctl", version), verb, "--wait", "--silent"),
            *("-D", str(data), *options),
        ],
        as_server=True,
    )


def _program(name: str, version: str = "") -> str:
    """A program of this major version, or of the newest. Errors: Failed."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"{version or '*'}/bin/{name}"),
        key=lambda path: float(path.parts[-3]),
    )
    program = str(found[-1]) if found else shutil.which(name)
    if program is None:
        raise Failed(f"{name} of PostgreSQL {version} is not installed here.")
    return program


def _run(command: list[str], *, password: str = "", as_server: bool = False) -> None:
    somebody: dict[str, Any] = {}
    if as_server and os.geteuid() == 0:
        entry = pwd.getpwnam(SERVERS_USER)
        somebody = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    done = subprocess.run(  # noqa: S603  programs of PostgreSQL, words of ours
        command,
        stdin=subprocess.DEVNULL,
        # A server keeps what it was started with; it must not keep our pipes open.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE if not as_server else subprocess.DEVNULL,
        text=True,
        check=False,
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C", "PGPASSWORD": password},
        **somebody,
    )
    if done.returncode:
        raise Failed(f"{Path(command[0]).name}: {(done.stderr or 'failed').strip()}")


def _give(tree: Path) -> None:
    """Make it the property of whoever runs the server."""
    if os.geteuid() != 0:
        return
    entry = pwd.getpwnam(SERVERS_USER)
    for path in (tree, *tree.rglob("*")):
        os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)


def _first_segment(folder: Path) -> str:
    with tarfile.open(folder / "base.tar.gz") as archive:
        label = archive.extractfile("backup_label")
        text = label.read().decode() if label else ""
    found = re.search(r"\(file ([0-9A-F]{24})\)", text)
    if found is None:
        raise Failed("The base backup does not say where its log begins.")
    return found[1]


def _quoted(value: str) -> str:
    return value.replace("'", "''")
