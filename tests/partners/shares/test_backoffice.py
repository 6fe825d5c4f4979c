"""Staff pages: operators act, auditors look, everybody else stays out."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from partners.models import (
    Accrual,
    Disbursement,
    PayIn,
    Statement,
    StatementDecision,
)
from partners.supervision.models import Finding, FindingDecision, OutsideFact
from partners.supervision.operations import record_fact
from shop.notices.models import TextMessage
from tests.factories.shares import NOON, OCTOBER, hand_out, photo

pytestmark = pytest.mark.django_db


def address(name: str, *args: object) -> str:
    return reverse(f"partners_backoffice:{name}", args=args)


def pages(filed, household, disbursement, finding, supermarket) -> list[str]:
    """Every page that only shows."""
    return [
        address("statements"),
        address("statements") + "?status=all",
        address("statement", filed.pk),
        address("file", filed.pk),
        address("shares"),
        address("households"),
        address("households") + "?part=all",
        address("household", household.number),
        address("disbursement", disbursement.number),
        address("receipt", disbursement.number),
        address("photo", disbursement.photos.get().pk, "small"),
        address("findings"),
        address("findings") + "?part=all",
        address("finding", finding.pk),
        address("facts"),
    ]


@pytest.fixture
def finding(disbursement, household_li, operator) -> Finding:
    record_fact(
        kind="cadre_relative",
        id_number=household_li.id_number,
        on_date=OCTOBER,
        source="示例名单",
        at=NOON,
    )
    hand_out(household_li, 100, by=operator)
    return Finding.objects.get()


@pytest.fixture
def shown(filed, household_zhang, disbursement, finding, supermarket) -> list[str]:
    return pages(filed, household_zhang, disbursement, finding, supermarket)


@pytest.fixture
def writes(filed, supermarket, household_zhang, disbursement, finding) -> list[str]:
    """Every address that changes something."""
    return [
        address("approve", filed.pk),
        address("return", filed.pk),
        address("pay_in", supermarket.pk),
        address("disburse", household_zhang.number),
        address("publish", disbursement.photos.get().pk),
        address("finding", finding.pk),
        address("facts"),
    ]


class TestWho:
    @pytest.mark.parametrize("who", ["operator", "auditor"])
    def test_staff_and_auditors_read(self, who, request, client, shown):
        client.force_login(request.getfixturevalue(who))
        for page in shown:
            assert client.get(page).status_code == 200, page

    @pytest.mark.parametrize("who", ["manager", "stranger", "buyer"])
    def test_nobody_else_does(self, who, request, client, shown, writes):
        client.force_login(request.getfixturevalue(who))
        for page in [*shown, *writes]:
            assert client.get(page).status_code in (403, 405), page
            assert client.post(page).status_code in (403, 405), page

    def test_strangers_are_asked_to_log_in(self, client, shown, writes):
        for page in [*shown, *writes]:
            assert client.get(page).url.startswith("/login/"), page

    def test_an_auditor_changes_nothing(self, client, auditor, writes, filed):
        client.force_login(auditor)
        before = [
            model.objects.count()
            for model in (PayIn, Disbursement, FindingDecision, OutsideFact)
        ]
        for page in writes:
            answer = client.post(page, {"reason": "不对", "public": "1"})
            assert answer.status_code in (302, 403), page
        assert before == [
            model.objects.count()
            for model in (PayIn, Disbursement, FindingDecision, OutsideFact)
        ]

    def test_an_auditor_decides_on_no_statement(self, client, auditor, filed):
        client.force_login(auditor)
        client.post(address("approve", filed.pk))
        client.post(address("return", filed.pk), {"reason": "不对"})
        assert not StatementDecision.objects.exists()
        assert address("approve", filed.pk) not in (
            client.get(address("statement", filed.pk)).content.decode()
        )


class TestStatements:
    def test_approve(self, client, operator, filed):
        client.force_login(operator)
        assert client.get(address("approve", filed.pk)).status_code == 405
        answer = client.post(address("approve", filed.pk), follow=True)
        assert "¥25.01" in answer.content.decode()
        assert Accrual.objects.get().statement == filed

    def test_approving_twice_says_so(self, client, operator, filed):
        client.force_login(operator)
        for _time in range(2):
            answer = client.post(address("approve", filed.pk), follow=True)
        assert 'role="alert"' in answer.content.decode()
        assert Accrual.objects.count() == 1

    def test_return_needs_a_reason(self, client, operator, filed):
        client.force_login(operator)
        answer = client.post(address("return", filed.pk), {"reason": ""})
        assert answer.status_code == 200
        client.post(address("return", filed.pk), {"reason": "缺十月下旬"})
        assert StatementDecision.objects.get().reason == "缺十月下旬"

    def test_the_filter_stands_in_the_address(self, client, operator, accrual):
        client.force_login(operator)
        link = address("statement", accrual.statement.pk)
        assert link not in client.get(address("statements")).content.decode()
        approved = client.get(address("statements") + "?status=approved")
        assert link in approved.content.decode()

    def test_pages_are_by_key(self, client, operator, filed):
        client.force_login(operator)
        page = client.get(f"{address('statements')}?status=all&before={filed.pk}")
        assert address("statement", filed.pk) not in page.content.decode()
        odd = client.get(f"{address('statements')}?before=%27;--")
        assert odd.status_code == 200


class TestMoney:
    def test_pay_in(self, client, operator, accrual, supermarket):
        client.force_login(operator)
        answer = client.post(
            address("pay_in", supermarket.pk),
            {"amount_fen": "¥10.00", "reference": "ICBC-7"},
        )
        assert answer.url == address("shares")
        assert PayIn.objects.get().amount_fen == 1_000

    @pytest.mark.parametrize("amount", ["99.00", "0", "-5", "abc", "1.005"])
    def test_a_wrong_sum_stays_in_the_form(
        self, amount, client, operator, accrual, supermarket
    ):
        client.force_login(operator)
        answer = client.post(
            address("pay_in", supermarket.pk),
            {"amount_fen": amount, "reference": "ICBC-7"},
        )
        assert answer.status_code == 200
        assert not PayIn.objects.exists()


class TestDisburse:
    def form(self, **changes: object) -> dict[str, object]:
        facts: dict[str, object] = {
            "key": "form-1",
            "amount_fen": "16.67",
            "kind": "cash",
            "goods": "",
            "stage": "during",
            "receipt": SimpleUploadedFile("r.jpg", photo().read()),
            "photos": [
                SimpleUploadedFile("a.jpg", photo().read()),
                SimpleUploadedFile("b.jpg", photo(color="green").read()),
            ],
        }
        return facts | changes

    def test_with_receipt_and_photos(self, client, operator, paid_in, household_zhang):
        client.force_login(operator)
        page = address("disburse", household_zhang.number)
        answer = client.post(page, self.form())
        made = Disbursement.objects.get()
        assert answer.url == address("disbursement", made.number)
        assert made.photos.count() == 2
        assert client.post(page, self.form()).url == answer.url
        assert Disbursement.objects.count() == 1

    def test_the_contact_is_asked_to_confirm(
        self, client, operator, paid_in, household_zhang
    ):
        client.force_login(operator)
        client.post(address("disburse", household_zhang.number), self.form())
        text = TextMessage.objects.get()
        assert text.phone == household_zhang.contact_phone
        assert "/household/" in str(text.words)
        assert household_zhang.name not in str(text.words)

    def test_a_rule_that_blocks_is_named(
        self, client, operator, paid_in, household_zhang
    ):
        record_fact(
            kind="death",
            id_number=household_zhang.id_number,
            on_date=OCTOBER,
            source="示例名单",
            at=NOON,
        )
        client.force_login(operator)
        page = client.post(address("disburse", household_zhang.number), self.form())
        assert "示例名单" in page.content.decode()
        assert not Disbursement.objects.exists()
        assert Finding.objects.get().rule == "deceased"

    @pytest.mark.parametrize(
        "changes",
        [
            {"amount_fen": "16.68"},
            {"photos": []},
            {"receipt": SimpleUploadedFile("r.pdf", b"MZ a program")},
            {"photos": [SimpleUploadedFile("a.jpg", b"#!/bin/sh")]},
            {"kind": "goods"},
        ],
    )
    def test_what_is_not_right_stays_in_the_form(
        self, changes, client, operator, paid_in, household_zhang
    ):
        client.force_login(operator)
        page = client.post(
            address("disburse", household_zhang.number), self.form(**changes)
        )
        assert page.status_code == 200
        assert not Disbursement.objects.exists()

    def test_a_receipt_is_shown_inside_a_shut_frame(
        self, client, operator, disbursement
    ):
        client.force_login(operator)
        answer = client.get(address("receipt", disbursement.number))
        assert answer["Content-Type"] == "image/webp"
        assert answer["X-Content-Type-Options"] == "nosniff"

    def test_photos_are_published_and_taken_back(self, client, operator, disbursement):
        picture = disbursement.photos.get()
        public = reverse("partners:photo", args=[picture.pk, "small"])
        client.force_login(operator)
        assert client.get(public).status_code == 404
        client.post(address("publish", picture.pk), {"public": "1"})
        assert client.get(public).status_code == 200
        client.post(address("publish", picture.pk), {"public": "0"})
        assert client.get(public).status_code == 404


class TestFindings:
    def test_a_second_person_decides(self, client, operator, other_operator, finding):
        client.force_login(operator)
        said = {"verdict": "dismissed", "reason": "远房亲戚"}
        assert client.post(address("finding", finding.pk), said).status_code == 403
        client.force_login(other_operator)
        client.post(address("finding", finding.pk), said)
        assert FindingDecision.objects.get().decided_by == other_operator
        shown = client.get(address("findings") + "?part=all").content.decode()
        assert "远房亲戚" in shown

    def test_the_list_says_which_household_and_what_sum(
        self, client, other_operator, finding
    ):
        client.force_login(other_operator)
        shown = client.get(address("findings")).content.decode()
        row = shown[shown.index(address("finding", finding.pk)) :].split("</a>")[0]
        assert finding.household.number in row
        assert finding.household.public_name in row
        assert finding.household.name not in row
        assert f"¥{finding.disbursement.amount_fen / 100:.2f}" in row

    def test_facts_are_taken_over_without_their_number(
        self, client, operator, household_zhang
    ):
        client.force_login(operator)
        said = {
            "kind": "death",
            "id_number": household_zhang.id_number,
            "on_date": "2026-10-01",
            "source": "示例名单",
        }
        answer = client.post(address("facts"), said, follow=True)
        assert OutsideFact.objects.count() == 1
        assert household_zhang.id_number not in answer.content.decode()

    def test_a_wrong_number_is_not_repeated_by_the_error(self, client, operator):
        client.force_login(operator)
        said = {
            "kind": "death",
            "id_number": "430722180001010010",
            "on_date": "2026-10-01",
            "source": "示例名单",
        }
        page = client.post(address("facts"), said)
        assert 'role="alert"' in page.content.decode()
        assert not OutsideFact.objects.exists()


def test_the_households_list_sums_what_can_be_handed_out(
    client, operator, paid_in, household_zhang
):
    """¥25.01 is there for two: ¥6.67 of Zhang's ¥16.67 is handed out."""
    hand_out(household_zhang, 667, by=operator)
    client.force_login(operator)
    shown = client.get(address("households") + "?part=all").content.decode()
    row = shown[shown.index(household_zhang.number) :].split("</tr>")[0]
    assert "¥10.00" in row
    assert "¥18.34" in shown[shown.index("<tfoot>") :].split("</tfoot>")[0]


def test_lists_ask_as_often_with_many_rows_as_with_few(
    client, operator, filed, finding, django_assert_max_num_queries
):
    client.force_login(operator)
    assert Statement.objects.exists()
    for page in ("statements", "shares", "households", "findings", "facts"):
        with django_assert_max_num_queries(20):
            client.get(address(page) + "?status=all&part=all")
