"""Staff's pages of villages: what is there, and one form for each thing that is not."""

import pytest
from django.urls import reverse

from partners.organisations.models import (
    Assistant,
    AuditRecord,
    Cooperative,
    Farmer,
    Station,
)
from tests.factories.people import new_phone, new_uscc, new_user

pytestmark = pytest.mark.django_db


def address(name: str, *args: object) -> str:
    return reverse(f"partners_backoffice:{name}", args=args)


@pytest.fixture
def county(client, operator):
    client.force_login(operator)
    return client


@pytest.fixture
def writes(village_yonggu, assistant_zhao) -> dict[str, dict[str, str]]:
    """Every address that writes, with what would be taken."""
    code = village_yonggu.pk
    person = {"name": "钱示例", "phone": new_phone()}
    return {
        address("station", code): {"name": "永固村服务站"},
        address("assistant_new", code): person,
        address("assistant_dismiss", code, assistant_zhao.pk): {},
        address("farmer_new", code): {
            "village": code,
            "called": "李伯",
            "name": "李示例",
            "phone": new_phone(),
        },
        address("cooperative_new", code): {"name": "永固合作社", "uscc": new_uscc()},
    }


def counts() -> list[int]:
    kept = (Station, Assistant, Farmer, Cooperative, AuditRecord)
    return [model.objects.count() for model in kept]


class TestWho:
    @pytest.mark.parametrize(
        "who", ["auditor", "manager", "assistant_zhao", "stranger"]
    )
    def test_nobody_but_operators_writes(self, who, request, client, writes):
        user = request.getfixturevalue(who)
        client.force_login(getattr(user, "user", user))
        before = counts()
        for page, facts in writes.items():
            assert client.post(page, facts).status_code == 403, page
        assert counts() == before

    def test_an_auditor_reads(self, client, auditor, village_yonggu, farmer_wang):
        client.force_login(auditor)
        for page in (address("villages"), address("village", village_yonggu.pk)):
            text = client.get(page).content.decode()
            assert village_yonggu.name in text or page == address("villages")
            assert "<form" not in text.split("<main")[1].split("</main")[0]

    def test_a_stranger_does_not(self, client, stranger, village_yonggu):
        client.force_login(stranger)
        for page in (address("villages"), address("village", village_yonggu.pk)):
            assert client.get(page).status_code == 403

    @pytest.mark.parametrize("code", ["430722111000", "110101001001", "1", "x"])
    def test_places_that_are_no_villages_of_ours_are_not_there(
        self, county, village_yonggu, code
    ):
        assert county.get(address("village", code)).status_code == 404


class TestPages:
    def test_every_form_does_what_it_says(self, county, writes, village_yonggu):
        for page, facts in writes.items():
            answer = county.post(page, facts)
            assert answer.status_code == 302, (page, answer.content.decode()[-2000:])
        assert Station.objects.get().village == village_yonggu
        assert Cooperative.objects.get().name == "永固合作社"
        assert Farmer.objects.get().called == "李伯"
        served = list(village_yonggu.assistants.values_list("user__name", flat=True))
        assert served == ["钱示例"], "the other one was dismissed"
        page = county.get(address("village", village_yonggu.pk)).content.decode()
        for words in ("永固村服务站", "永固合作社", "李伯", "钱示例"):
            assert words in page

    def test_a_wrong_number_is_said_at_its_field(self, county, village_yonggu):
        for name in ("assistant_new", "farmer_new"):
            page = address(name, village_yonggu.pk)
            facts = {"name": "李示例", "called": "李伯", "phone": "123"}
            answer = county.post(page, facts | {"village": village_yonggu.pk})
            assert answer.status_code == 422
            assert "id_phone_error" in answer.content.decode()

    def test_a_number_of_somebody_else_makes_nobody_an_assistant(
        self, county, village_yonggu
    ):
        other = new_user(name="周示例")
        answer = county.post(
            address("assistant_new", village_yonggu.pk),
            {"name": "赵示例", "phone": other.phone},
        )
        assert answer.status_code == 422
        assert not Assistant.objects.exists()

    def test_a_township_shows_its_villages(self, county, village_yonggu):
        page = address("villages")
        assert village_yonggu.name not in county.get(page).content.decode()
        answer = county.get(f"{page}?township={village_yonggu.parent_id}")
        assert village_yonggu.name in answer.content.decode()

    def test_numbers_are_masked(self, county, farmer_wang, assistant_zhao):
        page = county.get(address("village", farmer_wang.village_id)).content.decode()
        assert farmer_wang.phone not in page
        assert assistant_zhao.user.phone not in page

    def test_a_farmers_page_leads_back_and_on_to_a_plot(self, county, farmer_wang):
        page = county.get(f"/assistant/farmers/{farmer_wang.pk}/").content.decode()
        assert address("village", farmer_wang.village_id) in page
        plot = f"/assistant/lots/plots/new/?farmer={farmer_wang.pk}"
        assert plot in page
        form = county.get(plot).content.decode()
        assert f'value="{farmer_wang.pk}" selected' in form


class TestNewPerson:
    def test_opens_an_account_and_leads_to_its_roles(self, county):
        phone = new_phone()
        page = reverse("users_backoffice:new")
        answer = county.post(page, {"name": "孙示例", "phone": phone}, follow=True)
        assert answer.status_code == 200
        assert "孙示例" in answer.content.decode()
        assert phone not in answer.content.decode()

    @pytest.mark.parametrize("who", ["auditor", "stranger"])
    def test_is_the_operators(self, who, request, client):
        client.force_login(request.getfixturevalue(who))
        page = reverse("users_backoffice:new")
        assert client.get(page).status_code == 403
        assert client.post(page, {"name": "孙示例"}).status_code == 403
