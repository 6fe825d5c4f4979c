"""Filing a month's statement."""

import random
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from partners.models import Statement, StatementLine, StatementUpload
from partners.operations import (
    UnableToFile,
    approve_statement,
    check_upload,
    file_platform_statement,
    file_statement,
    file_upload,
    return_statement,
)
from partners.statements import Line
from tests.factories.shares import AFTER_OCTOBER, OCTOBER
from tests.factories.sheets import LINES, as_csv, as_xlsx, sale

pytestmark = pytest.mark.django_db


def file(supermarket, by, data: bytes, **changes) -> Statement:
    facts = {"period": OCTOBER, "at": AFTER_OCTOBER}
    return file_statement(
        supermarket=supermarket,
        file=ContentFile(data, "十月.csv"),
        by=by,
        **(facts | changes),
    )


class TestFileStatement:
    def test_keeps_the_lines_and_what_they_mean(self, filed):
        assert filed.lines.count() == 3
        assert filed.profit_fen == 50_020
        assert filed.share_fen == 2_501
        assert filed.number.startswith("202610-")
        assert filed.file.read() == as_csv()

    def test_ten_imports_of_one_file_are_one_statement(
        self, filed, supermarket, manager
    ):
        shuffled = list(LINES)
        for seed, encoding in enumerate(["utf-8", "utf-8-sig", "gbk"] * 3):
            random.Random(seed).shuffle(shuffled)
            again = file(supermarket, manager, as_csv(shuffled, encoding=encoding))
            assert again == filed
        assert file(supermarket, manager, as_xlsx()) == filed
        assert Statement.objects.count() == 1
        assert StatementLine.objects.count() == 3

    def test_other_lines_are_another_version(self, filed, supermarket, manager):
        second = file(supermarket, manager, as_csv([*LINES, sale()]))
        assert second.version == 2
        assert list(Statement.objects.waiting()) == [second]

    def test_the_first_version_may_come_back(self, filed, supermarket, manager):
        file(supermarket, manager, as_csv([*LINES, sale()]))
        third = file(supermarket, manager, as_csv())
        assert (third.version, third.fingerprint) == (3, filed.fingerprint)

    def test_a_returned_statement_may_be_filed_again_as_it_was(
        self, filed, supermarket, manager, operator
    ):
        return_statement(
            statement=filed, reason="少了十天", by=operator, at=AFTER_OCTOBER
        )
        assert file(supermarket, manager, as_csv()).version == 2

    def test_nothing_is_kept_of_a_file_with_mistakes(self, supermarket, manager):
        with pytest.raises(UnableToFile) as refusal:
            file(supermarket, manager, as_csv([*LINES, sale(sales="-1")]))
        assert [f.code for f in refusal.value.findings if f.hard] == ["sum_negative"]
        assert not Statement.objects.exists()

    def test_keeps_what_was_odd_for_the_approver(self, supermarket, manager):
        statement = file(supermarket, manager, as_csv([sale(cost="40")]))
        assert [f.code for f in statement.findings.all()] == ["below_cost"]

    def test_counts_no_receipt_in_two_months(self, accrual, supermarket, manager):
        november = date(2026, 11, 1)
        line = sale(day="2026-11-02", receipt="XS-1001")
        with pytest.raises(UnableToFile) as refusal:
            file(supermarket, manager, as_csv([line]), period=november)
        assert "receipt_filed_before" in [f.code for f in refusal.value.findings]

    def test_the_same_receipt_of_another_supermarket_is_none_of_ours(
        self, accrual, other_supermarket, other_manager
    ):
        line = sale(day="2026-11-02", receipt="XS-1001")
        november = date(2026, 11, 1)
        file(other_supermarket, other_manager, as_csv([line]), period=november)

    def test_flags_a_jump_in_profit(self, accrual, supermarket, manager):
        line = sale(day="2026-11-02", sales="9000", receipt="XS-9")
        november = date(2026, 11, 1)
        statement = file(supermarket, manager, as_csv([line]), period=november)
        codes = {f.code for f in statement.findings.all()}
        assert codes == {"profit_jumps", "month_not_over"}

    @pytest.mark.parametrize("who", ["other_manager", "stranger", "operator"])
    def test_only_its_managers_file(self, who, request, supermarket, other_supermarket):
        with pytest.raises(UnableToFile):
            file(supermarket, request.getfixturevalue(who), as_csv())
        assert not Statement.objects.exists()

    def test_without_an_agreement_nothing_is_shared_yet(
        self, other_supermarket, other_manager
    ):
        assert file(other_supermarket, other_manager, as_csv()).share_fen == 0

    def test_the_database_refuses_to_change_one(self, filed):
        with pytest.raises(IntegrityError), transaction.atomic():
            Statement.objects.filter(pk=filed.pk).update(sales_fen=1)
        with pytest.raises(IntegrityError), transaction.atomic():
            StatementLine.objects.filter(statement=filed).delete()

    def test_the_database_knows_no_half_month(self, filed):
        filed.pk = None
        filed.period = date(2026, 10, 2)
        with pytest.raises(IntegrityError), transaction.atomic():
            filed.save(force_insert=True)


class TestUpload:
    def check(self, supermarket, by, data: bytes) -> StatementUpload:
        return check_upload(
            supermarket=supermarket,
            period=OCTOBER,
            file=ContentFile(data, "C:\\店\\十月.csv"),
            by=by,
            at=AFTER_OCTOBER,
        )

    def test_files_nothing(self, supermarket, manager):
        upload = self.check(supermarket, manager, as_csv())
        assert upload.file_name == "十月.csv"
        assert upload.report["sales_fen"] == 211_000
        assert not Statement.objects.exists()

    def test_is_filed_afterwards(self, supermarket, manager):
        upload = self.check(supermarket, manager, as_csv())
        statement = file_upload(upload=upload, by=manager, at=AFTER_OCTOBER)
        assert statement.sales_fen == 211_000

    def test_a_file_with_mistakes_is_not_even_kept(self, supermarket, manager):
        upload = self.check(supermarket, manager, b"MZ\x00\x01 a program")
        assert not upload.file
        with pytest.raises(UnableToFile):
            file_upload(upload=upload, by=manager, at=AFTER_OCTOBER)

    def test_nobody_else_checks_or_files(self, supermarket, manager, other_manager):
        with pytest.raises(UnableToFile):
            self.check(supermarket, other_manager, as_csv())
        upload = self.check(supermarket, manager, as_csv())
        with pytest.raises(UnableToFile):
            file_upload(upload=upload, by=other_manager, at=AFTER_OCTOBER)


ORDERS = [
    Line(0, date(2026, 10, 4), "冰糖橙", Decimal(1), 2_900, 2_030, "X1"),
    Line(0, date(2026, 10, 9), "大米", Decimal(2), 7_500, 6_000, "X2"),
]


class TestFilePlatformStatement:
    def test_counts_beside_the_store(self, filed, supermarket):
        platform = file_platform_statement(
            supermarket=supermarket, period=OCTOBER, lines=ORDERS, at=AFTER_OCTOBER
        )
        assert platform.profit_fen == 2_370
        assert platform.filed_by is None
        assert set(Statement.objects.waiting()) == {filed, platform}

    def test_the_same_orders_again_are_the_same_statement(self, supermarket):
        for orders in (ORDERS, ORDERS[::-1]):
            file_platform_statement(
                supermarket=supermarket, period=OCTOBER, lines=orders, at=AFTER_OCTOBER
            )
        assert Statement.objects.count() == 1

    def test_a_later_refund_is_a_negative_line(self, supermarket):
        refund = replace(ORDERS[0], sales_fen=-2_900, cost_fen=-2_030)
        platform = file_platform_statement(
            supermarket=supermarket,
            period=OCTOBER,
            lines=[ORDERS[1], refund],
            at=AFTER_OCTOBER,
        )
        assert platform.profit_fen == 630

    def test_refuses_another_months_order(self, supermarket):
        with pytest.raises(UnableToFile):
            file_platform_statement(
                supermarket=supermarket,
                period=date(2026, 9, 1),
                lines=ORDERS,
                at=AFTER_OCTOBER,
            )

    def test_is_approved_by_an_operator(self, supermarket, agreement, operator):
        platform = file_platform_statement(
            supermarket=supermarket, period=OCTOBER, lines=ORDERS, at=AFTER_OCTOBER
        )
        accrual = approve_statement(statement=platform, by=operator, at=AFTER_OCTOBER)
        assert accrual.amount_fen == 119
