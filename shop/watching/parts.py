"""What the shop stands on, and the quickest question that tells whether it is there."""

import os
import shutil
import uuid
from datetime import timedelta
from functools import cache as remembered
from pathlib import Path

from celery import current_app
from django.core.cache import cache
from django.core.files.storage import FileSystemStorage, Storage
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from partners.files import private_storage, public_storage
from partners.ledger.models import Seal
from shop.alipay import gateway
from shop.discovery.engine import Query
from shop.discovery.engines import configured
from shop.discovery.tokens import parse
from shop.watching.readiness import NotWell, Part, Readiness
from traceability import queries
from traceability.models import KeyPurpose

FREE_BYTES = 200 * 1024 * 1024
CLOCKS_APART = timedelta(seconds=30)


def database() -> None:
    """It answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def migrations() -> None:
    """It has every table that this code knows. More is fine: code comes after."""
    missing = (
        _known_migrations() - MigrationRecorder(connection).applied_migrations().keys()
    )
    if missing:
        raise NotWell(f"{len(missing)} migrations are not applied")


@remembered
def _known_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)


def clock() -> None:
    """Ours agrees with the database's, and nothing was sealed in our future."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            theirs = cursor.fetchone()[0]
        if abs(theirs - timezone.now()) > CLOCKS_APART:
            raise NotWell("the database's clock and ours are apart")
    last = (
        Seal.objects.order_by("-sequence").values_list("sealed_at", flat=True).first()
    )
    if last is not None and last - timezone.now() > CLOCKS_APART:
        raise NotWell("the last seal is of a time to come")


def shared_cache() -> None:
    """It gives back what it was given."""
    key = f"readiness-{uuid.uuid4().hex}"
    cache.set(key, key, timeout=10)
    if cache.get(key) != key:
        raise NotWell("what was put in is not there")
    cache.delete(key)


def broker() -> None:
    """Jobs can be left there."""
    with current_app.connection_for_write(connect_timeout=1) as connected:
        connected.ensure_connection(max_retries=1, interval_start=0, timeout=1)
        if connected.transport_cls == "filesystem":
            _writable(Path(connected.transport_options["data_folder_out"]))


def search() -> None:
    """The engine finds things."""
    configured().search(Query(tokens=parse("水果"), size=1))


def files() -> None:
    """Pictures and papers can be kept."""
    for storage in (public_storage(), private_storage()):
        _holds(storage)


def keys() -> None:
    """We can sign certificates, the log, and what we ask of Alipay."""
    for purpose in KeyPurpose:
        queries.signer_for(purpose, at=timezone.now())
    gateway.configured()


def _holds(storage: Storage) -> None:
    if isinstance(storage, FileSystemStorage):
        _writable(Path(storage.location))
    else:
        storage.exists("readiness")


def _writable(folder: Path) -> None:
    while not folder.exists():
        folder = folder.parent  # made with the first file
    if not os.access(folder, os.W_OK):
        raise NotWell(f"{folder.name} cannot be written to")
    if shutil.disk_usage(folder).free < FREE_BYTES:
        raise NotWell(f"the disk of {folder.name} is nearly full")


PARTS = (
    Part("database", database),
    Part("migrations", migrations, seconds=5),
    # It answers as an empty one, and breakers count for themselves.
    Part("cache", shared_cache, needed=False),
    # Jobs are rows that wait; pages leave none behind.
    Part("broker", broker, needed=False),
    Part("files", files),
    Part("keys", keys),
    # Browsing asks the database and searching falls back to it.
    Part("search", search, needed=False),
    # A wrong clock on one machine must not take all the others down.
    Part("clock", clock, needed=False),
)

readiness = Readiness(PARTS)
