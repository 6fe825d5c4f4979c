"""What the processes of this machine count. Prometheus's client adds them up.

Each process writes into files of its own (METRICS_FOLDER), and whichever is asked
reads them all. What must be exact is counted in the database instead: see figures.py.
"""

import fcntl
import os
from functools import lru_cache
from itertools import count
from pathlib import Path

from django.conf import settings
from prometheus_client import Counter, Histogram, values

_held: dict[int, tuple[str, int]] = {}


def slot() -> str:
    """The lowest number that no other living process holds; the kernel lets go of it.

    Named by it and not by process number, files stay as few as processes ever were at
    once, and a sum goes on where a process before us ended.
    """
    mine = _held.get(os.getpid())
    if mine is None:
        mine = _held[os.getpid()] = _take(Path(settings.METRICS_FOLDER))
    return mine[0]


def _take(folder: Path) -> tuple[str, int]:
    folder.mkdir(parents=True, exist_ok=True)
    for number in count():
        lock = os.open(folder / f"{number}.lock", os.O_RDWR | os.O_CREAT, 0o640)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
        else:
            return str(number), lock
    raise AssertionError("numbers do not end")


values.ValueClass = values.MultiProcessValue(slot)

SECONDS = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 10)

_requests = Histogram(
    "xiangji_request_seconds",
    "Time to answer, by the name of the address and the answer's status.",
    ["route", "status"],
    buckets=SECONDS,
)
_jobs = Histogram(
    "xiangji_job_seconds",
    "Time a job took, by task and outcome.",
    ["task", "outcome"],
    buckets=(*SECONDS, 60, 300),
)
_scans = Counter("xiangji_scans", "Looks at a code, by verdict.", ["verdict"])
_fallbacks = Counter(
    "xiangji_search_fallbacks",
    "Searches that the database answered because the engine could not.",
)


@lru_cache(maxsize=4096)
def _answers(route: str, status: int) -> Histogram:
    return _requests.labels(route, str(status))


def request_answered(*, route: str, status: int, seconds: float) -> None:
    """One answer to somebody."""
    _answers(route, status).observe(seconds)


def job_done(*, task: str, outcome: str, seconds: float) -> None:
    """One run of a job; `outcome` is Celery's word for how it ended."""
    _jobs.labels(task, outcome).observe(seconds)


def scan_judged(*, verdict: str) -> None:
    """Somebody looked at a code and was told `verdict`."""
    _scans.labels(verdict).inc()


def search_fell_back() -> None:
    """A search was answered without the engine."""
    _fallbacks.inc()
