"""What a database must say again once it was restored: its seal, its root, its rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection

from partners.ledger.queries import Head, verify
from traceability import merkle, tlog
from traceability.models import LogCheckpoint, LogLeaf

# Nothing leaves these, so that no later state of one history holds fewer.
APPEND_ONLY = (
    "ledger.Entry",
    "ledger.EntryLine",
    "ledger.Seal",
    "organisations.AuditRecord",
    "traceability.Certificate",
    "traceability.LogLeaf",
    "traceability.LogCheckpoint",
    "traceability.StatusEvent",
)


@dataclass(frozen=True)
class Facts:
    """`faults` is what was wrong already; `rows` counts every table of ours."""

    seal: str
    log_size: int
    log_root: str
    rows: dict[str, int]
    faults: list[str]


def facts() -> Facts:
    """Everything computed anew from the default database's rows."""
    ledger = verify()
    leaves = _leaf_hashes()
    return Facts(
        seal=str(ledger.head),
        log_size=len(leaves),
        log_root=merkle.root_of(leaves).hex(),
        rows={
            model._meta.label: model._base_manager.count()
            for model in apps.get_models()
            if model._meta.managed
        },
        faults=[*map(str, ledger.faults), *_log_faults(leaves)],
    )


def differences(then: Facts, *, exact: bool) -> Iterator[str]:
    """How the default database is not what it was `then`, or not its continuation.

    `exact`: not a row more. Otherwise it may have gone on, with the same history.
    """
    sequence, seal = then.seal.split(":")
    ledger = verify(expected=Head(int(sequence), seal))
    leaves = _leaf_hashes()
    for fault in [*map(str, ledger.faults), *_log_faults(leaves)]:
        if fault not in then.faults:
            yield f"ledger or log: {fault}"
    if exact and str(ledger.head) != then.seal:
        yield f"the ledger's last seal is {ledger.head}, not {then.seal}"
    if len(leaves) < then.log_size:
        yield f"the log has {len(leaves)} lines, not {then.log_size}"
    elif merkle.root_of(leaves[: then.log_size]).hex() != then.log_root:
        yield f"the log's first {then.log_size} lines have another root"
    for label, count in then.rows.items():
        now = apps.get_model(label)._base_manager.count()
        if now != count if exact else now < count and label in APPEND_ONLY:
            yield f"{label} has {now} rows, not {count}"


def log_file_faults(folder: tlog.TileFolder) -> Iterator[str]:
    """How the published files are not the beginning of what the rows say."""
    try:
        published = folder.checkpoint()
        if published is None:
            return
        leaves = _leaf_hashes()
        if published.size > len(leaves):
            yield f"{published.size} lines are published, {len(leaves)} are known"
        elif published.root != merkle.root_of(leaves[: published.size]):
            yield "the published checkpoint has another root"
        elif merkle.root(folder.node(published.size), published.size) != published.root:
            yield "the published tiles are not what was signed"
    except tlog.LogDamaged as error:
        yield f"the published log: {error}"


@contextmanager
def standing_on(**place: Any) -> Iterator[None]:
    """The default database is another one for a while: NAME, HOST, PORT, …"""
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(place)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


def _leaf_hashes() -> list[bytes]:
    entries = LogLeaf.objects.order_by("index").values_list("entry", flat=True)
    return [merkle.leaf_hash(entry.encode()) for entry in entries.iterator()]


def _log_faults(leaves: list[bytes]) -> Iterator[str]:
    signed = LogCheckpoint.objects.order_by("-size").first()
    if signed is None:
        return
    if signed.size > len(leaves):
        yield f"{signed.size} lines were signed, {len(leaves)} are there"
    elif merkle.root_of(leaves[: signed.size]).hex() != signed.root:
        yield f"the first {signed.size} lines are not what was signed"
