"""A second person decides; the share accrues to the fen."""

from datetime import date

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from partners import queries
from partners.ledger.models import Entry
from partners.models import Accrual, AccrualLine, Statement, StatementDecision
from partners.operations import (
    AlreadyDecided,
    UnableToDecide,
    approve_statement,
    file_statement,
    pay_in,
    return_statement,
)
from partners.shares import fund, share_fen
from shop.users.operations import grant_role
from tests.factories.shares import AFTER_OCTOBER, OCTOBER
from tests.factories.sheets import LINES, as_csv, sale

pytestmark = pytest.mark.django_db


def approve(statement, by) -> Accrual:
    return approve_statement(statement=statement, by=by, at=AFTER_OCTOBER)


def correct(statement: Statement, by, *lines) -> Statement:
    return file_statement(
        supermarket=statement.supermarket,
        period=statement.period,
        file=ContentFile(as_csv(lines), "更正.csv"),
        by=by,
        at=AFTER_OCTOBER,
    )


class TestShareFen:
    @pytest.mark.parametrize(
        ("profit_fen", "rate_bp", "room_fen", "fen"),
        [
            (10_000, 500, 10**9, 500),
            (10_010, 500, 10**9, 501),
            (10_009, 500, 10**9, 500),
            (10_000, 500, 400, 400),
            (10_000, 500, 0, 0),
            (0, 500, 100, 0),
            (-10_000, 500, 100, 0),
            (1, 10_000, 100, 1),
        ],
    )
    def test_is_rounded_half_up_and_capped(self, profit_fen, rate_bp, room_fen, fen):
        got = share_fen(profit_fen=profit_fen, rate_bp=rate_bp, room_fen=room_fen)
        assert got == fen


class TestFund:
    def test_gives_no_part_more_than_it_misses(self):
        assert fund(amount_fen=9, missing_fen=[1, 5, 3]) == [1, 5, 3]
        assert fund(amount_fen=3, missing_fen=[1, 5, 3]) == [0, 2, 1]

    def test_refuses_more_than_is_missing(self):
        with pytest.raises(ValueError, match="more money"):
            fund(amount_fen=10, missing_fen=[1, 5, 3])


class TestApproveStatement:
    def test_accrues_by_weight_to_the_fen(self, accrual, household_zhang, household_li):
        amounts = dict(accrual.lines.values_list("household", "amount_fen"))
        assert amounts == {household_zhang.pk: 1_667, household_li.pk: 834}
        assert accrual.amount_fen == sum(amounts.values()) == 2_501

    def test_posts_one_entry_that_says_the_same(self, accrual, supermarket):
        entry = Entry.objects.get(pk=accrual.entry)
        lines = dict(entry.lines.values_list("account__code", "amount_fen"))
        assert lines.pop(f"supermarket:{supermarket.pk}:share") == 2_501
        assert sum(lines.values()) == -2_501
        assert not queries.disagreements()

    def test_takes_the_statement_off_the_list(self, accrual, filed):
        assert not Statement.objects.waiting().exists()
        assert list(Statement.objects.in_force()) == [filed]

    def test_stops_at_the_cap(self, supermarket, agreement, manager, operator):
        line = sale(sales="100000", cost="0")
        statement = file_statement(
            supermarket=supermarket,
            period=OCTOBER,
            file=ContentFile(as_csv([line]), "x.csv"),
            by=manager,
            at=AFTER_OCTOBER,
        )
        assert approve(statement, operator).amount_fen == agreement.cap_fen

    def test_a_loss_accrues_nothing(self, supermarket, agreement, manager, operator):
        statement = file_statement(
            supermarket=supermarket,
            period=OCTOBER,
            file=ContentFile(as_csv([sale(cost="40")]), "x.csv"),
            by=manager,
            at=AFTER_OCTOBER,
        )
        accrual = approve(statement, operator)
        assert (accrual.amount_fen, accrual.entry) == (0, None)

    def test_whoever_filed_does_not_approve(self, filed, manager, operator):
        grant_role(user=manager, role="operator", at=AFTER_OCTOBER)
        with pytest.raises(UnableToDecide):
            approve(filed, manager)
        assert not Accrual.objects.exists()

    def test_the_database_refuses_it_too(self, filed, manager):
        refusal = pytest.raises(IntegrityError, match="does not decide")
        with refusal, transaction.atomic():
            StatementDecision.objects.create(
                statement=filed,
                verdict="approved",
                decided_by=manager,
                decided_at=AFTER_OCTOBER,
            )

    def test_no_other_manager_of_the_supermarket_either(
        self, filed, supermarket, operator
    ):
        supermarket.managers.add(operator)
        with pytest.raises(UnableToDecide):
            approve(filed, operator)

    @pytest.mark.parametrize("who", ["stranger", "auditor", "other_manager"])
    def test_nobody_without_the_say_decides(self, who, request, filed):
        person = request.getfixturevalue(who)
        with pytest.raises(UnableToDecide):
            approve(filed, person)
        with pytest.raises(UnableToDecide):
            return_statement(
                statement=filed, reason="不对", by=person, at=AFTER_OCTOBER
            )

    def test_is_done_once(self, filed, operator, other_operator):
        approve(filed, operator)
        with pytest.raises(AlreadyDecided):
            approve(filed, other_operator)
        with pytest.raises(AlreadyDecided):
            return_statement(
                statement=filed, reason="不对", by=other_operator, at=AFTER_OCTOBER
            )
        assert Accrual.objects.count() == 1

    def test_needs_an_agreement(self, other_supermarket, other_manager, operator):
        statement = file_statement(
            supermarket=other_supermarket,
            period=OCTOBER,
            file=ContentFile(as_csv(), "x.csv"),
            by=other_manager,
            at=AFTER_OCTOBER,
        )
        with pytest.raises(UnableToDecide):
            approve(statement, operator)
        assert not StatementDecision.objects.exists()

    def test_needs_somebody_to_share_with(self, filed, agreement, operator):
        agreement.pairings.update(ended_on=date(2026, 9, 30))
        with pytest.raises(UnableToDecide):
            approve(filed, operator)

    def test_refuses_a_version_that_was_replaced(self, filed, manager, operator):
        correct(filed, manager, *LINES, sale())
        with pytest.raises(UnableToDecide):
            approve(filed, operator)


class TestReturnStatement:
    def test_keeps_the_reason(self, filed, operator):
        decision = return_statement(
            statement=filed, reason="缺十月下旬", by=operator, at=AFTER_OCTOBER
        )
        assert decision.reason == "缺十月下旬"
        assert not Statement.objects.waiting().exists()

    def test_needs_a_reason(self, filed, operator):
        with pytest.raises(UnableToDecide):
            return_statement(statement=filed, reason=" ", by=operator, at=AFTER_OCTOBER)

    def test_the_database_needs_it_too(self, filed, operator):
        with pytest.raises(IntegrityError), transaction.atomic():
            StatementDecision.objects.create(
                statement=filed,
                verdict="returned",
                decided_by=operator,
                decided_at=AFTER_OCTOBER,
            )


class TestCorrections:
    def test_before_money_came_the_old_share_is_taken_back(
        self, accrual, filed, manager, operator
    ):
        corrected = correct(filed, manager, *LINES[:2])
        new = approve(corrected, operator)
        assert new.amount_fen == 1_198
        assert accrual.reversal.statement == corrected
        assert list(Statement.objects.in_force()) == [corrected]
        assert queries.owed_fen(supermarket=filed.supermarket) == 1_198
        assert not queries.disagreements()

    def test_after_money_came_the_rest_is_added(
        self, paid_in, accrual, filed, manager, operator
    ):
        corrected = correct(filed, manager, *LINES, sale(sales="100", cost="0"))
        new = approve(corrected, operator)
        assert new.amount_fen == 500
        assert accrual.amount_fen + new.amount_fen == 3_001
        assert (new.kept_fen, new.share_fen) == (2_501, 3_001)
        assert not queries.disagreements()

    def test_the_preview_says_what_the_approval_does(
        self, paid_in, accrual, filed, manager, operator
    ):
        corrected = correct(filed, manager, *LINES, sale(sales="100", cost="0"))
        preview = queries.preview_statement(
            supermarket=filed.supermarket,
            period=OCTOBER,
            source="store",
            profit_fen=corrected.profit_fen,
        )
        new = approve(corrected, operator)
        assert (preview.kept_fen, preview.added_fen) == (2_501, new.amount_fen)
        told = {part.household.pk: part.amount_fen for part in preview.parts}
        assert told == dict(new.lines.values_list("household", "amount_fen"))

    def test_what_was_taken_back_was_not_kept(self, accrual, filed, manager, operator):
        corrected = correct(filed, manager, *LINES[:2])
        preview = queries.preview_statement(
            supermarket=filed.supermarket,
            period=OCTOBER,
            source="store",
            profit_fen=corrected.profit_fen,
        )
        new = approve(corrected, operator)
        assert (preview.kept_fen, preview.added_fen) == (0, 1_198)
        assert (new.kept_fen, new.share_fen) == (0, 1_198)

    def test_after_money_came_it_does_not_become_less(
        self, paid_in, filed, manager, operator
    ):
        corrected = correct(filed, manager, *LINES[:2])
        with pytest.raises(UnableToDecide):
            approve(corrected, operator)
        assert not hasattr(Statement.objects.get(pk=corrected.pk), "decision")

    def test_one_downwards_says_what_becomes_of_the_difference(
        self, accrual, filed, manager, operator
    ):
        assert queries.lessening(filed) is None
        corrected = correct(filed, manager, *LINES[:2])
        waiting = queries.statements_of(supermarket=filed.supermarket).get(
            pk=corrected.pk
        )
        assert queries.lessening(waiting) == queries.Lessening(2_501 - 1_198)
        approve(corrected, operator)
        approved = queries.statements_of(supermarket=filed.supermarket).get(
            pk=corrected.pk
        )
        told = queries.Lessening(2_501 - 1_198, done=True)
        assert queries.lessening(approved) == told

    def test_after_money_came_it_says_that_it_stays(
        self, paid_in, accrual, filed, manager, operator
    ):
        corrected = correct(filed, manager, *LINES[:2])
        own = queries.statements_of(supermarket=filed.supermarket)
        told = queries.Lessening(2_501 - 1_198, stays=True)
        assert queries.lessening(own.get(pk=corrected.pk)) == told
        return_statement(
            statement=corrected, reason="下月再扣", by=operator, at=AFTER_OCTOBER
        )
        assert queries.lessening(own.get(pk=corrected.pk)) == told

    def test_one_upwards_says_nothing_of_the_kind(
        self, paid_in, accrual, filed, manager, operator
    ):
        corrected = correct(filed, manager, *LINES, sale(sales="100", cost="0"))
        own = queries.statements_of(supermarket=filed.supermarket)
        assert queries.lessening(own.get(pk=corrected.pk)) is None
        approve(corrected, operator)
        assert queries.lessening(own.get(pk=corrected.pk)) is None

    def test_the_cap_is_over_store_and_platform_together(
        self, supermarket, agreement, manager, operator, filed
    ):
        line = sale(sales="59500", cost="0", receipt="B")
        approve(correct(filed, manager, line), operator)
        room = queries.room_fen(agreement=agreement, period=OCTOBER, source="platform")
        assert room == 300_000 - 297_500
        preview = queries.preview_statement(
            supermarket=supermarket,
            period=OCTOBER,
            source="platform",
            profit_fen=1_000_000,
        )
        assert (preview.amount_fen, preview.capped) == (2_500, True)


class TestTheDatabase:
    def test_keeps_a_line_within_its_sum(self, accrual):
        line = accrual.lines.first()
        with pytest.raises(IntegrityError), transaction.atomic():
            AccrualLine.objects.filter(pk=line.pk).update(
                funded_fen=line.amount_fen + 1
            )

    def test_pays_out_nothing_that_was_not_paid_in(self, accrual):
        with pytest.raises(IntegrityError), transaction.atomic():
            AccrualLine.objects.filter(accrual=accrual).update(disbursed_fen=1)

    def test_takes_no_payment_back(self, paid_in):
        refusal = pytest.raises(IntegrityError, match="become less")
        with refusal, transaction.atomic():
            AccrualLine.objects.update(funded_fen=0)

    def test_changes_no_sum(self, accrual):
        with pytest.raises(IntegrityError), transaction.atomic():
            AccrualLine.objects.filter(accrual=accrual).update(amount_fen=1)
        with pytest.raises(IntegrityError), transaction.atomic():
            Accrual.objects.filter(pk=accrual.pk).update(amount_fen=1)

    def test_notices_books_that_disagree(self, accrual, supermarket, operator):
        pay_in(
            supermarket=supermarket,
            amount_fen=100,
            reference="B",
            by=operator,
            at=AFTER_OCTOBER,
        )
        AccrualLine.objects.filter(pk=accrual.lines.first().pk).update(funded_fen=200)
        assert "benefit:fund" in queries.disagreements()
