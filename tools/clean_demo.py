"""Forget the demo: var/ goes, unless the demo still runs on it. Needs only Python."""

import fcntl
import os
import shutil
import sys
from pathlib import Path

VAR = Path(os.environ.get("XIANGJI_VAR", Path(__file__).resolve().parents[1] / "var"))


def running() -> str:
    """The process number of the demo that lives in this folder, or nothing."""
    try:
        with (VAR / "demo.pid").open(encoding="ascii") as pid_file:
            number = pid_file.read().strip()
            # A running demo holds the lock; a number that a crash left does not.
            fcntl.flock(pid_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return ""
    except BlockingIOError:
        return number or "unknown"
    return ""


if number := running():
    sys.exit(
        f"The demo is still running (process {number}). Stop it with Ctrl-C first."
    )
shutil.rmtree(VAR, ignore_errors=True)
print(f"{VAR} is gone; the next `make demo` starts a new county.")
