"""Where lines go: each whole, and those of answers a few at a time.

A process writes thousands of lines a second of answers that took a tenth of a
millisecond each. Every write lets go of the interpreter, and costs a change of threads;
one line after the other is made in half the time. As in nginx, what went well may wait.
"""

import logging
import os
from collections import deque
from threading import Event, Thread
from time import sleep, time
from typing import Any

from shop.watching.logs import RUNNING
from shop.watching.request_ids import running

# A killed process takes the lines of so many seconds with it. Longer is no faster, and
# then requests wait for the many lines that are made at once (docs/decisions/0230).
LONGEST_WAIT = 0.005
# With so many, whoever tells one more waits until the console takes them.
MOST_WAITING = 10_000
_MAY_WAIT = "may_wait"
_BLANK = logging.makeLogRecord({"levelno": logging.INFO, "levelname": "INFO"}).__dict__


def tell(log: logging.Logger, event: str, **carried: Any) -> None:
    """`log.info(event, extra=carried)`, for what is told so often that making the
    record counts: nobody reads what more is in one. The line may wait."""
    if not log.isEnabledFor(logging.INFO):
        return
    record = logging.LogRecord.__new__(logging.LogRecord)
    created = time()
    own = {"name": log.name, "msg": event, "created": created, _MAY_WAIT: True}
    record.__dict__ = _BLANK | own | {"msecs": created % 1 * 1000} | carried
    log.handle(record)


class Console(logging.Handler):
    """The process's standard error, or another open file by its number.

    No lock: lines are written whole.
    """

    def __init__(self, file: int = 2) -> None:
        super().__init__()
        self._file = file
        self._waiting: deque[logging.LogRecord] = deque()
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def createLock(self) -> None:  # noqa: N802  logging's name
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        # Whichever thread writes it, it is of what runs in this one.
        record.__dict__[RUNNING] = running()
        self._waiting.append(record)
        if _MAY_WAIT not in record.__dict__ or len(self._waiting) >= MOST_WAITING:
            self.flush()
        elif not self._is_awake.is_set():
            self._wake()

    def flush(self) -> None:
        """Write what waits, in the order in which it came."""
        lines = []
        # What comes meanwhile is the next one's: nobody writes for ever.
        for _one in range(len(self._waiting)):
            try:
                record = self._waiting.popleft()
            except IndexError:  # another thread was faster
                break
            try:
                lines.append(self.format(record))
            except Exception:
                self.handleError(record)
        text = "".join([f"{line}\n" for line in lines]).encode(errors="replace")
        try:
            while text:
                text = text[os.write(self._file, text) :]
        except OSError:
            # There is nobody left to tell; whoever asked us gets an answer.
            return

    def _begin(self) -> None:
        """Anew in each process: no thread survives a fork, and lines that wait are
        the parent's to write."""
        self._waiting.clear()
        self._is_awake = Event()
        self._writer: Thread | None = None

    def _wake(self) -> None:
        self._is_awake.set()
        if self._writer is None:
            self._writer = Thread(target=self._write_on, daemon=True)
            self._writer.start()

    def _write_on(self) -> None:
        while self._is_awake.wait():
            sleep(LONGEST_WAIT)
            # First: a line that comes while we write is not forgotten.
            self._is_awake.clear()
            self.flush()
