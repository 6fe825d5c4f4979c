"""The list of all that a backup holds, by which it proves to be whole."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from shop.backups.facts import Facts

FORM = 1
NAME = "manifest.json"


class Unreadable(Exception):
    """There is no manifest, or none of ours; says what was found."""


@dataclass(frozen=True)
class Manifest:
    """`size` is "sqlite" or "postgresql"; `begun_at` and `ended_at` frame the copy.

    `files` maps each path below the folder to its SHA-256. `left_out` names what an
    operator must keep otherwise. `wal` is the first log segment a restore needs.
    """

    size: str
    begun_at: datetime
    ended_at: datetime
    facts: Facts
    files: dict[str, str]
    left_out: list[str]
    wal: str = ""

    @property
    def exact(self) -> bool:
        """Whether the facts were read from the very copy, or a moment before it."""
        return self.size == "sqlite"

    def write(self, folder: Path) -> None:
        told = asdict(self) | {
            "form": FORM,
            "begun_at": self.begun_at.isoformat(),
            "ended_at": self.ended_at.isoformat(),
        }
        text = json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True)
        (folder / NAME).write_text(f"{text}\n", encoding="utf-8")


def read(folder: Path) -> Manifest:
    """What `Manifest.write` wrote. Errors: Unreadable."""
    try:
        told: dict[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
        if told.pop("form") != FORM:
            raise Unreadable(f"{folder / NAME} is of another version of Xiangji.")
        told["facts"] = Facts(**told["facts"])
        for name in ("begun_at", "ended_at"):
            told[name] = datetime.fromisoformat(told[name])
        return Manifest(**told)
    except FileNotFoundError:
        raise Unreadable(
            f"{folder} is no backup: {NAME} is missing. A backup that was interrupted"
            " has none."
        ) from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Unreadable(f"{folder / NAME} cannot be read: {error!r}.") from error


def backups(folder: Path) -> list[Path]:
    """Every whole backup in a folder, oldest first."""
    return sorted(path.parent for path in folder.glob(f"xiangji-*/{NAME}"))


def sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def files_in(folder: Path) -> dict[str, Path]:
    """Every plain file below a folder by its path there; links are nobody's."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def faults(folder: Path, manifest: Manifest) -> Iterator[str]:
    """How the folder is not what its manifest says, a sentence for each file."""
    there = files_in(folder)
    there.pop(NAME, None)
    for name in sorted(manifest.files.keys() - there.keys()):
        yield f"{name} is missing"
    for name in sorted(there.keys() - manifest.files.keys()):
        yield f"{name} does not belong to it"
    for name in sorted(manifest.files.keys() & there.keys()):
        if sha256(there[name]) != manifest.files[name]:
            yield f"{name} was altered"
