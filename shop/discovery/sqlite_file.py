"""One file of the embedded engine: its tables, and a document's rows in them."""

import sqlite3
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from shop.discovery.engine import Document
from shop.discovery.spelling import SHORTEST, shortened, slips_allowed

BATCH = 500
# Part of every file's name: files of another form count as no index.
FORM = 2
_SCHEMA = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=NORMAL;
CREATE TABLE document (
    product_id INTEGER PRIMARY KEY, category TEXT NOT NULL, category_name TEXT NOT NULL,
    township TEXT NOT NULL, township_name TEXT NOT NULL, price_fen INTEGER NOT NULL,
    sold_out INTEGER NOT NULL, published_at INTEGER NOT NULL,
    version INTEGER NOT NULL, fingerprint INTEGER NOT NULL
);
CREATE TABLE gone (
    product_id INTEGER PRIMARY KEY, version INTEGER NOT NULL, at REAL NOT NULL
);
CREATE VIRTUAL TABLE words USING fts5(
    title, also, place, body, pinyin, prefix='3 4',
    tokenize="unicode61 remove_diacritics 0"
);
CREATE TABLE spelling (
    short TEXT NOT NULL, word TEXT NOT NULL, PRIMARY KEY (short, word)
) WITHOUT ROWID;
"""
_PUT = (
    "INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "INSERT INTO words (rowid, title, also, place, body, pinyin)"
    " VALUES (?, ?, ?, ?, ?, ?)",
)
_VERSION = """
SELECT max(version) FROM (
    SELECT version FROM document WHERE product_id = :id
    UNION ALL SELECT version FROM gone WHERE product_id = :id
)
"""
_LEARNED = "SELECT 1 FROM spelling WHERE short = ? AND word = ?"


def build(path: Path, documents: Iterable[Document]) -> int:
    database = sqlite3.connect(path, timeout=5, isolation_level=None)
    count = 0
    known: set[str] = set()
    try:
        database.executescript(_SCHEMA)
        rows = iter(documents)
        while batch := list(islice(rows, BATCH)):
            database.execute("BEGIN")
            for document in batch:
                write(database, document, known)
            database.execute("COMMIT")
            count += len(batch)
        database.execute("INSERT INTO words (words) VALUES ('optimize')")
        database.execute("PRAGMA optimize")
    finally:
        database.close()
    return count


def write(database: sqlite3.Connection, document: Document, known: set[str]) -> None:
    database.execute(
        _PUT[0],
        (
            document.product_id,
            document.category,
            document.category_name,
            document.township,
            document.township_name,
            document.price_fen,
            document.sold_out,
            document.published_at,
            document.version,
            document.fingerprint,
        ),
    )
    database.execute(
        _PUT[1],
        (
            document.product_id,
            document.title,
            document.also,
            document.place,
            document.text,
            document.pinyin,
        ),
    )
    _learn(database, document.pinyin.split(), known)


def _learn(database: sqlite3.Connection, words: Iterable[str], known: set[str]) -> None:
    """Make words findable through a slip. What was once known stays harmless."""
    for word in words:
        if len(word) < SHORTEST or word in known or not word.isalpha():
            continue
        known.add(word)
        if database.execute(_LEARNED, (word, word)).fetchone():
            continue
        database.executemany(
            "INSERT OR IGNORE INTO spelling VALUES (?, ?)",
            [(short, word) for short in shortened(word, slips_allowed(word))],
        )


def newer(database: sqlite3.Connection, product_id: int, version: int) -> bool:
    """Whether this version of a product comes after what the index was told of it."""
    (known,) = database.execute(_VERSION, {"id": product_id}).fetchone()
    return known is None or version > known


def forget(database: sqlite3.Connection, product_id: int) -> None:
    for statement in (
        "DELETE FROM words WHERE rowid = ?",
        "DELETE FROM document WHERE product_id = ?",
        "DELETE FROM gone WHERE product_id = ?",
    ):
        database.execute(statement, (product_id,))
