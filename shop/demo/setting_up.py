"""Make what the demo stands on, and only what is missing or has changed."""

import hashlib
import json
import os
import sys
import time
from pathlib import Path

from shop.demo.tongue import say
from tools import messages, schema


def prepare(*, root: Path, var: Path, port: int) -> None:
    """Database, divisions, catalogues, static files, the county's first part.

    Where all of it is there, Django is not even loaded: a second start is short.
    """
    stamp = var / "prepared.json"
    wanted = _fingerprint(root)
    known = json.loads(stamp.read_text()) if stamp.exists() else {}
    (var / "demo.json").write_text(
        json.dumps({"base_url": os.environ["XIANGJI_BASE_URL"], "port": port})
    )
    if known == {"code": wanted, "county": True}:
        return
    import django  # noqa: PLC0415  the environment must be complete first

    django.setup()
    if known.get("code") != wanted:
        _step(say("译文", "Catalogues"), messages.compile_catalogues)
        _step(say("数据库", "Database"), _migrate)
        files = say("静态文件", "Static files")
        _step(files, lambda: _manage("collectstatic", verbosity=0))
        from shop.demo import keys  # noqa: PLC0415  needs Django

        _step(say("密钥和根密钥", "Keys and their root"), lambda: keys.make(var))
        stamp.write_text(json.dumps(known | {"code": wanted}))
    if not known.get("county"):
        from shop.demo import seed  # noqa: PLC0415  needs Django

        divisions = say("全国行政区划", "Divisions of China")
        _step(divisions, lambda: _manage("load_divisions", verbosity=0))
        seed.run()
        stamp.write_text(json.dumps({"code": wanted, "county": True}))


def _migrate() -> None:
    from django.db import connection  # noqa: PLC0415

    if connection.vendor == "sqlite":
        schema.load(Path(connection.settings_dict["NAME"]))
    _manage("migrate", verbosity=0)


def _manage(command: str, **options: object) -> None:
    from django.core.management import call_command  # noqa: PLC0415

    if command in {"migrate", "collectstatic"}:
        options["interactive"] = False
    call_command(command, **options)


def _step(title: str, work) -> None:
    start = time.monotonic()
    print(f"  {title} …", end="", flush=True)
    work()
    print(f"\r  {title}: {time.monotonic() - start:.1f} s", file=sys.stdout)


def _fingerprint(root: Path) -> str:
    """Changes when migrations, static files, catalogues or pins change."""
    digest = hashlib.sha256()
    for folder, pattern in (
        ("shop", "**/migrations/*.py"),
        ("partners", "**/migrations/*.py"),
        ("traceability", "**/migrations/*.py"),
        ("logistics", "**/migrations/*.py"),
        ("shop/storefront/static", "**/*"),
        ("logistics/static", "**/*"),
        ("locale", "**/*.po"),
        ("locale/incoming", "*.json"),
        (".", "requirements.txt"),
    ):
        for path in sorted((root / folder).glob(pattern)):
            if path.is_file():
                digest.update(str(path.relative_to(root)).encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()
