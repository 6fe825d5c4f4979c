"""Recalling and revoking as pages: told before, said twice, by the county alone."""

import pytest
from django.test import Client

from shop.users.models import User
from tests.factories.traceability import new_batch, new_certificate, new_lot
from tests.traceability.test_lot_pages import logged_in, words_of
from traceability import operations, queries
from traceability.models import Certificate, Label, Lot, StatusEvent
from traceability.operations import Portion

pytestmark = pytest.mark.django_db
REASON = "抽检发现残留超标"


@pytest.fixture
def county(operator: User) -> Client:
    return logged_in(operator)


def recall_of(lot: Lot) -> str:
    return f"/backoffice/lots/{lot.number}/recall/"


def revoke_of(certificate: Certificate) -> str:
    return f"/backoffice/certificates/{certificate.number}/revoke/"


def said_twice() -> dict[str, str]:
    return {"reason": REASON, "confirmed": "on"}


def state_of(label: Label) -> str:
    found = queries.judge(text=label.code, device=None, now=label.batch.minted_at)
    return str(found.state)


class TestRecall:
    def test_tells_first_and_does_nothing(
        self, county: Client, lot: Lot, certificate: Certificate, zhao: User
    ) -> None:
        new_batch(certificate=certificate, by=zhao)
        words = words_of(county.get(recall_of(lot)))
        assert "10 labels will say so" in words
        assert "1 lot is recalled: no lot was made out of it." in words
        assert not StatusEvent.objects.exists()

    def test_asks_once_more_before_it_does(self, county: Client, lot: Lot) -> None:
        words = words_of(county.post(recall_of(lot), {"reason": REASON}))
        assert REASON in words
        assert "Recall it now" in words
        assert not StatusEvent.objects.exists()

    @pytest.mark.parametrize("reason", ["", "   "])
    def test_wants_a_reason_at_its_field(
        self, county: Client, lot: Lot, reason: str
    ) -> None:
        answer = county.post(recall_of(lot), {"reason": reason, "confirmed": "on"})
        assert 'aria-invalid="true"' in answer.content.decode()
        assert not StatusEvent.objects.exists()

    def test_turns_every_label_at_the_second_yes(
        self, county: Client, label: Label, operator: User
    ) -> None:
        assert state_of(label) == "genuine"
        answer = county.post(recall_of(label.lot), said_twice(), follow=True)
        assert state_of(label) == "recalled"
        words = words_of(answer)
        assert "is recalled" in words
        assert REASON in words
        assert "1 on packages" in words
        status = StatusEvent.objects.get(lot=label.lot)
        assert (status.recorded_by, status.reason) == (operator, REASON)

    def test_tells_of_every_lot_it_went_into(
        self, county: Client, lot: Lot, zhao: User
    ) -> None:
        assert lot.farmer is not None
        other = new_lot(farmer=lot.farmer, by=zhao)
        operations.merge_lots(
            portions=[Portion(lot, 1_000), Portion(other, 1_000)],
            product_name="冰糖橙",
            by=zhao,
            at=lot.recorded_at,
        )
        assert "2 lots are recalled" in words_of(county.get(recall_of(lot)))
        words = words_of(county.post(recall_of(lot), said_twice(), follow=True))
        assert "2 lots are recalled." in words
        assert not other.status_events.exists()

    def test_again_tells_what_it_did_and_does_nothing(
        self, county: Client, lot: Lot
    ) -> None:
        for _time in range(2):
            county.post(recall_of(lot), said_twice())
        assert StatusEvent.objects.count() == 1
        answer = county.get(recall_of(lot)).content.decode()
        assert "What it did" in answer
        assert 'name="reason"' not in answer

    def test_no_label_of_it_is_made_any_more(
        self, county: Client, certificate: Certificate, zhao: User
    ) -> None:
        lot = certificate.lot
        county.post(recall_of(lot), said_twice())
        with pytest.raises(operations.UnableToMint):
            new_batch(certificate=certificate, by=zhao)
        assert "/labels/" not in county.get(
            f"/assistant/lots/{lot.number}/"
        ).content.decode().replace("/labels/B", "")

    def test_stands_on_the_lots_own_page(self, county: Client, lot: Lot) -> None:
        page = f"/assistant/lots/{lot.number}/"
        assert recall_of(lot) in county.get(page).content.decode()
        county.post(recall_of(lot), said_twice())
        assert "This lot is recalled" in words_of(county.get(page))


class TestRevoke:
    def test_tells_asks_and_does(
        self, county: Client, label: Label, zhao: User
    ) -> None:
        certificate = label.batch.certificate
        assert "10 labels will say so" in words_of(county.get(revoke_of(certificate)))
        county.post(revoke_of(certificate), {"reason": REASON})
        assert state_of(label) == "genuine"
        words = words_of(county.post(revoke_of(certificate), said_twice(), follow=True))
        assert f"Certificate {certificate.number} is revoked" in words
        assert state_of(label) == "revoked"

    def test_leaves_the_lots_other_certificate_alone(
        self, county: Client, label: Label, zhao: User
    ) -> None:
        first = label.batch.certificate
        second = new_certificate(lot=label.lot, by=zhao, quantity_g=10_000)
        county.post(revoke_of(second), said_twice())
        assert state_of(label) == "genuine"
        assert not first.status_events.exists()

    def test_a_superseded_one_is_revoked_for_what_is_on_packages(
        self, county: Client, label: Label, zhao: User
    ) -> None:
        certificate = label.batch.certificate
        lot = f"/assistant/lots/{certificate.lot.number}/"
        operations.supersede_certificate(
            certificate=certificate, reason="改包装", by=zhao, at=certificate.issued_at
        )
        assert state_of(label) == "superseded"
        assert revoke_of(certificate) in county.get(lot).content.decode()
        free = Lot.objects.get(pk=certificate.lot_id).free_g
        county.post(revoke_of(certificate), said_twice())
        assert state_of(label) == "revoked"
        assert Lot.objects.get(pk=certificate.lot_id).free_g == free
        page = Client().get(f"/certificates/{certificate.number}/").content.decode()
        assert "Revoked" in page or "已撤销" in page
        assert revoke_of(certificate) not in county.get(lot).content.decode()
        answer = county.post(revoke_of(certificate), said_twice())
        assert certificate.status_events.count() == 2
        assert answer.status_code == 200

    def test_is_offered_only_while_it_stands(
        self, county: Client, certificate: Certificate
    ) -> None:
        page = f"/assistant/lots/{certificate.lot.number}/"
        assert revoke_of(certificate) in county.get(page).content.decode()
        county.post(revoke_of(certificate), said_twice())
        assert revoke_of(certificate) not in county.get(page).content.decode()


class TestWho:
    @pytest.fixture
    def addresses(self, certificate: Certificate) -> list[str]:
        return [recall_of(certificate.lot), revoke_of(certificate)]

    @pytest.mark.parametrize("who", ["zhao", "auditor", "manager", "stranger"])
    def test_nobody_but_the_county_withdraws(
        self, who: str, request: pytest.FixtureRequest, addresses: list[str]
    ) -> None:
        client = logged_in(request.getfixturevalue(who))
        for address in addresses:
            assert client.get(address).status_code == 403
            assert client.post(address, said_twice()).status_code == 403
        assert not StatusEvent.objects.exists()

    def test_strangers_are_asked_to_log_in(
        self, client: Client, addresses: list[str]
    ) -> None:
        for address in addresses:
            assert client.post(address, said_twice()).status_code == 302
        assert not StatusEvent.objects.exists()

    @pytest.mark.parametrize("who", ["zhao", "auditor"])
    def test_who_sees_the_lot_reads_what_was_done(
        self,
        who: str,
        request: pytest.FixtureRequest,
        county: Client,
        addresses: list[str],
    ) -> None:
        for address in addresses:
            county.post(address, said_twice())
        client = logged_in(request.getfixturevalue(who))
        for address in addresses:
            assert REASON in words_of(client.get(address))
            assert client.post(address, said_twice()).status_code == 403

    def test_a_stranger_does_not(
        self, stranger: User, county: Client, addresses: list[str]
    ) -> None:
        county.post(addresses[0], said_twice())
        assert logged_in(stranger).get(addresses[0]).status_code == 403
