"""Each cross-check: what it catches, and what it lets pass."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction

from partners.models import Accrual, AccrualLine, Disbursement
from partners.operations import (
    UnableToDisburse,
    UnableToRegister,
    add_member,
    change_bank_card,
)
from partners.supervision import operations
from partners.supervision.models import Finding, FindingDecision, OutsideFact
from partners.supervision.operations import (
    UnableToDecide,
    UnableToRecord,
    decide_finding,
    record_fact,
    withdraw_fact,
)
from partners.supervision.registry import CHECKS, Concern, check
from tests.factories.shares import (
    AFTER_OCTOBER,
    JOINED,
    NOON,
    hand_out,
    new_bank_card,
    new_household,
    new_id_number,
)

pytestmark = pytest.mark.django_db


def blocked_by(household, operator, **changes) -> list[str]:
    """The hard rules that stop a disbursement of one yuan; none where it is made."""
    try:
        hand_out(household, 100, by=operator, **changes)
    except UnableToDisburse as refusal:
        assert str(refusal)
        return [concern.code for concern in refusal.concerns]
    return []


def fact(kind: str, id_number: str, on_date: date = date(2026, 10, 12)) -> OutsideFact:
    return record_fact(
        kind=kind,
        id_number=id_number,
        on_date=on_date,
        source="县民政局 示例",
        at=AFTER_OCTOBER,
    )


class TestSameBenefitTwice:
    def test_one_person_in_two_households(
        self, paid_in, household_zhang, household_li, operator
    ):
        add_member(
            household=household_li,
            name="张示例",
            id_number=household_zhang.id_number,
            relation="岳父",
            at=JOINED,
        )
        assert blocked_by(household_zhang, operator) == []
        assert blocked_by(household_li, operator) == ["same_benefit_twice"]

    def test_a_member_in_two_households(
        self, paid_in, household_zhang, household_li, operator
    ):
        number = new_id_number()
        for household in (household_zhang, household_li):
            add_member(
                household=household,
                name="张小示例",
                id_number=number,
                relation="女儿",
                at=JOINED,
            )
        assert blocked_by(household_li, operator) == []
        assert blocked_by(household_zhang, operator) == ["same_benefit_twice"]

    def test_another_programme_gave_it(self, paid_in, household_zhang, operator):
        fact("benefit", household_zhang.id_number)
        assert blocked_by(household_zhang, operator) == ["same_benefit_twice"]

    def test_in_another_month_it_may(self, paid_in, household_zhang, operator):
        fact("benefit", household_zhang.id_number, date(2026, 9, 30))
        assert blocked_by(household_zhang, operator) == []


class TestDeceased:
    def test_blocks(self, paid_in, household_zhang, operator):
        fact("death", household_zhang.id_number)
        assert blocked_by(household_zhang, operator) == ["deceased"]
        assert not Disbursement.objects.exists()

    def test_a_dead_member_does_not(self, paid_in, household_zhang, operator):
        number = new_id_number()
        add_member(
            household=household_zhang,
            name="示例",
            id_number=number,
            relation="母亲",
            at=JOINED,
        )
        fact("death", number)
        assert blocked_by(household_zhang, operator) == []

    def test_a_wrong_list_can_be_withdrawn(
        self, paid_in, household_zhang, operator, auditor
    ):
        wrong = fact("death", household_zhang.id_number)
        with pytest.raises(UnableToRecord):
            withdraw_fact(fact=wrong, reason="同名", by=auditor, at=NOON)
        with pytest.raises(UnableToRecord):
            withdraw_fact(fact=wrong, reason="", by=operator, at=NOON)
        withdraw_fact(fact=wrong, reason="同名", by=operator, at=NOON)
        assert blocked_by(household_zhang, operator) == []


class TestSharedBankCard:
    @pytest.fixture
    def household_wu(self, agreement, village_luxi, household_zhang):
        return new_household(
            village=village_luxi, name="伍示例", bank_card=household_zhang.bank_card
        )

    def test_blocks(self, household_wu, paid_in, household_zhang, operator):
        assert blocked_by(household_zhang, operator) == ["shared_bank_card"]

    def test_until_the_own_card_is_entered(
        self, household_wu, paid_in, household_zhang, operator, auditor
    ):
        with pytest.raises(UnableToRegister):
            change_bank_card(
                household=household_zhang,
                bank_card=new_bank_card(),
                card_holder="张示例",
                by=auditor,
                at=NOON,
            )
        change_bank_card(
            household=household_zhang,
            bank_card=new_bank_card(),
            card_holder="张示例",
            by=operator,
            at=NOON,
        )
        assert blocked_by(household_zhang, operator) == []

    def test_households_without_a_card_share_none(
        self, agreement, paid_in, village_luxi, household_zhang, operator
    ):
        for name in ("甲示例", "乙示例"):
            new_household(village=village_luxi, name=name, bank_card="")
        assert blocked_by(household_zhang, operator) == []


class TestOverCap:
    def test_blocks_what_the_books_should_never_show(
        self, paid_in, accrual, household_zhang, operator, supermarket, manager
    ):
        # Only raw SQL could make this: a second accrual beside the cap.
        statement = accrual.statement
        statement.pk = None
        statement.source = "platform"
        statement.save(force_insert=True)
        Accrual.objects.create(
            statement=statement,
            agreement=accrual.agreement,
            supermarket=supermarket,
            period=accrual.period,
            source="platform",
            profit_fen=10**8,
            rate_bp=500,
            cap_fen=300_000,
            amount_fen=299_000,
            entry=accrual.entry,
            accrued_at=AFTER_OCTOBER,
        )
        assert blocked_by(household_zhang, operator) == ["over_cap"]

    def test_lets_the_usual_pass(self, paid_in, household_zhang, operator):
        assert blocked_by(household_zhang, operator) == []


class TestMissingEvidence:
    @pytest.mark.parametrize("changes", [{"receipt": None}, {"photos": []}])
    def test_blocks(self, changes, paid_in, household_zhang, operator):
        assert blocked_by(household_zhang, operator, **changes) == ["missing_evidence"]


class TestSoftRules:
    def soft(self, household, operator, **changes) -> list[str]:
        made = hand_out(household, 100, by=operator, **changes)
        return sorted(made.findings.values_list("rule", flat=True))

    def test_the_usual_raises_nothing(self, paid_in, household_zhang, operator):
        assert self.soft(household_zhang, operator) == []

    def test_a_cadres_relative(self, paid_in, household_zhang, operator):
        fact("cadre_relative", household_zhang.id_number)
        assert self.soft(household_zhang, operator) == ["cadre_relative"]

    @pytest.mark.parametrize(
        ("hour", "found"), [(15, ["odd_timing"]), (4, []), (22, ["odd_timing"])]
    )
    def test_an_odd_hour(self, hour, found, paid_in, household_zhang, operator):
        at = datetime(2026, 11, 10, hour, tzinfo=UTC)
        assert self.soft(household_zhang, operator, at=at) == found

    def test_before_the_money(self, paid_in, household_zhang, operator):
        at = datetime(2026, 11, 2, 4, tzinfo=UTC)
        assert self.soft(household_zhang, operator, at=at) == ["before_the_money"]

    def test_a_card_in_another_name(
        self, agreement, paid_in, household_zhang, operator
    ):
        change_bank_card(
            household=household_zhang,
            bank_card=new_bank_card(),
            card_holder="吴示例",
            by=operator,
            at=NOON,
        )
        assert self.soft(household_zhang, operator) == ["name_mismatch"]


class TestTheRegistry:
    def test_has_a_test_for_every_rule(self):
        tested = open(__file__, encoding="utf-8").read()  # noqa: PTH123, SIM115
        assert all(f'"{code}"' in tested for code in CHECKS)

    def test_refuses_two_rules_of_one_name(self):
        rule = CHECKS["deceased"]
        with pytest.raises(ValueError, match="deceased"):
            check(
                code="deceased",
                severity=rule.severity,
                title=rule.title,
                says=rule.says,
            )(rule.judge)

    def test_a_rule_that_is_taken_out_no_longer_blocks(
        self, paid_in, household_zhang, operator, monkeypatch
    ):
        """The negative control: it is the rule that blocks, nothing else."""
        fact("death", household_zhang.id_number)
        monkeypatch.delitem(CHECKS, "deceased")
        assert blocked_by(household_zhang, operator) == []

    def test_sentences_name_nobody(self, paid_in, household_zhang, operator):
        fact("death", household_zhang.id_number)
        with pytest.raises(UnableToDisburse) as refusal:
            hand_out(household_zhang, 100, by=operator)
        assert household_zhang.name not in str(refusal.value)
        assert household_zhang.id_number not in str(refusal.value)


class TestFindings:
    @pytest.fixture
    def finding(self, paid_in, household_zhang, operator) -> Finding:
        fact("cadre_relative", household_zhang.id_number)
        hand_out(household_zhang, 100, by=operator)
        return Finding.objects.get()

    def decide(self, finding, by, **changes) -> FindingDecision:
        facts = {"verdict": "dismissed", "reason": "远房亲戚,已核实", "at": NOON}
        return decide_finding(finding=finding, by=by, **(facts | changes))

    def test_a_blocked_attempt_is_kept_once_a_day(
        self, paid_in, household_zhang, operator
    ):
        fact("death", household_zhang.id_number)
        for _time in range(3):
            assert blocked_by(household_zhang, operator)
        finding = Finding.objects.get()
        assert (finding.rule, finding.severity) == ("deceased", "hard")
        assert finding.disbursement is None

    def test_a_second_person_decides(self, finding, operator, other_operator):
        with pytest.raises(UnableToDecide):
            self.decide(finding, operator)
        decision = self.decide(finding, other_operator)
        assert decision.decided_by == other_operator
        assert not Finding.objects.waiting().exists()

    @pytest.mark.parametrize("who", ["auditor", "stranger", "manager"])
    def test_nobody_else_decides(self, who, request, finding):
        with pytest.raises(UnableToDecide):
            self.decide(finding, request.getfixturevalue(who))

    def test_is_decided_once_and_with_a_reason(self, finding, other_operator):
        with pytest.raises(UnableToDecide):
            self.decide(finding, other_operator, reason=" ")
        self.decide(finding, other_operator)
        with pytest.raises(UnableToDecide):
            self.decide(finding, other_operator)

    def test_the_database_refuses_to_change_one(self, finding):
        with pytest.raises(IntegrityError), transaction.atomic():
            Finding.objects.update(rule="other")
        with pytest.raises(IntegrityError), transaction.atomic():
            Finding.objects.all().delete()

    def test_reads_as_a_sentence(self, finding):
        assert Concern(finding.rule, finding.values).sentence


class TestOutsideFacts:
    def test_keep_no_id_number(self, household_zhang):
        kept = fact("death", household_zhang.id_number)
        assert household_zhang.id_number not in str(vars(kept))

    def test_the_same_line_twice_is_one(self, household_zhang):
        assert fact("death", household_zhang.id_number) == fact(
            "death", household_zhang.id_number
        )

    def test_only_operators_take_them_over(self, household_zhang, auditor):
        with pytest.raises(UnableToRecord):
            record_fact(
                kind="death",
                id_number=household_zhang.id_number,
                on_date=date(2026, 10, 1),
                source="示例",
                by=auditor,
                at=NOON,
            )

    def test_refuse_a_wrong_number_without_repeating_it(self, db):
        with pytest.raises(UnableToRecord) as refusal:
            fact("death", "430722180001010010")
        assert "430722" not in str(refusal.value)


def test_examining_writes_nothing(paid_in, household_zhang, accrual):
    line = AccrualLine.objects.get(accrual=accrual, household=household_zhang)
    case = operations.Case(
        household=household_zhang,
        amount_fen=1,
        kind="cash",
        has_receipt=False,
        photo_count=0,
        drawings=(),
        at=NOON,
    )
    assert [c.code for c in operations.examine(case)] == ["missing_evidence"]
    assert not Finding.objects.exists()
    assert line.disbursed_fen == 0
