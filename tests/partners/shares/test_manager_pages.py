"""A manager's pages: only their own supermarket, and nothing filed by looking."""

from datetime import timedelta

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from partners.models import Statement, StatementUpload
from partners.operations import file_statement, return_statement
from tests.factories.shares import AFTER_OCTOBER, OCTOBER
from tests.factories.sheets import LINES, as_csv, as_xlsx, sale

pytestmark = pytest.mark.django_db


@pytest.fixture
def client_of(client):
    """A client that is logged in as whoever is named."""

    def log_in(user):
        client.force_login(user)
        return client

    return log_in


def send(client, supermarket, data: bytes, name: str = "十月.csv"):
    return client.post(
        reverse("partners:new_upload", args=[supermarket.pk]),
        {"month": "2026-10", "file": SimpleUploadedFile(name, data)},
    )


@pytest.fixture(autouse=True)
def _november():

    with time_machine.travel(AFTER_OCTOBER, tick=False):
        yield


class TestWho:
    def test_a_manager_lands_at_the_own_supermarket(
        self, client_of, manager, supermarket, other_supermarket
    ):
        page = client_of(manager).get(reverse("partners:supermarkets"))
        assert page.url == reverse("partners:supermarket", args=[supermarket.pk])

    def test_of_two_supermarkets_the_manager_chooses(
        self, client_of, manager, supermarket, other_supermarket
    ):
        other_supermarket.managers.add(manager)
        page = client_of(manager).get(reverse("partners:supermarkets"))
        assert supermarket.name in page.content.decode()

    @pytest.mark.parametrize("who", ["other_manager", "stranger", "buyer"])
    def test_nobody_else_sees_it(
        self, who, request, client_of, supermarket, other_supermarket, filed
    ):
        client = client_of(request.getfixturevalue(who))
        for name, args in (
            ("supermarket", [supermarket.pk]),
            ("new_upload", [supermarket.pk]),
            ("statement", [supermarket.pk, filed.pk]),
            ("statement_file", [supermarket.pk, filed.pk]),
        ):
            assert client.get(reverse(f"partners:{name}", args=args)).status_code == 403

    def test_strangers_are_asked_to_log_in(self, client, supermarket):
        page = client.get(reverse("partners:supermarket", args=[supermarket.pk]))
        assert page.url.startswith("/login/")

    def test_an_auditor_reads_and_does_not_upload(
        self, client_of, auditor, supermarket, filed
    ):
        client = client_of(auditor)
        page = client.get(reverse("partners:supermarket", args=[supermarket.pk]))
        assert page.status_code == 200
        assert reverse("partners:new_upload", args=[supermarket.pk]) not in str(
            page.content
        )
        assert send(client, supermarket, as_csv()).status_code == 403

    def test_another_supermarkets_statement_is_not_under_the_own_address(
        self, client_of, other_manager, other_supermarket, filed
    ):
        address = reverse("partners:statement", args=[other_supermarket.pk, filed.pk])
        assert client_of(other_manager).get(address).status_code == 404

    def test_somebody_without_a_supermarket_is_turned_away(self, client_of, stranger):
        page = client_of(stranger).get(reverse("partners:supermarkets"))
        assert page.status_code == 403


class TestToday:
    def test_asks_for_the_statement_that_is_due(
        self, client_of, manager, supermarket, agreement
    ):
        page = client_of(manager).get(
            reverse("partners:supermarket", args=[supermarket.pk])
        )
        assert (
            f"{reverse('partners:new_upload', args=[supermarket.pk])}?month=2026-10"
            in (page.content.decode())
        )

    def test_shows_why_it_came_back(
        self, client_of, manager, supermarket, filed, operator
    ):
        return_statement(
            statement=filed, reason="缺十月下旬", by=operator, at=AFTER_OCTOBER
        )
        page = client_of(manager).get(
            reverse("partners:supermarket", args=[supermarket.pk])
        )
        assert "缺十月下旬" in page.content.decode()

    @time_machine.travel(AFTER_OCTOBER + timedelta(days=40), tick=False)
    def test_what_came_back_is_first_to_do_in_whatever_month(
        self, client_of, manager, operator, supermarket, filed
    ):
        return_statement(
            statement=filed, reason="缺十月下旬", by=operator, at=AFTER_OCTOBER
        )
        address = reverse("partners:supermarket", args=[supermarket.pk])
        text = client_of(manager).get(address).content.decode()
        assert text.index("缺十月下旬") < text.index('id="task"')
        assert text.count("button-primary") == 1
        assert text.index("button-primary") < text.index('id="task"')
        file_statement(
            supermarket=supermarket,
            period=OCTOBER,
            file=ContentFile(as_csv(LINES[:2]), "更正.csv"),
            by=manager,
            at=AFTER_OCTOBER,
        )
        text = client_of(manager).get(address).content.decode()
        assert "缺十月下旬" not in text

    def test_a_correction_downwards_is_explained_before_it_is_filed(
        self, client_of, manager, supermarket, paid_in
    ):
        page = send(client_of(manager), supermarket, as_csv(LINES[:2]))
        text = client_of(manager).get(page.url).content.decode()
        assert "¥13.03" in text  # 25.01 that was paid in, less 11.98.

    def test_shows_what_is_owed_and_for_whom_masked(
        self, client_of, manager, supermarket, accrual
    ):
        text = (
            client_of(manager)
            .get(reverse("partners:supermarket", args=[supermarket.pk]))
            .content.decode()
        )
        assert "¥25.01" in text
        assert "张**" in text
        assert "张示例" not in text


class TestUpload:
    @pytest.mark.parametrize("data", [as_csv(), as_csv(encoding="gbk"), as_xlsx()])
    def test_shows_what_it_would_mean_before_filing(
        self, data, client_of, manager, supermarket, agreement
    ):
        client = client_of(manager)
        page = client.get(send(client, supermarket, data).url)
        text = page.content.decode()
        assert "¥500.20" in text
        assert "¥25.01" in text
        assert "张**" in text
        assert not Statement.objects.exists()

    def test_files_on_the_second_page(self, client_of, manager, supermarket, agreement):
        client = client_of(manager)
        send(client, supermarket, as_csv())
        upload = StatementUpload.objects.get()
        address = reverse("partners:file_upload", args=[supermarket.pk, upload.pk])
        assert client.get(address).status_code == 405
        for _time in range(3):
            answer = client.post(address)
        statement = Statement.objects.get()
        assert answer.url == reverse(
            "partners:statement", args=[supermarket.pk, statement.pk]
        )
        assert client.get(answer.url).status_code == 200

    def test_says_line_by_line_what_is_wrong(
        self, client_of, manager, supermarket, agreement
    ):
        client = client_of(manager)
        data = as_csv([*LINES, sale(sales="-1"), sale(day="2026-09-30")])
        text = client.get(send(client, supermarket, data).url).content.decode()
        assert 'class="hard"' in text
        assert reverse("partners:file_upload", args=[supermarket.pk, 1]) not in text
        assert "2026-09-30" in text

    def test_a_program_in_disguise_is_found_and_not_kept(
        self, client_of, manager, supermarket, tmp_path
    ):
        client = client_of(manager)
        answer = send(client, supermarket, b"MZ\x90\x00\x00 program", "十月.xlsx")
        assert 'class="hard"' in client.get(answer.url).content.decode()
        assert not list((tmp_path / "private").rglob("*.*"))
        upload = StatementUpload.objects.get()
        client.post(reverse("partners:file_upload", args=[supermarket.pk, upload.pk]))
        assert not Statement.objects.exists()

    def test_what_a_cell_holds_is_never_run_on_the_page(
        self, client_of, manager, supermarket, agreement
    ):
        client = client_of(manager)
        data = as_csv([sale(day="<script>alert(1)</script>")])
        text = client.get(send(client, supermarket, data).url).content.decode()
        assert "<script>alert" not in text
        assert "&lt;script&gt;" in text

    def test_nobody_files_anothers_upload(
        self, client_of, manager, supermarket, other_manager, other_supermarket
    ):
        send(client_of(manager), supermarket, as_csv())
        upload = StatementUpload.objects.get()
        client = client_of(other_manager)
        for shop in (supermarket, other_supermarket):
            address = reverse("partners:file_upload", args=[shop.pk, upload.pk])
            assert client.post(address).status_code in (403, 404)
        assert not Statement.objects.exists()

    def test_a_month_that_is_not_offered_is_refused(
        self, client_of, manager, supermarket
    ):
        client = client_of(manager)
        page = client.post(
            reverse("partners:new_upload", args=[supermarket.pk]),
            {"month": "2031-13", "file": SimpleUploadedFile("x.csv", as_csv())},
        )
        assert page.status_code == 200
        assert not StatementUpload.objects.exists()


class TestFiles:
    @pytest.mark.parametrize("kind", ["xlsx", "csv"])
    def test_the_template_can_be_downloaded(self, kind, client_of, manager):
        answer = client_of(manager).get(
            reverse("partners:statement_template", args=[kind])
        )
        assert answer.status_code == 200
        assert "attachment" in answer["Content-Disposition"]

    def test_the_original_is_only_ever_saved(
        self, client_of, manager, supermarket, filed
    ):
        answer = client_of(manager).get(
            reverse("partners:statement_file", args=[supermarket.pk, filed.pk])
        )
        assert b"".join(answer.streaming_content) == as_csv()
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["X-Content-Type-Options"] == "nosniff"
