"""Staff let programs in and shut them out, on a page."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from shop.users.models import User
from tests.factories.traceability import english_client
from tests.traceability.epcis.conftest import Program, event
from traceability.epcis.models import Access, Party

pytestmark = pytest.mark.django_db
PAGE = "/backoffice/exchange/"


@pytest.fixture
def staff(operator: User) -> Client:
    client = english_client()
    client.force_login(operator)
    return client


class TestLettingIn:
    def test_a_program_gets_in_by_the_token_that_was_shown(self, staff: Client) -> None:
        assert staff.post(PAGE, {"name": " 示例\u200b冷链 "}).status_code == 302
        party = Party.objects.get()
        assert party.name == "示例冷链"
        answer = staff.post(reverse("epcis:access_give", args=[party.pk]))
        shown = re.search(r"xj_[\w-]{43}", answer.content.decode())
        assert shown is not None
        program = Program(shown.group())
        assert program.capture(event())["success"] is True
        assert shown.group() not in staff.get(PAGE).content.decode()

    def test_a_program_is_shut_out(
        self, staff: Client, program: Program, party: Party
    ) -> None:
        access = Access.objects.get()
        for _again in range(2):
            staff.post(reverse("epcis:access_end", args=[access.pk]))
        assert program.get("/epcis/events").status_code == 401
        ended = Access.objects.get().ended_at
        assert ended is not None
        assert "No longer valid" in staff.get(PAGE).content.decode()

    @pytest.mark.parametrize("name", ["", "  ", "\u200b", "x" * 61, "示例冷链公司"])
    def test_a_name_that_will_not_do_is_told_at_its_field(
        self, name: str, staff: Client, party: Party
    ) -> None:
        answer = staff.post(PAGE, {"name": name})
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.content.decode()
        assert Party.objects.count() == 1
