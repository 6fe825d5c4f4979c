"""A worker killed anywhere while a supermarket's share goes its way: all or nothing."""

import pytest

from partners import operations
from partners.ledger import queries as ledger
from partners.models import Accrual, Disbursement, Funding, PayIn, StatementDecision
from tests.factories.shares import AFTER_OCTOBER, NOON, photo
from tests.faults.killing import deaths_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_approval_accrues_everything_or_nothing(filed, operator) -> None:
    before = ledger.balances("")

    def approve() -> None:
        operations.approve_statement(statement=filed, by=operator, at=AFTER_OCTOBER)

    def is_done() -> bool:
        if Accrual.objects.exists():
            return True
        assert ledger.balances("") == before
        assert not StatementDecision.objects.exists()
        return False

    assert deaths_until(approve, is_done) > 10
    accrual = Accrual.objects.get()
    assert sum(line.amount_fen for line in accrual.lines.all()) == accrual.amount_fen
    with pytest.raises(operations.AlreadyDecided):
        approve()
    assert ledger.verify().faults == []


def test_a_payment_into_the_fund_counts_once(accrual, supermarket, operator) -> None:
    before = ledger.balances("")

    def pay() -> None:
        operations.pay_in(
            supermarket=supermarket,
            amount_fen=accrual.amount_fen,
            reference="ICBC-2026-11",
            by=operator,
            at=AFTER_OCTOBER,
        )

    def is_done() -> bool:
        if PayIn.objects.exists():
            return True
        assert ledger.balances("") == before
        assert not Funding.objects.exists()
        return False

    assert deaths_until(pay, is_done) > 10
    pay()  # whoever was not told that it counts types it again
    assert PayIn.objects.count() == 1
    assert sum(f.amount_fen for f in Funding.objects.all()) == accrual.amount_fen
    assert ledger.verify().faults == []


def test_a_disbursement_is_handed_out_once(paid_in, household_zhang, operator) -> None:
    before = ledger.balances("")

    def hand_out() -> None:
        operations.disburse(
            household=household_zhang,
            amount_fen=1_667,
            kind=Disbursement.Kind.CASH,
            receipt=photo(),
            photos=[photo()],
            by=operator,
            at=NOON,
            key="the form that was sent",
        )

    def is_done() -> bool:
        if Disbursement.objects.exists():
            return True
        assert ledger.balances("") == before
        return False

    assert deaths_until(hand_out, is_done) > 10
    hand_out()
    assert Disbursement.objects.get().amount_fen == 1_667
    assert ledger.verify().faults == []
