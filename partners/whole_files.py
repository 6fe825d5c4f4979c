"""Files that are there whole or not at all, whatever happens while they are written.

A file is written beside its place, reaches the disk, and is moved there in one step: a
full disk, a lost power supply or a killed process leaves the old file or none.
"""

import os
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage

READABLE = 0o644


def write_whole(
    path: Path, parts: Iterable[bytes], *, permissions: int = READABLE
) -> None:
    """Put `parts`, one after the other, in place as the file at `path`.

    Makes the folders above it. Errors: OSError, and then `path` is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".half-")
    half = Path(name)
    try:
        _write(handle, parts)
        half.chmod(permissions)
        half.replace(path)
    except BaseException:
        half.unlink(missing_ok=True)
        raise


def write_all_whole(
    files: Iterable[tuple[Path, bytes]], *, permissions: int = READABLE
) -> None:
    """Put many files in place, each as `write_whole` does, in their order.

    Disks take many at once in little more time than one, but let nobody make a file
    meanwhile: so many are made, and then all sent. Errors: OSError; what is in place by
    then stays.
    """
    rest, folders, more = iter(files), set[Path](), True
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while more:
            made: list[_Half] = []
            try:
                for path, data in islice(rest, _OPEN_AT_MOST):
                    if path.parent not in folders:
                        path.parent.mkdir(parents=True, exist_ok=True)
                        folders.add(path.parent)
                    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".half-")
                    made.append(_Half(path, Path(name), os.fdopen(handle, "wb")))
                    made[-1].file.write(data)
                more = len(made) == _OPEN_AT_MOST
                list(pool.map(_finish, (half.file for half in made)))
                for half in made:
                    half.name.chmod(permissions)
                    half.name.replace(half.path)
            except BaseException:
                for half in made:
                    with suppress(OSError):  # what it says of its last bytes is known
                        half.file.close()
                    half.name.unlink(missing_ok=True)
                raise


_AT_ONCE = 8
_OPEN_AT_MOST = 256


class _Half(NamedTuple):
    """A file on its way to `path`."""

    path: Path
    name: Path
    file: BinaryIO


def _write(handle: int, parts: Iterable[bytes]) -> None:
    """All of it, down to the disk."""
    with os.fdopen(handle, "wb") as file:
        for part in parts:
            file.write(part)
        _finish(file)


def _finish(file: BinaryIO) -> None:
    """Close a file that is on the disk to its last byte."""
    with file:
        file.flush()
        os.fsync(file.fileno())


class WholeFiles(FileSystemStorage):
    """Django's files on this machine, except that none is ever half there.

    Names of ours follow from content (`partners.files`), so a file that was left half
    written would be taken for the whole one for ever.
    """

    def _save(self, name: str, content: "File[bytes]") -> str:
        path = Path(self.path(name))
        if self.directory_permissions_mode is not None:
            self._open_folders_above(path, self.directory_permissions_mode)
        write_whole(
            path,
            content.chunks(),
            permissions=self.file_permissions_mode or READABLE,
        )
        return name

    def _open_folders_above(self, path: Path, mode: int) -> None:
        """Make the missing folders down to `path` so, whatever the process's mask."""
        top = Path(self.location)
        top.parent.mkdir(parents=True, exist_ok=True)
        inside = [folder for folder in path.parents if folder.is_relative_to(top)]
        for folder in reversed(inside):
            with suppress(FileExistsError):
                folder.mkdir()
                folder.chmod(mode)
