"""The embedded engine: SQLite FTS5 over pre-segmented text, in a file of its own.

A file of its own, so that indexing never waits for the shop's one writer nor makes it
wait, and so that the engine is the same beside PostgreSQL. A rebuild writes a new file
and then moves the name `current` over to it: readers change over between two queries.
"""

import fcntl
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from pathlib import Path
from time import monotonic, sleep, time

from django.conf import settings

from shop.discovery.engine import (
    BLOCK,
    DEEPEST,
    REMEMBERED_SECONDS,
    Document,
    Facet,
    Gone,
    Held,
    Hit,
    Page,
    Query,
    SearchUnavailable,
    Tally,
)
from shop.discovery.spelling import distance, shortened, slips_allowed
from shop.discovery.sqlite_file import FORM, build, forget, newer, write
from shop.discovery.tokens import Term

MOST_SPELLINGS = 8
# A word that half the market holds narrows nothing; the newest of it are enough.
MOST_MATCHES = 20_000
# Longer than any batch takes, shorter than a worker should stand still.
PATIENCE = 5.0
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

    @classmethod
    def from_settings(cls) -> "SqliteEngine":
        return _in_folder(Path(settings.SEARCH_INDEX))

    # Reading

    def ready(self) -> bool:
        try:
            return (self.folder / self._current()).exists()
        except SearchUnavailable:
            return False

    def about(self) -> Mapping[str, str]:
        name = self._current()
        count = sum(tally.count for tally in self.tallies().values())
        return {
            "engine": "SQLite FTS5",
            "index": str(self.folder / name),
            "products": str(count),
        }

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

    def tallies(self) -> Mapping[int, Tally]:
        try:
            rows = self._reader().execute(
                "SELECT product_id / ?, count(*), sum(fingerprint)"
                " FROM document GROUP BY 1",
                (BLOCK,),
            )
            return {block: Tally(count, total) for block, count, total in rows}
        except sqlite3.Error as error:
            raise SearchUnavailable(str(error)) from error

    def held(self, block: int) -> Mapping[int, Held]:
        try:
            rows = self._reader().execute(
                "SELECT product_id, fingerprint, version FROM document"
                " WHERE product_id BETWEEN ? AND ?",
                (block * BLOCK, block * BLOCK + BLOCK - 1),
            )
            return {row[0]: Held(*row[1:]) for row in rows}
        except sqlite3.Error as error:
            raise SearchUnavailable(str(error)) from error

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
            name = (self.folder / "current").read_text(encoding="ascii")
        except OSError as error:
            raise SearchUnavailable("There is no index yet.") from error
        if not name.startswith(f"index-{FORM}-"):
            raise SearchUnavailable("The index is of another form.")
        return name

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
                if newer(database, document.product_id, document.version):
                    forget(database, document.product_id)
                    write(database, document, set())

    def remove(self, gone: Iterable[Gone]) -> None:
        now = time()
        with self._writer() as database:
            database.execute(
                "DELETE FROM gone WHERE at < ?", (now - REMEMBERED_SECONDS,)
            )
            for each in gone:
                if newer(database, each.product_id, each.version):
                    forget(database, each.product_id)
                    row = (each.product_id, each.version, now)
                    database.execute("INSERT INTO gone VALUES (?, ?, ?)", row)

    def rebuild(self, documents: Iterable[Document]) -> int:
        with self._alone(patience=None):
            name = f"index-{FORM}-{secrets.token_hex(6)}.sqlite3"
            try:
                count = build(self.folder / name, documents)
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
                database = self._open(self.folder / self._current())
                try:
                    database.execute("BEGIN IMMEDIATE")
                    yield database
                    database.execute("COMMIT")
                finally:
                    database.close()
            except sqlite3.Error as error:
                raise SearchUnavailable(str(error)) from error

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
        """Take away files nobody is pointed to any more; open ones live on unseen."""
        try:
            current = self._current()
        except SearchUnavailable:
            return
        for path in self.folder.glob("index-*.sqlite3*"):
            if not path.name.startswith(current):
                path.unlink(missing_ok=True)


@lru_cache(maxsize=8)
def _in_folder(folder: Path) -> SqliteEngine:
    """One engine a process, with one connection a thread."""
    return SqliteEngine(folder)


def _quoted(token: str) -> str:
    """A token as FTS5 takes it literally; the star of a beginning stays outside."""
    star = "*" if token.endswith("*") else ""
    return '"' + token.rstrip("*").replace('"', '""') + '"' + star
