"""The real web server with the measured database behind it, and a load on loopback."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from bench.measure import Rate

ROOT = Path(__file__).resolve().parents[1]
WRK = ("wrk", "-t1", "-c8", "--latency")
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_P99 = re.compile(r"99%\s+([\d.]+)(us|ms|s)")
_REFUSED = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)")
_IN_TURNS = """
local paths, turn = {%s}, 0
request = function()
  turn = turn %% #paths + 1
  return wrk.format(nil, paths[turn])
end
"""
_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class Unanswered(Exception):
    """A page under load answered with an error: its speed would say nothing."""


@dataclass(frozen=True)
class Server:
    """Where it listens."""

    address: str

    def load(self, *paths: str, seconds: float, headers: dict[str, str]) -> Rate:
        """Ask for `paths` in turns over eight connections. Errors: Unanswered."""
        said = [f"-H{name}: {value}" for name, value in headers.items()]
        length = f"-d{max(1, round(seconds))}s"
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(_IN_TURNS % ", ".join(f'"{path}"' for path in paths))
            script.flush()
            told = subprocess.run(
                [*WRK, length, *said, "-s", script.name, self.address],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        if wrong := _REFUSED.search(told):
            raise Unanswered(f"{paths[0]}: {wrong[0]}")
        rate, slowest = _RATE.search(told), _P99.search(told)
        assert rate and slowest, told
        return Rate(float(rate[1]), float(slowest[1]) * _MS[slowest[2]])

    def read(self, path: str) -> bytes:
        """The page, once."""
        with urlopen(Request(self.address + path)) as answer:
            return answer.read()


@contextmanager
def serving(database: str, *, workers: int = 2) -> Iterator[Server]:
    """Granian as `ops/web.sh` starts it, on a free port; ended afterwards."""
    if shutil.which("wrk") is None:
        sys.exit("Pages are measured with wrk: install it (Debian: apt install wrk).")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = os.environ | {
        "XIANGJI_BENCH_DATABASE": str(database),
        "DJANGO_SETTINGS_MODULE": "bench.settings",
    }
    command = [sys.executable, "-m", "granian", "--interface", "wsgi"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--no-access-log"]
    command += ["--workers", str(workers), "--blocking-threads", "2"]
    command += ["--log-level", "warning", "bench.wsgi:application"]
    server = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # a line of log for each request
    )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(f"{address}/ok", server)
        yield Server(address)
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if server.poll() is not None:
            sys.exit("The web server did not start.")
        try:
            with urlopen(address, timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    sys.exit("The web server did not answer within a minute.")
