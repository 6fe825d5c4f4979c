"""Forget the demo: var/ goes, unless the demo still runs on it. Needs only Python."""

import os
import shutil
import sys
from pathlib import Path

VAR = Path(os.environ.get("XIANGJI_VAR", Path(__file__).resolve().parents[1] / "var"))


def running() -> int | None:
    """The process number of the demo that uses this folder, if there is one."""
    try:
        number = int((VAR / "demo.pid").read_text(encoding="ascii"))
        os.kill(number, 0)
    except (OSError, ValueError):
        return None
    return number


if running():
    sys.exit(
        f"The demo is still running (process {running()}). Stop it with Ctrl-C first."
    )
shutil.rmtree(VAR, ignore_errors=True)
print(f"{VAR} is gone; the next `make demo` starts a new county.")
