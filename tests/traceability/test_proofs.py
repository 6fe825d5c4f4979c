"""The way from a line to the signed sum, as its page tells it."""

from pathlib import Path

import pytest
from django.test import Client

from shop.users.models import User
from tests.factories.traceability import NOW, new_certificate
from tests.traceability.test_log import fill
from traceability import merkle, operations, queries, tlog
from traceability.models import Certificate, LogCheckpoint

pytestmark = pytest.mark.django_db


class TestSteps:
    @pytest.mark.parametrize("lines", [0, 1, 5, 30, 254, 300])
    def test_lead_to_the_signed_root(
        self, certificate: Certificate, lines: int
    ) -> None:
        fill(lines)
        operations.publish_log(at=NOW)
        proof = queries.proof_of(certificate.leaf)
        assert proof is not None
        assert proof.steps[-1].sum == proof.checkpoint.root.hex()
        # Together with the line itself they are all lines, each once.
        told = [range(step.first, step.last + 1) for step in proof.steps]
        found = sorted([proof.index + 1, *(line for span in told for line in span)])
        assert found == list(range(1, proof.checkpoint.size + 1))

    def test_each_hash_is_that_of_the_lines_it_names(
        self, certificate: Certificate, log_folder: Path
    ) -> None:
        fill(30)
        operations.publish_log(at=NOW)
        proof = queries.proof_of(certificate.leaf)
        assert proof is not None
        leaves = tlog.TileFolder(log_folder).hashes(0, 0, proof.checkpoint.size)
        for step in proof.steps:
            own = merkle.root_of(leaves[step.first - 1 : step.last])
            assert own.hex() == step.hash

    def test_no_ranges_for_no_leaf(self) -> None:
        with pytest.raises(ValueError, match="no leaf"):
            merkle.inclusion_ranges(index=3, size=3)


class TestGrowth:
    def test_from_the_first_signed_sum_to_today_s(
        self, certificate: Certificate
    ) -> None:
        first = operations.publish_log(at=NOW)
        fill(40)
        last = operations.publish_log(at=NOW)
        growth = queries.growth_since(certificate.leaf, last)
        assert growth is not None
        assert growth.old.size == first.size
        merkle.verify_consistency(
            old=first.size,
            new=last.size,
            old_root=first.root,
            new_root=last.root,
            proof=growth.hashes,
        )

    def test_there_is_none_before_the_log_grew(self, certificate: Certificate) -> None:
        checkpoint = operations.publish_log(at=NOW)
        assert queries.growth_since(certificate.leaf, checkpoint) is None

    def test_a_changed_history_is_not_called_growth(
        self, certificate: Certificate, zhao: User
    ) -> None:
        first = operations.publish_log(at=NOW)
        fill(40)
        last = operations.publish_log(at=NOW)
        lie = first.note.replace("\n3\n", "\n2\n")
        LogCheckpoint.objects.create(size=2, root="0" * 64, note=lie, signed_at=NOW)
        with pytest.raises(tlog.LogDamaged, match="not only grown"):
            queries.growth_since(certificate.leaf, last)


class TestCertificatePage:
    def test_leads_through_the_proof(
        self, client: Client, certificate: Certificate
    ) -> None:
        operations.publish_log(at=NOW)
        fill(5)
        operations.publish_log(at=NOW)
        page = client.get(f"/certificates/{certificate.number}/").content.decode()
        proof = queries.proof_of(certificate.leaf)
        assert proof is not None
        assert "line 1 before it" in page
        assert "lines 5 to 8 after it" in page
        for step in proof.steps:
            assert step.sum[:8] in page
        assert "it had 3 lines" in page
        assert "nothing was changed or taken out since" in page
        for name in ("proof.json", "credential.json", "proof.tlog-proof"):
            address = f"/certificates/{certificate.number}/{name}"
            assert address in page
            assert client.get(address).status_code == 200

    def test_says_so_where_nothing_came_after(
        self, client: Client, certificate: Certificate
    ) -> None:
        operations.publish_log(at=NOW)
        page = client.get(f"/certificates/{certificate.number}/").content.decode()
        assert "No line came after" in page

    def test_a_withdrawn_one_has_no_credential_to_offer(
        self, client: Client, certificate: Certificate, zhao: User
    ) -> None:
        operations.revoke_certificate(
            certificate=certificate, reason="写错了", by=zhao, at=NOW
        )
        operations.publish_log(at=NOW)
        page = client.get(f"/certificates/{certificate.number}/").content.decode()
        assert "proof.json" in page
        assert "credential.json" not in page
        again = new_certificate(lot=certificate.lot, by=zhao, quantity_g=1_000)
        page = client.get(f"/certificates/{again.number}/").content.decode()
        assert "credential.json" in page
