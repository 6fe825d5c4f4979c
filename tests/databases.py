"""Test databases that start from what all migrations make, instead of making it.

On SQLite that is the text of the schema, on PostgreSQL a template: a database that
whoever comes first migrates once, and that every test process copies.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from tools import schema

# One process at a time makes the template; the others wait for it.
LOCK = 43_072_200


def migrated_sqlite(database: dict[str, Any]) -> bool:
    """Make the test database's file from the schema's text, where that fits."""
    path = Path(database["TEST"]["NAME"])
    path.unlink(missing_ok=True)
    return schema.load(path)


def migrated_postgresql(database: dict[str, Any]) -> str:
    """The name of a database to copy, which holds what these migrations make."""
    name = f"xiangji_template_{schema.fingerprint()[:16]}"
    with psycopg.connect(_url(database, "postgres"), autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        found = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if found.fetchone() is None:
            half = sql.Identifier(f"{name}_half")
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(half))
            server.execute(sql.SQL("CREATE DATABASE {}").format(half))
            _migrate(_url(database, f"{name}_half"))
            server.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                    half, sql.Identifier(name)
                )
            )
    return name


def _migrate(url: str) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=schema.ROOT,
        env=os.environ
        | {
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "shop.config.settings.test",
        },
        check=True,
    )


def _url(database: dict[str, Any], name: str) -> str:
    user, password = (quote(database[key], safe="") for key in ("USER", "PASSWORD"))
    return (
        f"postgresql://{user}:{password}@{database['HOST']}:{database['PORT']}/{name}"
    )
