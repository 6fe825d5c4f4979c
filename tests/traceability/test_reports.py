"""Reports of fakes: read by the county, concluded once, contacts for operators only."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from tests.factories.people import new_user
from traceability.models import FakeReport, ReportConclusion
from traceability.operations import UnableToConclude, conclude_report, report_fake

pytestmark = pytest.mark.django_db
CONTACT = "10000000077"


@pytest.fixture
def reported() -> FakeReport:
    return report_fake(
        code="A" * 20, message="字印歪了", contact=CONTACT, at=timezone.now()
    )


@pytest.fixture
def operator():
    return new_user(name="周明示例", role="operator")


@pytest.fixture
def auditor():
    return new_user(name="田静示例", role="auditor")


def browser(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def conclude(report: FakeReport, by, **changes: str) -> ReportConclusion:
    said = {"finding": "fake", "note": "不是我们的箱子"} | changes
    return conclude_report(report=report, by=by, at=timezone.now(), **said)


class TestConcludeReport:
    def test_takes_it_off_the_open_ones(self, reported, operator):
        assert FakeReport.objects.waiting().count() == 1
        conclude(reported, operator)
        assert FakeReport.objects.waiting().count() == 0

    def test_is_said_once(self, reported, operator):
        first = conclude(reported, operator)
        with pytest.raises(UnableToConclude):
            conclude(reported, operator, finding="genuine")
        assert ReportConclusion.objects.get() == first

    def test_is_an_operators(self, reported, auditor):
        with pytest.raises(UnableToConclude):
            conclude(reported, auditor)
        assert not ReportConclusion.objects.exists()

    @pytest.mark.parametrize("wrong", [{"finding": "maybe"}, {"note": "  "}])
    def test_says_something(self, reported, operator, wrong):
        with pytest.raises(UnableToConclude):
            conclude(reported, operator, **wrong)
        with pytest.raises(IntegrityError), transaction.atomic():
            said = {"finding": "fake", "note": "x"} | wrong
            ReportConclusion.objects.create(
                report=reported,
                finding=said["finding"],
                note=said["note"].strip(),
                concluded_by=operator,
                concluded_at=timezone.now(),
            )


class TestPages:
    def test_list_what_waits_and_keep_what_is_done(self, reported, operator):
        client = browser(operator)
        assert "字印歪了" in client.get("/backoffice/reports/").content.decode()
        answer = client.post(
            f"/backoffice/reports/{reported.pk}/",
            {"finding": "unclear", "note": "打过电话"},
        )
        assert answer.status_code == 302
        assert "字印歪了" not in client.get("/backoffice/reports/").content.decode()
        page = client.get("/backoffice/reports/?part=all").content.decode()
        assert "字印歪了" in page

    def test_an_empty_note_is_said_at_its_field(self, reported, operator):
        answer = browser(operator).post(
            f"/backoffice/reports/{reported.pk}/", {"finding": "fake", "note": ""}
        )
        assert answer.status_code == 422
        assert 'id="id_note_error"' in answer.content.decode()

    def test_show_the_reporters_number_to_who_may_call(
        self, reported, operator, auditor
    ):
        address = f"/backoffice/reports/{reported.pk}/"
        assert CONTACT in browser(operator).get(address).content.decode()
        assert CONTACT not in browser(auditor).get(address).content.decode()
