"""A bound on how much work somebody else's input may make.

The clock of the process, not of the wall: a busy machine changes nothing. What is
linear needs a tenth of the bound; what is quadratic in an attacker's input needs
hours, so that no bound in between has to be exact.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TooMuchWork(BaseException):
    """The input made more work than anybody may ask for."""


@contextmanager
def little_work(cpu_seconds: float = 20) -> Iterator[None]:
    """Stop, with TooMuchWork, what keeps the processor for longer."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooMuchWork

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, cpu_seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
