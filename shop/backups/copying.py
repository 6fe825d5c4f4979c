"""Folders into a backup; what did not change since the last one takes no room twice."""

import os
import shutil
from pathlib import Path

# Written before all it stands for is there, and so copied before it (see tlog.py).
_FIRST = ("checkpoint",)


def copy_tree(
    *, source: Path, target: Path, before: Path | None, without: str = ""
) -> None:
    """Every plain file of `source`, if it is there; files that vanish were half made.

    A file with the size and time of its copy in `before` is linked to that copy; the
    folder `without` stays behind.
    """
    names = [name for name in _names(source) if name.split("/")[0] != without]
    names.sort(key=lambda name: (name not in _FIRST, name))
    for name in names:
        kept = target / name
        kept.parent.mkdir(parents=True, exist_ok=True)
        if before is not None and _same(source / name, before / name):
            kept.hardlink_to(before / name)
            continue
        try:
            shutil.copy2(source / name, kept)
        except FileNotFoundError:
            kept.unlink(missing_ok=True)


def _names(folder: Path) -> list[str]:
    names = []
    for place, _folders, files in os.walk(folder):
        for name in files:
            path = Path(place) / name
            # Dots begin what is half written, and locks.
            if not name.startswith(".") and not path.is_symlink():
                names.append(path.relative_to(folder).as_posix())
    return names


def _same(one: Path, other: Path) -> bool:
    try:
        here, there = one.stat(), other.stat()
    except OSError:
        return False
    return (here.st_size, here.st_mtime_ns) == (there.st_size, there.st_mtime_ns)
