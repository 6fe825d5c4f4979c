"""Start the demo's processes, watch them, and end exactly those."""

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType, TracebackType

from shop.demo.tongue import say


class PortTaken(Exception):
    """Another program listens where the demo wants to."""


class AlreadyRunning(Exception):
    """Another demo lives in this folder; two would fill it at once."""


class NotUp(Exception):
    """A process of the demo ended or did not answer in time."""


def free_ports(names: dict[int, str]) -> None:
    """Refuse to start where one of the ports is in use. Errors: PortTaken."""
    for port, name in names.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                other = min(names) + 80
                raise PortTaken(
                    say(
                        f"端口 {port}（{name}）已被占用。请停掉那个程序，或换个端口：",
                        f"Port {port} ({name}) is taken by another program. "
                        "Stop that program, or choose another port:",
                    )
                    + f"\n    make demo PORT={other}"
                ) from None


_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


def _end_with_parent() -> None:
    """Where the demo is killed outright, nobody goes on listening on its ports.

    Linux only; elsewhere such processes have to be ended by hand.
    """
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Family:
    """The processes of one demo; leaving the block ends all of them.

    The file with the demo's process number is locked as long as it runs, so that a
    number left behind by a crash is never taken for a demo.

    Errors: AlreadyRunning on entering.
    """

    def __init__(self, *, pid_file: Path, logs: Path) -> None:
        self.pid_file, self.logs = pid_file, logs
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.once: set[str] = set()

    def __enter__(self) -> "Family":
        self.logs.mkdir(parents=True, exist_ok=True)
        self._claim()
        self._before = {
            number: signal.signal(number, self._stop)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self.end()
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._pid.truncate(0)
        self._pid.close()
        if isinstance(error, NotUp):
            print(f"\n{error}", file=sys.stderr)
        if isinstance(error, KeyboardInterrupt):
            print(say("\n已停止。", "\nStopped."))
            return True
        return False

    def _claim(self) -> None:
        self._pid = self.pid_file.open("a+", encoding="ascii")
        try:
            fcntl.flock(self._pid, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._pid.seek(0)
            number = self._pid.read().strip() or "?"
            self._pid.close()
            raise AlreadyRunning(
                say(
                    f"这里已经有一个演示在运行（进程 {number}）。"
                    "请先在它的终端里按 Ctrl-C 停止。",
                    f"A demo already runs here (process {number}). "
                    "Stop it with Ctrl-C in its terminal first.",
                )
            ) from None
        self._pid.truncate(0)
        self._pid.write(str(os.getpid()))
        self._pid.flush()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    def start(
        self, name: str, command: list[str], *, shown: bool = False, once: bool = False
    ) -> None:
        """Start one process in a group of its own; `once` may end by itself."""
        log = None if shown else (self.logs / f"{name}.log").open("ab")
        self.children[name] = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
        if once:
            self.once.add(name)

    def wait_for(self, *, port: int, name: str, seconds: float = 60) -> None:
        """Wait until a process answers HTTP. Errors: NotUp with its log's place."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.children[name].poll() is not None:
                break
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20).close()
                return
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.05)
        log = f"{self.logs}/{name}.log"
        raise NotUp(
            say(
                f"{name} 没有启动，原因见日志：{log}",
                f"{name} did not start; its log says why: {log}",
            )
        )

    def watch(self) -> int:
        """Wait for Ctrl-C; ends with an error where a process dies by itself."""
        while True:
            for name, child in list(self.children.items()):
                code = child.poll()
                if code is None:
                    continue
                del self.children[name]
                if code == 0 and name in self.once:
                    continue
                ended = say(f"{name} 已退出（{code}），", f"{name} ended with {code}, ")
                print(f"\n{ended}{self._log(name)}", file=sys.stderr)
                if name not in self.once:
                    return 1
            time.sleep(0.3)

    def _log(self, name: str) -> str:
        """Where to read why a process ended."""
        if name in self.once:
            return say("原因见上文", "its words stand above")
        log = f"{self.logs}/{name}.log"
        return say(f"日志：{log}", f"see {log}")

    def end(self) -> None:
        """End every process that still runs, politely first."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            for child in self.children.values():
                if child.poll() is None:
                    os.killpg(child.pid, number)
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline:
                if all(c.poll() is not None for c in self.children.values()):
                    return
                time.sleep(0.05)
