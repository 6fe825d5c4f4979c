"""Codes, labels, scans and the public log, each beside what it cannot beat."""

import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from bench.bench import Bench
from bench.commits import COMMIT, bare_commits
from bench.measure import Figure, Rate

if TYPE_CHECKING:
    from traceability.tlog import TileFolder

LABELS = 1_000
WHOLE = 50_000
MOST_LABELS = 100_000
MOST_SCANS = 50_000
LEAVES = 1 << 14
MANY = 10_000_000


def figures(bench: Bench) -> Iterator[Figure]:
    bench.county()
    yield forged_codes(bench)
    yield labels(bench)
    yield whole_batches(bench)
    yield memory_of_batches()
    yield first_scans(bench)
    yield log_appends(bench)
    yield log_proofs(bench)


def forged_codes(bench: Bench) -> Figure:
    """A code that is refused by its own characters. A batch of them a call."""
    import hashlib
    import hmac

    from traceability import codes

    forged = [
        "".join(secrets.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for _ in range(20))
        for _ in range(1_000)
    ]
    key = b"k" * 32

    def check() -> None:
        for text in forged:
            codes.number_of(text)

    def bare() -> None:
        for text in forged:
            hmac.digest(key, text.encode(), hashlib.sha256)

    return bench.clock.compare(
        area="trace",
        name="code check, forged, no database",
        act=check,
        times=len(forged),
        baseline="one HMAC-SHA-256",
        bare=bare,
        bare_times=len(forged),
    )


def labels(bench: Bench) -> Figure:
    """Mint, sign as one root, and print: `LABELS` a call."""
    import qrcode

    from bench.county import new_certificate, new_labels
    from traceability import queries
    from traceability.printing import PAPERS, write_sheet

    certificate = new_certificate(quantity_g=MOST_LABELS * bench.clock.rounds)

    def batch() -> None:
        made = new_labels(certificate, LABELS)
        numbers = queries.printable_numbers(
            made, first=made.first_number, last=made.last_number
        )
        write_sheet(made, numbers.iterator(), paper=PAPERS["50x30"], out=BytesIO())

    def one() -> None:
        qrcode.make(f"HTTPS://XIANGJI.EXAMPLE/T/{secrets.token_hex(13).upper()}")

    return bench.clock.compare(
        area="trace",
        name="labels: mint, sign, sheet as PDF",
        act=batch,
        times=LABELS,
        baseline="one code by qrcode",
        bare=one,
    )


def whole_batches(bench: Bench) -> Figure:
    """`WHOLE` labels from minting to the last file on the disk, all their parts."""
    import qrcode

    from bench.label_run import measured

    def batch() -> Rate:
        return Rate(WHOLE / measured(WHOLE).seconds)

    def one() -> Rate:
        start = perf_counter()
        qrcode.make(f"HTTPS://XIANGJI.EXAMPLE/T/{secrets.token_hex(13).upper()}")
        return Rate(1 / (perf_counter() - start))

    return replace(bench.clock, rounds=min(2, bench.clock.rounds)).in_turns(
        area="trace",
        name=f"labels: {WHOLE:,} minted, signed, printed",
        measure=batch,
        baseline="one code by qrcode",
        measure_bare=one,
    )


def memory_of_batches() -> Figure:
    """The largest memory of a process that makes very many labels, and of one that
    makes few. MB stand where rates stand elsewhere; the ratio is how far it grows."""
    from bench.label_run import measured

    return Figure(
        area="trace",
        name=f"labels: {MOST_LABELS:,}, memory in MB",
        per_second=measured(MOST_LABELS).peak_mb,
        baseline=f"{LABELS:,} labels, memory in MB",
        baseline_per_second=measured(LABELS).peak_mb,
    )


def first_scans(bench: Bench) -> Figure:
    """Durable first scans of labels nobody looked at before."""
    from django.db import connection
    from django.utils import timezone

    from bench.county import new_labels
    from traceability import operations
    from traceability.models import Certificate, Label, StatusEvent

    certificate = Certificate.objects.select_related("lot").order_by("pk").first()
    assert certificate is not None
    batch, at = new_labels(certificate, MOST_SCANS), timezone.now()
    # As packing leaves them.
    Label.objects.filter(batch=batch).update(activated_at=at)
    StatusEvent.objects.bulk_create(
        StatusEvent(
            label_id=number,
            status=StatusEvent.Status.ACTIVATED,
            happened_at=at,
            recorded_by=certificate.issued_by,
        )
        for number in range(batch.first_number, batch.last_number + 1)
    )
    with connection.cursor() as cursor:
        # As PostgreSQL's own housekeeping does within a minute of such a batch.
        cursor.execute("ANALYZE")
    printed = iter(batch.codes())
    devices = count()

    def scan() -> None:
        operations.count_scan(
            code=next(printed),
            device=f"{next(devices):032x}",
            at=timezone.now(),
        )

    return bench.clock.compare(
        area="trace",
        name="first scan of a label, durable",
        act=scan,
        baseline=COMMIT,
        bare=bare_commits(),
    )


def log_appends(bench: Bench) -> Figure:
    """Entries written as tiles, bundles and all, beside the bare hash of each."""
    import hashlib

    from traceability import tlog

    entries = _entries()
    numbers = count()

    def bare() -> None:
        for entry in entries:
            hashlib.sha256(entry).digest()

    with tempfile.TemporaryDirectory() as name:

        def append() -> None:
            # Taking the files away again is no part of it.
            folder = Path(name) / str(next(numbers))
            tlog.TileFolder(folder).extend(entries, size=0)

        return bench.clock.compare(
            area="trace",
            name=f"log: append {LEAVES:,} entries as tiles",
            act=append,
            times=LEAVES,
            baseline="one SHA-256",
            bare=bare,
            bare_times=LEAVES,
        )


def log_proofs(bench: Bench) -> Figure:
    """A proof read from the published files, nothing remembered between two."""
    from traceability import merkle

    # Far apart, so that no two in a row read the same tiles.
    indices = count(step=7_919 * 256 + 1)
    with tempfile.TemporaryDirectory() as name:
        folder = _grown(Path(name), MANY)
        return bench.clock.compare(
            area="trace",
            name=f"log: a proof among {MANY:,}",
            act=lambda: merkle.inclusion_proof(
                folder.node(MANY), index=next(indices) % MANY, size=MANY
            ),
            baseline="one tile read from its file",
            bare=lambda: folder.hashes(0, next(indices) % (MANY >> 8), 256),
        )


def _grown(path: Path, size: int) -> "TileFolder":
    """The tiles of a log of `size` equal entries: equal tiles are links to one file."""
    from traceability import merkle, tlog

    folder, item, level = tlog.TileFolder(path), merkle.leaf_hash(b"equal"), 0
    while size:
        whole = tlog.tile_path(level, 0)
        folder.write(whole, item * tlog.WIDTH)
        for index in range(1, size // tlog.WIDTH):
            link = path / tlog.tile_path(level, index)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.hardlink_to(path / whole)
        rest = size % tlog.WIDTH
        if rest:
            last = tlog.tile_path(level, size // tlog.WIDTH, rest)
            folder.write(last, item * rest)
        item, size, level = (
            merkle.perfect_root([item] * tlog.WIDTH),
            size // tlog.WIDTH,
            level + 1,
        )
    return folder


def _entries() -> list[bytes]:
    return [number.to_bytes(32, "big") for number in range(LEAVES)]
