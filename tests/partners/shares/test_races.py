"""Two people at once, on a real database file, and what holds when locks do not."""

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from partners import queries
from partners.models import (
    Accrual,
    AccrualLine,
    Confirmation,
    Disbursement,
    PayIn,
    Statement,
    StatementDecision,
)
from partners.operations import (
    AlreadyDecided,
    UnableToDecide,
    UnableToDisburse,
    UnableToPayIn,
    approve_statement,
    file_statement,
    pay_in,
)
from tests.factories.shares import AFTER_OCTOBER, OCTOBER, hand_out
from tests.factories.sheets import as_csv
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def errors(results: list[object]) -> list[object]:
    return [result for result in results if isinstance(result, Exception)]


def test_two_approvers_make_one_accrual(filed, operator, other_operator):
    results = at_once(
        *(
            lambda who=who: approve_statement(statement=filed, by=who, at=AFTER_OCTOBER)
            for who in (operator, other_operator)
        )
    )
    assert [type(error) for error in errors(results)] == [AlreadyDecided]
    assert Accrual.objects.count() == StatementDecision.objects.count() == 1
    assert not queries.disagreements()


def test_without_the_lock_the_database_still_lets_one_decide(
    filed, operator, other_operator, monkeypatch
):
    """The negative control: both look, both see nobody, both write."""
    monkeypatch.setattr(
        "partners.operations.approvals._require_open", lambda **_kwargs: None
    )
    results = at_once(
        *(
            lambda who=who: approve_statement(statement=filed, by=who, at=AFTER_OCTOBER)
            for who in (operator, other_operator)
        )
    )
    assert [type(error) for error in errors(results)] == [IntegrityError]
    assert Accrual.objects.count() == 1


def test_ten_uploads_at_once_are_one_statement(supermarket, agreement, manager):
    results = at_once(
        *(
            lambda data=data: file_statement(
                supermarket=supermarket,
                period=OCTOBER,
                file=ContentFile(data, "x.csv"),
                by=manager,
                at=AFTER_OCTOBER,
            )
            for data in (as_csv(), as_csv(encoding="gbk")) * 5
        )
    )
    assert not errors(results)
    assert Statement.objects.count() == 1


def test_payments_at_once_are_never_more_than_owed(accrual, supermarket, operator):
    results = at_once(
        *(
            lambda n=n: pay_in(
                supermarket=supermarket,
                amount_fen=1_500,
                reference=f"B-{n}",
                by=operator,
                at=AFTER_OCTOBER,
            )
            for n in range(4)
        )
    )
    assert [type(error) for error in errors(results)] == [UnableToPayIn] * 3
    assert PayIn.objects.count() == 1
    assert not queries.disagreements()


def test_the_same_payment_at_once_is_one(accrual, supermarket, operator):
    results = at_once(
        *(
            lambda: pay_in(
                supermarket=supermarket,
                amount_fen=500,
                reference="B",
                by=operator,
                at=AFTER_OCTOBER,
            )
            for _n in range(4)
        )
    )
    assert not errors(results)
    assert PayIn.objects.count() == 1


def test_disbursements_at_once_are_never_more_than_paid_in(
    paid_in, household_zhang, operator, other_operator
):
    results = at_once(
        *(
            lambda who=who: hand_out(household_zhang, 1_000, by=who)
            for who in (operator, other_operator, operator, other_operator)
        )
    )
    assert [type(error) for error in errors(results)] == [UnableToDisburse] * 3
    assert Disbursement.objects.count() == 1
    assert not queries.disagreements()


def test_without_the_look_the_database_still_keeps_the_sum(
    paid_in, household_zhang, operator, monkeypatch
):
    """The negative control: every request believes that all is still there."""
    before = list(AccrualLine.objects.filter(household=household_zhang))
    monkeypatch.setattr(queries, "lines_ready", lambda **_kwargs: before)
    monkeypatch.setattr(
        queries, "standing_of", lambda **_kwargs: queries.Standing(9999, 9999, 0)
    )
    hand_out(household_zhang, 1_000, by=operator)
    with pytest.raises(Exception, match=r"overdrawn|accrual_line_never_over"):
        hand_out(household_zhang, 1_000, by=operator)
    assert Disbursement.objects.count() == 1


def test_filing_and_approving_at_once_leave_one_story(
    filed, supermarket, manager, operator
):
    results = at_once(
        lambda: approve_statement(statement=filed, by=operator, at=AFTER_OCTOBER),
        lambda: file_statement(
            supermarket=supermarket,
            period=OCTOBER,
            file=ContentFile(as_csv([("2026-10-02", "米", 1, 9, 4, "R")]), "x.csv"),
            by=manager,
            at=AFTER_OCTOBER,
        ),
    )
    failed = errors(results)
    assert all(isinstance(error, UnableToDecide) for error in failed)
    assert Accrual.objects.count() == 1 - len(failed)
    assert Statement.objects.count() == 2


def test_confirmations_are_kept_once_by_the_database(disbursement):
    facts = {
        "disbursement": disbursement,
        "answer": Confirmation.Answer.RECEIVED,
        "answered_at": AFTER_OCTOBER,
    }
    Confirmation.objects.create(**facts)
    with pytest.raises(IntegrityError), transaction.atomic():
        Confirmation.objects.create(**facts)
