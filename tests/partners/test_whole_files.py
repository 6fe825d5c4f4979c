"""Many files at once: each whole, each on the disk before any is in its place."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from partners import whole_files
from partners.whole_files import write_all_whole

NAMES = [f"{number % 3}/{number}" for number in range(10)]


@pytest.fixture(autouse=True)
def _few_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten files take three turns."""
    monkeypatch.setattr(whole_files, "_OPEN_AT_MOST", 4)


def content(name: str) -> bytes:
    return name.encode() * 5_000


def files(folder: Path) -> Iterator[tuple[Path, bytes]]:
    return ((folder / name, content(name)) for name in NAMES)


def there(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


class TestWriteAllWhole:
    def test_puts_every_file_in_its_place(self, tmp_path: Path) -> None:
        (tmp_path / "0").mkdir()
        (tmp_path / "0/0").write_bytes(b"older")
        write_all_whole(files(tmp_path))
        assert there(tmp_path) == {name: content(name) for name in NAMES}
        for name in NAMES:
            assert (tmp_path / name).stat().st_mode & 0o777 == 0o644

    def test_puts_none_there_before_it_is_on_the_disk(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        safe: set[int] = set()
        sync, replace = os.fsync, Path.replace

        def synced(handle: int) -> None:
            assert os.fstat(handle).st_size >= len(content(NAMES[0]))
            sync(handle)
            safe.add(os.fstat(handle).st_ino)

        def placed(half: Path, target: Any) -> Path:
            assert half.stat().st_ino in safe
            return replace(half, target)

        monkeypatch.setattr(os, "fsync", synced)
        monkeypatch.setattr(Path, "replace", placed)
        write_all_whole(files(tmp_path))
        assert len(safe) == len(NAMES)
        # The negative control: a disk that was not asked is noticed.
        monkeypatch.setattr(os, "fsync", lambda _handle: None)
        safe.clear()
        with pytest.raises(AssertionError):
            write_all_whole(files(tmp_path))

    @pytest.mark.parametrize("failing", ["fsync", "replace", "source"])
    def test_leaves_no_halves(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
    ) -> None:
        def fails(*_arguments: object) -> None:
            raise OSError("the disk is full")

        def ends() -> Iterator[tuple[Path, bytes]]:
            yield from list(files(tmp_path))[:6]
            fails()

        source = ends() if failing == "source" else files(tmp_path)
        if failing == "fsync":
            monkeypatch.setattr(os, "fsync", fails)
        elif failing == "replace":
            monkeypatch.setattr(Path, "replace", fails)
        with pytest.raises(OSError, match="full"):
            write_all_whole(source)
        # What was in place by then stays, whole.
        left = there(tmp_path)
        assert left == {name: content(name) for name in left}
        assert len(left) == (4 if failing == "source" else 0)
