"""From the plot to the scan, in one go: the way that the market day takes."""

from pathlib import Path

from partners.organisations.models import Farmer
from shop.users.models import User
from tests.factories.traceability import NOW, new_batch, new_certificate, new_lot
from traceability import operations, queries
from traceability.codes import number_of
from traceability.queries import State


class TestFromPlotToScan:
    def test_first_and_second_scan_and_a_forged_code(
        self, farmer_wang: Farmer, zhao: User, log_folder: Path
    ) -> None:
        lot = new_lot(farmer=farmer_wang, by=zhao)
        certificate = new_certificate(lot=lot, by=zhao)
        batch = new_batch(certificate=certificate, by=zhao)
        assert certificate.number == "HS-2026-000001"
        code = batch.codes()[3]
        operations.pack_label(code=code, at=NOW, by=zhao)
        before = queries.judge(text=code, device=None, now=NOW)
        assert before.state == State.GENUINE
        first = operations.count_scan(code=code, device="a" * 20, at=NOW)
        assert (first.state, first.ordinal) == (State.FIRST, 1)
        second = operations.count_scan(code=code, device="b" * 20, at=NOW)
        assert (second.state, second.ordinal) == (State.AGAIN, 2)
        assert second.first_at == NOW
        checkpoint = operations.publish_log(at=NOW)
        # Two keys, a certificate, a batch and an activation.
        assert checkpoint.size == 5
        assert (log_folder / "certificates" / "HS-2026-000001.json").exists()
        proof = queries.proof_of(certificate.leaf)
        assert proof is not None
        assert proof.checkpoint.root == checkpoint.root
        assert number_of(code) == batch.first_number + 3
