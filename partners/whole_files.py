"""Files that are there whole or not at all, whatever happens while they are written.

A file is written beside its place, reaches the disk, and is moved there in one step: a
full disk, a lost power supply or a killed process leaves the old file or none.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from itertools import islice
from pathlib import Path

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

    Disks take many at once in little more time than one: while a file is on its way
    there, the next ones are made. Errors: OSError; what is in place by then stays.
    """
    rest, folders, more = iter(files), set[Path](), True
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while more:
            sent: list[_Sent] = []
            try:
                more = _send(rest, sent, folders, pool)
                for path, half, written in sent:
                    written.result()
                    half.chmod(permissions)
                    half.replace(path)
            finally:
                for _path, half, written in sent:
                    wait([written])
                    half.unlink(missing_ok=True)


_AT_ONCE = 8
_OPEN_AT_MOST = 256
_Sent = tuple[Path, Path, "Future[None]"]


def _send(
    files: Iterator[tuple[Path, bytes]],
    sent: list[_Sent],
    folders: set[Path],
    pool: ThreadPoolExecutor,
) -> bool:
    """Set the next files on their way to the disk; whether there may be more."""
    for path, data in islice(files, _OPEN_AT_MOST):
        if path.parent not in folders:
            path.parent.mkdir(parents=True, exist_ok=True)
            folders.add(path.parent)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".half-")
        sent.append((path, Path(name), pool.submit(_write, handle, [data])))
    return len(sent) == _OPEN_AT_MOST


def _write(handle: int, parts: Iterable[bytes]) -> None:
    """All of it, down to the disk."""
    with os.fdopen(handle, "wb") as file:
        for part in parts:
            file.write(part)
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
