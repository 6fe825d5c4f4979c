"""The embedded engine: SQLite FTS5 over pre-segmented text, in a file of its own.

A file of its own, so that indexing never waits for the shop's one writer nor makes it
wait, and so that the engine is the same beside PostgreSQL. A rebuild writes a new file
and then moves the name `current` over to it: readers change over between two queries.
"""

import fcntl
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from time import monotonic, sleep

from shop.discovery.engine import (
    DEEPEST,
    Document,
    Facet,
    Hit,
    Page,
    Query,
    SearchUnavailable,
)
from shop.discovery.spelling import SHORTEST, distance, shortened, slips_allowed
from shop.discovery.tokens import Term

BATCH = 500
MOST_SPELLINGS = 8
# A word that half the market holds narrows nothing; the newest of it are enough.
MOST_MATCHES = 20_000
# Longer than any batch takes, shorter than a worker should stand still.
PATIENCE = 5.0
_SCHEMA = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=NORMAL;
CREATE TABLE document (
    product_id INTEGER PRIMARY KEY, category TEXT NOT NULL, category_name TEXT NOT NULL,
    township TEXT NOT NULL, township_name TEXT NOT NULL, price_fen INTEGER NOT NULL,
    sold_out INTEGER NOT NULL, published_at INTEGER NOT NULL
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
    "INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    "INSERT INTO words (rowid, title, also, place, body, pinyin)"
    " VALUES (?, ?, ?, ?, ?, ?)",
)
_LEARNED = "SELECT 1 FROM spelling WHERE short = ? AND word = ?"
# What a word weighs by where it stands: title, other names, place, text, pinyin.
_RANK = "bm25(words, 10.0, 6.0, 4.0, 1.0, 3.0)"
# What matches is looked up once; hits and both facets are read from that.
_FIND = """
WITH hit AS MATERIALIZED (
    SELECT d.*, {rank} AS score,
        :category IN ('', d.category) AS chosen, :township IN ('', d.township) AS placed
    FROM words JOIN document d ON d.product_id = words.rowid
    WHERE words MATCH :match ORDER BY words.rowid DESC LIMIT {most}
)
SELECT * FROM (
    SELECT 0, product_id, '', score FROM hit WHERE chosen AND placed
    ORDER BY {order} LIMIT :size OFFSET :start
) UNION ALL SELECT * FROM (
    SELECT 1, township, township_name, count(*) FROM hit WHERE chosen
    GROUP BY township ORDER BY count(*) DESC, township
) UNION ALL SELECT * FROM (
    SELECT 2, category, category_name, count(*) FROM hit WHERE placed
    GROUP BY category ORDER BY count(*) DESC, category
)
""".replace("{rank}", _RANK).replace("{most}", str(MOST_MATCHES))
_ORDER = {
    "best": "sold_out, score, published_at DESC, product_id DESC",
    "newest": "sold_out, published_at DESC, product_id DESC",
    "price": "sold_out, price_fen, product_id DESC",
}


class SqliteEngine:
    """An index in `folder`, for any number of readers and one writer at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._local = threading.local()

    # Reading

    def search(self, query: Query) -> Page:
        if not query.tokens.terms:
            return Page(hits=[], total=0)
        try:
            database = self._reader()
            terms = [
                f"({self._expression(database, term)})" for term in query.tokens.terms
            ]
            page = self._page(database, query, " AND ".join(terms), near=False)
            if page.townships or page.categories or len(terms) == 1:
                return page
            return self._page(database, query, " OR ".join(terms), near=True)
        except sqlite3.Error as error:
            raise SearchUnavailable(str(error)) from error

    def _page(
        self, database: sqlite3.Connection, query: Query, match: str, *, near: bool
    ) -> Page:
        given = {
            "match": match,
            "category": query.category,
            "township": query.township,
            "size": query.size,
            "start": max(0, min(query.start, DEEPEST)),
        }
        # Only our own constants are put together here; what people type is bound.
        rows = database.execute(
            _FIND.format(order=_ORDER.get(query.sort, _ORDER["best"])), given
        ).fetchall()
        hits = [Hit(int(code), -score) for kind, code, _n, score in rows if kind == 0]
        townships = [Facet(*row[1:]) for row in rows if row[0] == 1]
        categories = [Facet(*row[1:]) for row in rows if row[0] == 2]
        total = sum(
            facet.count for facet in townships if query.township in ("", facet.code)
        )
        return Page(hits, total, townships, categories, near=near and total > 0)

    def _expression(self, database: sqlite3.Connection, term: Term) -> str:
        """One term in FTS5's language. Tokens hold letters, digits and Han only."""
        ways = [" AND ".join(map(_quoted, group)) for group in term.any_of]
        if term.spelled and not self._known(database, term.spelled):
            ways += [_quoted(word) for word in self._meant(database, term.spelled)]
        return " OR ".join(f"({way})" for way in ways)

    @staticmethod
    def _known(database: sqlite3.Connection, word: str) -> bool:
        """Whether any token begins so: huangt is half a word, and no slip."""
        row = database.execute(
            "SELECT 1 FROM spelling WHERE short >= ? AND short < ? AND short = word",
            (word, word + "{"),
        ).fetchone()
        return row is not None

    @staticmethod
    def _meant(database: sqlite3.Connection, word: str) -> list[str]:
        most = slips_allowed(word)
        shorts = list(islice(sorted(shortened(word, most)), 900))
        marks = ",".join("?" * len(shorts))
        rows = database.execute(
            f"SELECT DISTINCT word FROM spelling WHERE short IN ({marks})",  # noqa: S608
            shorts,
        ).fetchall()
        near = sorted((distance(word, known, most=most), known) for (known,) in rows)
        return [known for slips, known in near if slips <= most][:MOST_SPELLINGS]

    def _reader(self) -> sqlite3.Connection:
        """This thread's connection to the current file."""
        held: tuple[str, sqlite3.Connection] | None = getattr(self._local, "held", None)
        name = self._current()
        if held is not None:
            held_name, connection = held
            if held_name == name:
                return connection
            connection.close()
            self._local.held = None
        try:
            connection = self._open(self.folder / name, query_only=True)
        except SearchUnavailable:
            # A rebuild moved over and swept between our two looks.
            name = self._current()
            connection = self._open(self.folder / name, query_only=True)
        self._local.held = (name, connection)
        return connection

    def _current(self) -> str:
        try:
            return (self.folder / "current").read_text(encoding="ascii")
        except OSError as error:
            raise SearchUnavailable("There is no index yet.") from error

    @staticmethod
    def _open(path: Path, *, query_only: bool = False) -> sqlite3.Connection:
        if not path.exists():
            raise SearchUnavailable(f"{path.name} is gone.")
        database = sqlite3.connect(path, timeout=5, isolation_level=None)
        database.execute(f"PRAGMA query_only={int(query_only)}")
        return database

    # Writing

    def put(self, documents: Iterable[Document]) -> None:
        with self._writer() as database:
            for document in documents:
                _forget(database, [document.product_id])
                _write(database, document, set())

    def remove(self, product_ids: Iterable[int]) -> None:
        with self._writer() as database:
            _forget(database, product_ids)

    def rebuild(self, documents: Iterable[Document]) -> int:
        with self._alone(patience=None):
            name = f"index-{secrets.token_hex(6)}.sqlite3"
            try:
                count = _build(self.folder / name, documents)
                self._move_over(name)
            except sqlite3.Error as error:
                raise SearchUnavailable(str(error)) from error
            finally:
                self._sweep()
        return count

    @contextmanager
    def _writer(self) -> Iterator[sqlite3.Connection]:
        with self._alone(patience=PATIENCE):
            try:
                name = self._current_or_new()
                database = self._open(self.folder / name)
                try:
                    database.execute("BEGIN IMMEDIATE")
                    yield database
                    database.execute("COMMIT")
                finally:
                    database.close()
            except sqlite3.Error as error:
                raise SearchUnavailable(str(error)) from error

    def _current_or_new(self) -> str:
        try:
            return self._current()
        except SearchUnavailable:
            name = f"index-{secrets.token_hex(6)}.sqlite3"
            _build(self.folder / name, ())
            self._move_over(name)
            return name

    @contextmanager
    def _alone(self, *, patience: float | None) -> Iterator[None]:
        """One writer on this machine. Whoever waited `patience` seconds gives up."""
        self.folder.mkdir(parents=True, exist_ok=True)
        deadline = None if patience is None else monotonic() + patience
        with (self.folder / "lock").open("a") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if deadline is not None and monotonic() >= deadline:
                        raise SearchUnavailable("Somebody else is writing.") from error
                    sleep(0.02)
            yield

    def _move_over(self, name: str) -> None:
        half = self.folder / "current.half"
        half.write_text(name, encoding="ascii")
        half.replace(self.folder / "current")

    def _sweep(self) -> None:
        """Take away files nobody was pointed to any more; open ones live on unseen."""
        try:
            current = self._current()
        except SearchUnavailable:
            return
        for path in self.folder.glob("index-*.sqlite3*"):
            if not path.name.startswith(current):
                path.unlink(missing_ok=True)


def _quoted(token: str) -> str:
    """A token as FTS5 takes it literally; the star of a beginning stays outside."""
    star = "*" if token.endswith("*") else ""
    return '"' + token.rstrip("*").replace('"', '""') + '"' + star


def _build(path: Path, documents: Iterable[Document]) -> int:
    database = sqlite3.connect(path, timeout=5, isolation_level=None)
    count = 0
    known: set[str] = set()
    try:
        database.executescript(_SCHEMA)
        rows = iter(documents)
        while batch := list(islice(rows, BATCH)):
            database.execute("BEGIN")
            for document in batch:
                _write(database, document, known)
            database.execute("COMMIT")
            count += len(batch)
        database.execute("INSERT INTO words (words) VALUES ('optimize')")
        database.execute("PRAGMA optimize")
    finally:
        database.close()
    return count


def _write(database: sqlite3.Connection, document: Document, known: set[str]) -> None:
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
        if len(word) < SHORTEST or word in known:
            continue
        known.add(word)
        if database.execute(_LEARNED, (word, word)).fetchone():
            continue
        database.executemany(
            "INSERT OR IGNORE INTO spelling VALUES (?, ?)",
            [(short, word) for short in shortened(word, slips_allowed(word))],
        )


def _forget(database: sqlite3.Connection, product_ids: Iterable[int]) -> None:
    ids = [(product_id,) for product_id in product_ids]
    database.executemany("DELETE FROM words WHERE rowid = ?", ids)
    database.executemany("DELETE FROM document WHERE product_id = ?", ids)
