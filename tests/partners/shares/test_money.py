"""Paying in, handing out, and what the household says."""

import uuid

import pytest
from django.db import IntegrityError, transaction

from partners import links, queries
from partners.ledger.models import Entry
from partners.models import Confirmation, Disbursement, DisbursementPhoto, PayIn
from partners.operations import (
    Photo,
    UnableToConfirm,
    UnableToDisburse,
    UnableToPayIn,
    confirm_receipt,
    dispute_receipt,
    end_links,
    pay_in,
    publish_photo,
    withdraw_photo,
)
from partners.signals import disbursement_made
from partners.supervision.models import Finding
from tests.factories.shares import (
    AFTER_OCTOBER,
    NOON,
    hand_out,
    new_household,
    new_supermarket,
    photo,
)

pytestmark = pytest.mark.django_db


def pay(supermarket, amount_fen: int, by, reference: str = "ICBC-1") -> PayIn:
    return pay_in(
        supermarket=supermarket,
        amount_fen=amount_fen,
        reference=reference,
        by=by,
        at=AFTER_OCTOBER,
    )


@pytest.fixture
def other_supermarket(supermarket):
    return new_supermarket(division=supermarket.division, name="龙口爱心超市(示例)")


class TestPayIn:
    def test_lands_in_the_fund(self, paid_in, supermarket):
        assert queries.fund_fen() == 2_501
        assert queries.owed_fen(supermarket=supermarket) == 0
        assert not queries.disagreements()

    def test_stands_behind_each_household_by_what_it_misses(
        self, accrual, supermarket, operator, household_zhang, household_li
    ):
        pay(supermarket, 1_000, operator)
        assert queries.standing_of(household=household_zhang).ready_fen == 667
        assert queries.standing_of(household=household_li).ready_fen == 333

    def test_many_small_payments_never_take_a_fen_back(
        self, accrual, supermarket, operator
    ):
        before: dict[int, int] = {}
        for number in range(40):
            pay(supermarket, 62, operator, f"B-{number}")
            now = dict(accrual.lines.values_list("pk", "funded_fen"))
            assert all(now[pk] >= fen for pk, fen in before.items())
            before = now
        pay(supermarket, 21, operator, "B-last")
        assert queries.owed_fen(supermarket=supermarket) == 0
        assert not queries.disagreements()

    def test_is_never_more_than_owed(self, accrual, supermarket, operator):
        with pytest.raises(UnableToPayIn, match=r"25\.01"):
            pay(supermarket, 2_502, operator)

    def test_the_same_bank_reference_is_the_same_payment(
        self, paid_in, supermarket, operator
    ):
        assert pay(supermarket, 2_501, operator) == paid_in
        assert queries.fund_fen() == 2_501

    def test_one_reference_has_one_sum(self, accrual, supermarket, operator):
        pay(supermarket, 1_000, operator)
        with pytest.raises(UnableToPayIn):
            pay(supermarket, 1_001, operator)

    def test_one_transfer_is_not_counted_for_two_supermarkets(
        self, paid_in, other_supermarket, operator
    ):
        with pytest.raises(UnableToPayIn, match=str(paid_in.supermarket)):
            pay(other_supermarket, 1_000, operator, paid_in.reference)
        assert queries.fund_fen() == 2_501

    def test_the_database_keeps_a_transfer_single(
        self, paid_in, other_supermarket, operator
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            PayIn.objects.create(
                supermarket=other_supermarket,
                amount_fen=1,
                reference=paid_in.reference,
                recorded_by=operator,
                entry=uuid.uuid4(),
                paid_at=NOON,
            )

    @pytest.mark.parametrize("typed", [" icbc-1 ", "ＩＣＢＣ－１", "ICBC -1"])
    def test_however_it_is_typed_it_is_the_same_transfer(
        self, paid_in, supermarket, operator, typed
    ):
        assert pay(supermarket, 2_501, operator, typed) == paid_in

    def test_keeps_the_banks_number_out_of_the_ledger(self, paid_in):
        entry = Entry.objects.get(pk=paid_in.entry)
        assert "ICBC" not in f"{entry.key} {entry.subject} {entry.memo}"

    @pytest.mark.parametrize("who", ["manager", "auditor", "stranger"])
    def test_only_operators_record(self, who, request, accrual, supermarket):
        with pytest.raises(UnableToPayIn):
            pay(supermarket, 100, request.getfixturevalue(who))

    @pytest.mark.parametrize(("fen", "reference"), [(0, "B"), (-5, "B"), (5, " ")])
    def test_needs_a_sum_and_a_reference(
        self, fen, reference, accrual, supermarket, operator
    ):
        with pytest.raises(UnableToPayIn):
            pay(supermarket, fen, operator, reference)


class TestDisburse:
    def test_comes_out_of_the_fund(self, disbursement, household_zhang):
        assert queries.fund_fen() == 2_501 - 1_667
        assert queries.standing_of(household=household_zhang).ready_fen == 0
        assert disbursement.draws.get().line.household == household_zhang
        assert not queries.disagreements()

    def test_is_announced(self, paid_in, household_zhang, operator):
        heard = []

        def hear(**said):
            heard.append(said["disbursement"])

        disbursement_made.connect(hear)
        made = hand_out(household_zhang, 100, by=operator)
        assert heard == [made]

    def test_is_never_more_than_was_paid_in(
        self, accrual, supermarket, household_zhang, operator
    ):
        with pytest.raises(UnableToDisburse):
            hand_out(household_zhang, 1, by=operator)
        pay(supermarket, 1_000, operator)
        with pytest.raises(UnableToDisburse, match=r"6\.67"):
            hand_out(household_zhang, 668, by=operator)
        hand_out(household_zhang, 667, by=operator)
        with pytest.raises(UnableToDisburse):
            hand_out(household_zhang, 1, by=operator)

    def test_one_household_never_gets_anothers(
        self, paid_in, household_li, operator, village_luxi
    ):
        with pytest.raises(UnableToDisburse):
            hand_out(household_li, 835, by=operator)
        nobodys = new_household(village=village_luxi, name="周示例")
        with pytest.raises(UnableToDisburse):
            hand_out(nobodys, 1, by=operator)

    def test_goods_are_named(self, paid_in, household_zhang, operator):
        with pytest.raises(UnableToDisburse):
            hand_out(household_zhang, 100, by=operator, kind="goods")
        made = hand_out(
            household_zhang, 100, by=operator, kind="goods", goods="大米20斤"
        )
        assert made.goods == "大米20斤"

    def test_the_same_form_twice_is_one(self, paid_in, household_zhang, operator):
        first = hand_out(household_zhang, 100, by=operator, key="form-1")
        assert hand_out(household_zhang, 100, by=operator, key="form-1") == first
        assert Disbursement.objects.count() == 1

    @pytest.mark.parametrize("who", ["manager", "auditor", "stranger"])
    def test_only_operators_record(self, who, request, paid_in, household_zhang):
        with pytest.raises(UnableToDisburse):
            hand_out(household_zhang, 100, by=request.getfixturevalue(who))

    def test_a_program_is_no_receipt(self, paid_in, household_zhang, operator):
        disguised = photo()
        disguised.file.truncate(10)
        with pytest.raises(UnableToDisburse):
            hand_out(household_zhang, 100, by=operator, receipt=disguised)
        assert not Disbursement.objects.exists()

    def test_photos_stay_private_until_somebody_says_so(
        self, paid_in, household_zhang, operator
    ):
        made = hand_out(
            household_zhang,
            100,
            by=operator,
            photos=[photo(), Photo(photo(color="green"), "after", public=True)],
        )
        private, public = made.photos.all()
        assert private.published_at is None
        assert public.published_by == operator
        publish_photo(photo=private, by=operator, at=NOON)
        withdraw_photo(photo=public, by=operator)
        private.refresh_from_db()
        public.refresh_from_db()
        assert private.published_at == NOON
        assert public.published_at is None

    def test_nobody_else_publishes_photos(self, disbursement, auditor):
        picture = disbursement.photos.get()
        with pytest.raises(UnableToDisburse):
            publish_photo(photo=picture, by=auditor, at=NOON)
        with pytest.raises(UnableToDisburse):
            withdraw_photo(photo=picture, by=auditor)

    def test_the_database_keeps_the_pictures(self, disbursement):
        with pytest.raises(IntegrityError), transaction.atomic():
            DisbursementPhoto.objects.all().delete()
        with pytest.raises(IntegrityError), transaction.atomic():
            DisbursementPhoto.objects.update(image={})


class TestConfirmReceipt:
    def test_by_the_signed_link(self, disbursement, household_zhang):
        token = links.link_token(household_zhang)
        said = confirm_receipt(disbursement=disbursement, token=token, at=NOON)
        assert said.answer == Confirmation.Answer.RECEIVED
        assert said.answered_by is None

    def test_said_twice_it_is_one(self, disbursement, household_zhang):
        token = links.link_token(household_zhang)
        for _time in range(2):
            confirm_receipt(disbursement=disbursement, token=token, at=NOON)
        assert Confirmation.objects.count() == 1

    def test_by_the_contacts_login(self, disbursement, household_zhang, stranger):
        with pytest.raises(UnableToConfirm):
            confirm_receipt(disbursement=disbursement, by=stranger, at=NOON)
        household_zhang.contact = stranger
        household_zhang.save()
        disbursement.refresh_from_db()
        said = confirm_receipt(disbursement=disbursement, by=stranger, at=NOON)
        assert said.answered_by == stranger

    def test_staff_do_not_confirm_for_a_household(self, disbursement, operator):
        with pytest.raises(UnableToConfirm):
            confirm_receipt(disbursement=disbursement, by=operator, at=NOON)

    def test_another_households_link_is_nothing(self, disbursement, household_li):
        token = links.link_token(household_li)
        with pytest.raises(UnableToConfirm):
            confirm_receipt(disbursement=disbursement, token=token, at=NOON)

    @pytest.mark.parametrize(
        "change",
        [
            lambda token: token[:-1],
            # The first character is a digit or a letter; a hyphen is never one.
            lambda token: "-" + token[1:],
            str.lower,
        ],
    )
    def test_a_changed_link_is_nothing(self, change, disbursement, household_zhang):
        token = change(links.link_token(household_zhang))
        with pytest.raises(UnableToConfirm):
            confirm_receipt(disbursement=disbursement, token=token, at=NOON)

    def test_a_forged_link_asks_the_database_nothing(
        self, household_zhang, django_assert_num_queries
    ):
        with django_assert_num_queries(0):
            assert links.household_of(household_zhang.number + "-1.forged") is None

    def test_links_can_be_ended(self, disbursement, household_zhang):
        token = links.link_token(household_zhang)
        end_links(household=household_zhang)
        assert links.household_of(token) is None
        assert links.household_of(links.link_token(household_zhang))

    def test_a_link_holds_nothing_personal(self, household_zhang):
        token = links.link_token(household_zhang)
        assert household_zhang.contact_phone not in token
        assert household_zhang.id_number not in token


class TestDisputeReceipt:
    def test_opens_a_finding(self, disbursement, household_zhang):
        token = links.link_token(household_zhang)
        for _time in range(2):
            dispute_receipt(disbursement=disbursement, token=token, at=NOON)
        finding = Finding.objects.get()
        assert (finding.rule, finding.disbursement) == ("not_received", disbursement)

    def test_not_after_it_was_confirmed(self, disbursement, household_zhang):
        token = links.link_token(household_zhang)
        confirm_receipt(disbursement=disbursement, token=token, at=NOON)
        with pytest.raises(UnableToConfirm):
            dispute_receipt(disbursement=disbursement, token=token, at=NOON)

    def test_it_may_come_after_all(self, disbursement, household_zhang):
        token = links.link_token(household_zhang)
        dispute_receipt(disbursement=disbursement, token=token, at=NOON)
        confirm_receipt(disbursement=disbursement, token=token, at=NOON)
        assert Finding.objects.waiting().count() == 1

    def test_nobody_else_disputes(self, disbursement, household_li):
        token = links.link_token(household_li)
        with pytest.raises(UnableToConfirm):
            dispute_receipt(disbursement=disbursement, token=token, at=NOON)
        assert not Finding.objects.exists()
