"""Processes of ours: started as somebody who may, ended by number and birth.

A number alone is not enough to end a process: it may be another's by now. The kernel's
time of birth beside it tells them apart.
"""

import hashlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypedDict

GRACE_SECONDS = 30
TAIL_LINES = 25
# Where the kernel tells a process's birth, counted as `_fields` gives them.
BIRTH = 19
# Whoever root starts servers as: the first there is. Nothing of theirs is shared.
OTHERS = ("postgres", "nobody")


class UnableToStart(Exception):
    """A server did not come up; the message holds the last of what it said."""


class AsUser(TypedDict, total=False):
    """How `subprocess` starts something as somebody else; empty for ourselves."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Server:
    """What it takes to start one server, and to see that it answers.

    `folder` is its own: data, configuration, `log`. `ends_by` asks it for a quick,
    clean end.
    """

    name: str
    command: list[str]
    folder: Path
    url: str
    answers: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    ends_by: signal.Signals = signal.SIGTERM
    patience: int = 60

    @property
    def log(self) -> Path:
        return self.folder / "log"


@dataclass(frozen=True)
class Running:
    """A server we started: where it is reached, and every process of it.

    `processes` pairs each number with the process's birth, in the kernel's ticks.
    """

    name: str
    url: str
    folder: str
    ends_by: int
    processes: list[tuple[int, str]]

    @property
    def alive(self) -> bool:
        return any(_lives(pid, birth) for pid, birth in self.processes)

    def keep(self, state: Path) -> None:
        """Write down what `end` needs, for nobody else to read."""
        half = state.with_name(f"{state.name}.half")
        half.unlink(missing_ok=True)
        half.touch(mode=0o600)
        half.write_text(json.dumps(asdict(self)), encoding="utf-8")
        half.replace(state)


def kept(state: Path) -> Running | None:
    """What `keep` wrote; None where nothing was started."""
    try:
        told = json.loads(state.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    told["processes"] = [(int(pid), str(birth)) for pid, birth in told["processes"]]
    return Running(**told)


def as_user() -> AsUser:
    """How to start a process as somebody who is not root; nothing if we are not."""
    if os.geteuid() != 0:
        return {}
    for name in OTHERS:
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise UnableToStart(f"Servers refuse root, and there is no user {OTHERS[0]}.")


def give(path: Path) -> None:
    """Make `path` and all below it the property of whoever runs the servers."""
    somebody = as_user()
    if somebody:
        for each in (path, *path.rglob("*")):
            os.chown(each, somebody["user"], somebody["group"])


def reachable(folder: Path) -> Path:
    """`folder`, or its stand-in under the system's temporary folder, for servers to
    live in: under root's home, say, nobody else reaches what root makes.

    Errors: UnableToStart where somebody else has put something there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if _searchable(folder):
        return folder
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    other = Path(tempfile.gettempdir()) / f"xiangji-services-{name}"
    other.mkdir(mode=0o711, exist_ok=True)
    if other.is_symlink() or other.stat().st_uid != os.geteuid():
        raise UnableToStart(f"{other} is not ours; remove it.")
    return other


def _searchable(folder: Path) -> bool:
    looked = subprocess.run(
        ["/usr/bin/env", "test", "-x", str(folder)], check=False, cwd="/", **as_user()
    )
    return looked.returncode == 0


def checked(command: list[str], *, cwd: Path, environment: Mapping[str, str]) -> None:
    """Run a helper of a server's to its end, as the server's user.

    Errors: UnableToStart with what it complained of.
    """
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=_environment(environment),
        **as_user(),
    )
    if done.returncode:
        told = (done.stderr or done.stdout).strip()
        raise UnableToStart(f"{command[0]}: {told}")


def begin(server: Server, state: Path) -> Running:
    """Start a server's process and write it down at once; it need not answer yet."""
    with server.log.open("ab") as output:
        process = subprocess.Popen(
            server.command,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            cwd=server.folder,
            env=_environment(server.environment),
            **as_user(),
        )
    running = Running(
        server.name,
        server.url,
        str(server.folder),
        int(server.ends_by),
        # Readable even where it ended at once: nobody has taken leave of it yet.
        [(process.pid, _fields(process.pid)[BIRTH])],
    )
    running.keep(state)
    return running


def wait(server: Server, running: Running, state: Path) -> Running:
    """Wait until a begun server answers; write down the processes it made since.

    Errors: UnableToStart with the tail of its log, and what had begun has ended.
    """
    deadline = time.monotonic() + server.patience
    while running.alive and time.monotonic() < deadline:
        _reap(running.processes[0][0])
        if server.answers():
            running = Running(**vars(running) | {"processes": _family(running)})
            running.keep(state)
            return running
        time.sleep(0.1)
    why = "did not answer in time" if running.alive else "ended"
    told = server.log.read_text(encoding="utf-8", errors="replace").splitlines()
    end(Running(**vars(running) | {"processes": _family(running)}))
    tail = "\n".join(f"  {line}" for line in told[-TAIL_LINES:])
    raise UnableToStart(
        f"{server.name} {why}. The last of {server.log}:\n{tail or '  (nothing)'}"
    )


def end(running: Running) -> None:
    """End these processes and no others: asked first, then killed."""
    first, *others = running.processes
    _signal([first], running.ends_by)
    if not _gone(running.processes, GRACE_SECONDS):
        _signal([first, *others], signal.SIGKILL)
        _gone(running.processes, GRACE_SECONDS)


def forget(running: Running, state: Path) -> None:
    """End a server, and remove its folder and what was written down of it."""
    end(running)
    folder = Path(running.folder)
    shutil.rmtree(folder, ignore_errors=True)
    if folder.parent != state.parent:
        with suppress(OSError):  # others may live there still
            folder.parent.rmdir()
    state.unlink(missing_ok=True)


def _signal(processes: list[tuple[int, str]], number: int) -> None:
    for pid, birth in processes:
        if _lives(pid, birth):
            os.kill(pid, number)


def _gone(processes: list[tuple[int, str]], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(_lives(pid, birth) for pid, birth in processes):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.05)
        _reap(processes[0][0])
    return True


def _family(running: Running) -> list[tuple[int, str]]:
    """A server's first process, and every other of the session it was given."""
    leader = running.processes[0]
    if not _lives(*leader):
        return running.processes
    others = [
        (int(entry.name), _fields(int(entry.name)))
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and int(entry.name) != leader[0]
    ]
    return [
        leader,
        *(
            (pid, seen[BIRTH])
            for pid, seen in others
            if seen and seen[3] == str(leader[0])
        ),
    ]


def born(pid: int) -> str:
    """When the process started, in the kernel's ticks; empty for one that ended."""
    seen = _fields(pid)
    return "" if not seen or seen[0] == "Z" else seen[BIRTH]


def _lives(pid: int, birth: str) -> bool:
    return birth != "" and born(pid) == birth


def _fields(pid: int) -> list[str]:
    """What the kernel says of a process, from its state on; empty where it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return stat.rpartition(")")[2].split()


def _reap(pid: int) -> None:
    """Take leave of our own ended child; another's is its parent's business."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    """A server's environment: what it is given, and nothing of our settings."""
    carried = {
        name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ
    }
    return carried | dict(own)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
