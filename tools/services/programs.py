"""Programs that servers need: looked for, and installed where we may."""

import os
import shutil
import subprocess
from collections.abc import Callable
from typing import TypeVar

from tools.services.processes import UnableToStart

Found = TypeVar("Found")


def need(find: Callable[[], Found | None], *, what: str, package: str) -> Found:
    """What `find` finds, if need be after installing the distribution's package.

    Errors: UnableToStart with what to do, where it is missing and stays so.
    """
    found = find()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        _install(package)
        found = find()
    if found is None:
        raise UnableToStart(
            f"{what} is not installed. As root: apt-get install {package}"
        )
    return found


def _install(package: str) -> None:
    print(f"  installing {package} …", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package],
    ):
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment
        )
        if done.returncode:
            raise UnableToStart(f"{' '.join(command)}: {done.stderr.strip()}")
