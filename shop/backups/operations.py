"""Making a backup, and restoring one into an empty place."""

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.db import DatabaseError, connection
from django.utils import timezone

from partners.files import private_storage, public_storage
from shop.backups import keys, manifest, postgresql, sqlite
from shop.backups.copying import copy_tree
from shop.backups.facts import Facts, differences, facts, log_file_faults, standing_on
from shop.backups.manifest import Manifest
from traceability import tlog
from traceability.models import PrintPart

HALF = ".half-"


class UnableToBackUp(Exception):
    """Nothing was kept; says why."""


class UnableToRestore(Exception):
    """The database is not in place, for it is not what was kept; says what is wrong."""


def back_up(*, to: Path, at: datetime, keep: int = 0) -> Path:
    """Keep everything in a new folder under `to`; its path.

    It gets its name when it is whole: whatever interrupts us leaves no half backup that
    looks like one. With `keep`, only so many of the newest stay.

    Errors: UnableToBackUp.
    """
    to.mkdir(parents=True, exist_ok=True, mode=0o700)
    whole = to / f"xiangji-{at:%Y%m%dT%H%M%SZ}"
    with _alone(to):
        if whole.exists():
            raise UnableToBackUp(f"{whole} exists.")
        for left in to.glob(f"{HALF}*"):
            shutil.rmtree(left)
        half = to / f"{HALF}{whole.name}"
        half.mkdir(mode=0o700)
        try:
            _fill(half, before=_newest(to), begun_at=at)
        except (
            OSError,
            sqlite3.Error,
            DatabaseError,
            keys.WrongKey,
            postgresql.Failed,
        ) as error:
            shutil.rmtree(half, ignore_errors=True)
            raise UnableToBackUp(str(error)) from error
        os.sync()
        half.rename(whole)
        if keep:
            for old in manifest.backups(to)[:-keep]:
                shutil.rmtree(old)
    return whole


def check(*, folder: Path) -> Manifest:
    """The manifest of a backup whose every file is there and as it was.

    Errors: UnableToRestore.
    """
    if folder.name.startswith(HALF):
        raise UnableToRestore(f"{folder} was interrupted; it is not whole.")
    try:
        kept = manifest.read(folder)
    except manifest.Unreadable as error:
        raise UnableToRestore(str(error)) from error
    _require(manifest.faults(folder, kept))
    return kept


def restore(
    *,
    folder: Path,
    at: datetime | None = None,
    wal: Path | None = None,
    data: Path | None = None,
    identity: Path | None = None,
) -> Manifest:
    """Put a backup where the settings say, which must be empty.

    Of PostgreSQL `data` becomes the folder of a cluster, brought forward by the archive
    `wal`: to its end, or to `at`. An `identity` opens the keys. Everything is computed
    again before the database gets its name.

    Errors: UnableToRestore.
    """
    kept = check(folder=folder)
    place = _place(kept, at=at, wal=wal, data=data)
    _require_empty(place, *_folders().values())
    if identity is not None:
        _restore_keys(folder, identity)
    for name, target in _folders().items():
        copy_tree(source=folder / name, target=target, before=None)
    half = place.with_name(f"{place.name}.restoring")
    shutil.rmtree(half, ignore_errors=True)
    half.unlink(missing_ok=True)
    try:
        if kept.size == "sqlite":
            _restore_sqlite(folder, half, kept)
        else:
            _restore_postgresql(folder, half, kept, at=at, wal=wal)
    except (OSError, DatabaseError, postgresql.Failed) as error:
        raise UnableToRestore(str(error)) from error
    half.rename(place)
    return kept


def _fill(half: Path, *, before: Path | None, begun_at: datetime) -> None:
    folders = _folders()
    # Before the rows: the log may lack lines that it has, never the other way round.
    _copy("log", folders, half, before)
    wal = ""
    told: Facts
    if connection.vendor == "sqlite":
        copy = half / sqlite.NAME
        sqlite.copy(source=Path(connection.settings_dict["NAME"]), target=copy)
        with standing_on(NAME=copy):
            told = facts()
        sqlite.fold(copy)
    else:
        told = facts()
        connection.close()
        wal = postgresql.base_backup(
            database=connection.settings_dict, folder=half / postgresql.FOLDER
        )
    # After them: every file that a row names is there.
    for name in ("media", "private"):
        _copy(name, folders, half, before)
    left_out = [f"{name}: kept by its own store" for name in _elsewhere()]
    sealed = keys.sealed()
    if sealed is None:
        left_out.append("keys and secrets: XIANGJI_BACKUP_RECIPIENT names nobody")
    else:
        (half / keys.NAME).write_bytes(sealed)
    Manifest(
        size=connection.vendor,
        begun_at=begun_at,
        ended_at=timezone.now(),
        facts=told,
        files={n: manifest.sha256(p) for n, p in manifest.files_in(half).items()},
        left_out=left_out,
        wal=wal,
    ).write(half)


def _copy(name: str, folders: dict[str, Path], half: Path, before: Path | None) -> None:
    if name in folders:
        copy_tree(
            source=folders[name],
            target=half / name,
            before=before / name if before else None,
            # Printed sheets hold codes, and are made again from the database.
            without=PrintPart.FOLDER if name == "private" else "",
        )


def _folders() -> dict[str, Path]:
    """What is kept as files on this machine."""
    stores = {"media": public_storage(), "private": private_storage()}
    here = {
        name: Path(store.location)
        for name, store in stores.items()
        if isinstance(store, FileSystemStorage)
    }
    return {"log": Path(settings.LOG_FOLDER)} | here


def _elsewhere() -> list[str]:
    return [name for name in ("media", "private") if name not in _folders()]


def _newest(folder: Path) -> Path | None:
    found = manifest.backups(folder)
    return found[-1] if found else None


def _place(
    kept: Manifest, *, at: datetime | None, wal: Path | None, data: Path | None
) -> Path:
    """Where the database goes. Errors: UnableToRestore where that cannot be."""
    if kept.size != connection.vendor:
        raise UnableToRestore(
            f"The backup is of {kept.size}, the settings name {connection.vendor}."
        )
    if kept.size == "sqlite":
        if at or wal or data:
            raise UnableToRestore(
                "An embedded database keeps no log to go forward by: choose the backup"
                " that was made last before that time, and leave out AT, WAL and DATA."
            )
        return Path(connection.settings_dict["NAME"])
    if data is None:
        raise UnableToRestore("Say by DATA=… where the cluster's folder is to be.")
    if at is not None and wal is None:
        raise UnableToRestore("Say by WAL=… where the archived log is, to reach AT.")
    if at is not None and at < kept.ended_at:
        raise UnableToRestore(
            f"This backup was complete at {kept.ended_at.isoformat()}, after AT. Choose"
            " an earlier one."
        )
    if wal is not None and not postgresql.archived(wal, kept.wal):
        raise UnableToRestore(f"{wal} lacks {kept.wal}, where this backup begins.")
    return data


def _require_empty(*places: Path) -> None:
    for path in places:
        if path.is_dir() and not any(path.iterdir()):
            continue
        if path.exists():
            raise UnableToRestore(
                f"{path} is not empty. Restore into an empty place, or move it away."
            )


def _restore_keys(folder: Path, identity: Path) -> None:
    if not (folder / keys.NAME).is_file():
        raise UnableToRestore("This backup holds no keys; leave out IDENTITY.")
    place = Path(settings.KEYS)
    if place.exists():
        # Of the demo, whose settings make keys as soon as they are read.
        place.rename(place.with_name(f"{place.name}-{timezone.now():%Y%m%dT%H%M%S%f}"))
    try:
        keys.unseal(
            data=(folder / keys.NAME).read_bytes(), identity=identity, folder=place
        )
    except keys.WrongKey as error:
        raise UnableToRestore(str(error)) from error


def _restore_sqlite(folder: Path, half: Path, kept: Manifest) -> None:
    half.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / sqlite.NAME, half)
    with standing_on(NAME=half):
        _require(sqlite.faults())
        _require_same(kept)
    sqlite.fold(half)


def _restore_postgresql(
    folder: Path, half: Path, kept: Manifest, *, at: datetime | None, wal: Path | None
) -> None:
    half.parent.mkdir(parents=True, exist_ok=True)
    postgresql.unpack(folder=folder / postgresql.FOLDER, data=half)
    with (
        postgresql.recovered(data=half, wal=wal, at=at) as place,
        standing_on(**place),
    ):
        _require_same(kept)


def _require_same(kept: Manifest) -> None:
    _require(differences(kept.facts, exact=kept.exact))
    _require(log_file_faults(tlog.TileFolder(Path(settings.LOG_FOLDER))))


def _require(faults: Iterator[str]) -> None:
    found = list(faults)
    if found:
        shown = "\n".join(f"  {fault}" for fault in found[:20])
        raise UnableToRestore(f"This is not what was kept:\n{shown}")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UnableToBackUp("Another backup is being made.") from None
        yield
