"""A new SQLite database in a moment: what all migrations make, kept as SQL text.

    python -m tools.schema dump     run every migration, write shop/config/schema.sql
    python -m tools.schema check    fail where the text is not what migrations make

Oscar's migrations and ours together take half a minute on an empty database, nearly
all of it Django rendering model states. The text begins with a fingerprint of every
migration file (and of the guards they put up), Oscar's and Django's too; where it
does not fit, `load` does nothing and `migrate` runs as usual, so the text can be
late but never wrong.
"""

import hashlib
import os
import re
import sqlite3
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from django.db.backends.sqlite3._functions import register

ROOT = Path(__file__).resolve().parents[1]
TEXT = ROOT / "shop" / "config" / "schema.sql"
OURS = ("shop", "partners", "traceability", "logistics")


def fingerprint() -> str:
    """Changes when a migration or a guard changes, or Django or Oscar is another."""
    digest = hashlib.sha256()
    for name in ("django", "django-oscar"):
        digest.update(f"{name}={version(name)}".encode())
    for package in OURS:
        made_by = (ROOT / package).rglob
        for path in sorted([*made_by("migrations/*.py"), *made_by("guards.py")]):
            digest.update(str(path.relative_to(ROOT)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def load(path: Path) -> bool:
    """Make the database at `path` from the text; False where that is not possible."""
    if path.exists() or not TEXT.exists():
        return False
    head, _, script = TEXT.read_text(encoding="utf-8").partition("\n")
    if head != f"-- {fingerprint()}":
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.half")
    half.unlink(missing_ok=True)
    with sqlite3.connect(half) as database:
        register(database)  # our constraints call Django's REGEXP
        database.executescript(script)
    database.close()
    half.rename(path)
    return True


def _same_every_time(database: sqlite3.Connection) -> None:
    """Make the migrations' own table depend on nothing but the code.

    One moment for all, and one order: Django plans migrations that do not depend
    on one another in the order of a set, which is another in every process.
    """
    rows = database.execute(
        "SELECT app, name FROM django_migrations ORDER BY app, name"
    ).fetchall()
    database.execute("DELETE FROM django_migrations")
    database.executemany(
        "INSERT INTO django_migrations VALUES (?, ?, ?, '2026-01-01')",
        [(number, app, name) for number, (app, name) in enumerate(rows, start=1)],
    )


def dumped() -> str:
    """The text that every migration, run on an empty database, results in."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XIANGJI_VAR"] = folder
        os.environ.pop("DATABASE_URL", None)
        os.environ["DJANGO_SETTINGS_MODULE"] = "shop.config.settings.local"
        import django  # noqa: PLC0415  the environment must be complete first
        from django.core.management import call_command  # noqa: PLC0415
        from django.db import connection  # noqa: PLC0415

        django.setup()
        call_command("migrate", verbosity=0)
        name = connection.settings_dict["NAME"]
        connection.close()
        with sqlite3.connect(name) as database:
            _same_every_time(database)
            script = "\n".join(database.iterdump())
        database.close()
    script = re.sub(r"^INSERT INTO \"sqlite_sequence\".*\n", "", script, flags=re.M)
    return f"-- {fingerprint()}\n{script}\n"


def main(verb: str) -> int:
    text = dumped()
    if verb == "dump":
        TEXT.write_text(text, encoding="utf-8")
        return 0
    if not TEXT.exists() or TEXT.read_text(encoding="utf-8") != text:
        print(f"{TEXT.name} is not what the migrations make; run `make schema`.")
        return 1
    print(f"{TEXT.name} is what the migrations make.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "check"))
