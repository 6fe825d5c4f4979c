"""A disk that is full: an error in words, nothing half written, and later it goes on.

The limit is the kernel's own (RLIMIT_FSIZE), in a child that has no other files.
"""

import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from partners import operations as partners
from partners.ledger import queries as ledger
from partners.models import Disbursement
from partners.whole_files import write_all_whole, write_whole
from tests.factories.shares import NOON, photo
from tests.factories.traceability import new_certificate, new_lot
from tests.faults.killing import in_child
from traceability import operations as trace
from traceability.models import LogLeaf
from traceability.tlog import TileFolder

pytestmark = pytest.mark.django_db(transaction=True)


def without_room(act: Callable[[], object], *, most: int) -> str:
    """What `act` raised in a process whose files end after `most` bytes, if it did.

    Only while a file of ours is written: SQLite's own must go on.
    """

    def starve() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        with (
            patch("partners.whole_files.write_whole", limited(most)),
            patch("traceability.tlog.write_whole", limited(most)),
            patch("traceability.tlog.write_all_whole", limited(most, write_all_whole)),
        ):
            act()

    _status, words = in_child(starve)
    kind, colon, said = words.strip().rpartition("\n")[2].partition(": ")
    return f"{kind.rpartition('.')[2]}{colon}{said}"


def limited(
    most: int, write: Callable[..., object] = write_whole
) -> Callable[..., None]:
    """`write`, and the kernel lets no file grow beyond `most` bytes meanwhile."""

    def written(*arguments: Any, **more: Any) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
        try:
            write(*arguments, **more)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))

    return written


def files_in(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    told = without_room(lambda: limited(2_000)(path, [b"x" * 100] * 50), most=2_000)
    assert told.startswith("OSError")
    assert files_in(tmp_path) == []


def test_plain_writing_would_leave_a_half(tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    plainly = limited(2_000, Path.write_bytes)
    told = without_room(lambda: plainly(path, b"x" * 5_000), most=2_000)
    assert told.startswith("OSError")
    assert path.stat().st_size == 2_000


def test_a_receipt_that_finds_no_room_records_no_money(
    paid_in, household_zhang, operator, settings, tmp_path: Path
) -> None:
    settings.PRIVATE_ROOT = tmp_path / "private"
    before = ledger.balances("")

    def hand_out() -> Disbursement:
        return partners.disburse(
            household=household_zhang,
            amount_fen=1_667,
            kind=Disbursement.Kind.CASH,
            receipt=photo(),
            photos=[photo(size=(64, 48), color="red")],
            by=operator,
            at=NOON,
            key="the form that was sent",
        )

    told = without_room(hand_out, most=10)
    assert told.startswith("UnableToDisburse")
    assert files_in(tmp_path / "private") == []
    assert ledger.balances("") == before
    assert hand_out().amount_fen == 1_667


def test_a_log_that_finds_no_room_keeps_what_is_published(
    farmer_wang, assistant_zhao, settings, tmp_path: Path
) -> None:
    settings.LOG_FOLDER = tmp_path / "log"
    by = assistant_zhao.user
    new_certificate(lot=new_lot(farmer=farmer_wang, by=by), by=by)
    published = trace.publish_log(at=NOON)
    new_certificate(lot=new_lot(farmer=farmer_wang, by=by), by=by)
    before = files_in(settings.LOG_FOLDER)

    told = without_room(lambda: trace.publish_log(at=NOON), most=100)
    assert told.startswith("OSError")
    folder = TileFolder(settings.LOG_FOLDER)
    assert folder.checkpoint() == published
    assert not [name for name in files_in(settings.LOG_FOLDER) if ".half-" in name]
    assert set(before) <= set(files_in(settings.LOG_FOLDER))

    checkpoint = trace.publish_log(at=NOON)
    assert checkpoint.size == LogLeaf.objects.count() > published.size
