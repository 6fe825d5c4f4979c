"""Files that are there whole or not at all, whatever happens while they are written.

A file is written beside its place, reaches the disk, and is moved there in one step: a
full disk, a lost power supply or a killed process leaves the old file or none.
"""

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
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
        with os.fdopen(handle, "wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        half.chmod(permissions)
        half.replace(path)
    except BaseException:
        half.unlink(missing_ok=True)
        raise


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
