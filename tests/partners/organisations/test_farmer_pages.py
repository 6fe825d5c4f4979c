"""An assistant's pages about the farmers of their villages, and of no others."""

import pytest
from django.utils.translation import override

from partners.organisations.models import AuditRecord, Farmer
from tests.factories.people import new_assistant, new_phone

pytestmark = pytest.mark.django_db

LIST, NEW = "/assistant/farmers/", "/assistant/farmers/new/"


@pytest.fixture(autouse=True)
def in_english():
    with override("en"):
        yield


def page_of(farmer) -> str:
    return f"/assistant/farmers/{farmer.pk}/"


def new(village, **changes) -> dict[str, str]:
    return {
        "village": village.pk,
        "called": "周婶",
        "name": "周示例",
        "phone": new_phone(),
        **changes,
    }


class TestList:
    def test_has_the_farmers_of_my_villages_only(
        self, client, assistant_zhao, farmer_wang, farmer_li
    ):
        client.force_login(assistant_zhao.user)
        page = client.get(LIST).content.decode()
        assert "王婶" in page and "李伯" not in page
        assert farmer_wang.phone not in page

    def test_the_list_asks_no_more_for_more_farmers(
        self, client, assistant_zhao, village_yonggu, django_assert_max_num_queries
    ):
        client.force_login(assistant_zhao.user)
        for number in range(8):
            client.post(NEW, new(village_yonggu, called=f"周{number}"))
        client.get(LIST)  # Takes the words about the eight off the session.
        with django_assert_max_num_queries(6):
            client.get(LIST)

    @pytest.mark.parametrize("who", ["stranger", "buyer", "operator", "auditor"])
    def test_is_for_assistants(self, client, who, request):
        assert client.get(LIST).url.startswith("/login/")
        client.force_login(request.getfixturevalue(who))
        for url in (LIST, NEW):
            assert client.get(url).status_code == 403


class TestRegister:
    def test_puts_a_farmer_on_the_list(self, client, assistant_zhao, village_yonggu):
        client.force_login(assistant_zhao.user)
        assert client.post(NEW, new(village_yonggu)).url == LIST
        farmer = Farmer.objects.get(called="周婶")
        assert farmer.village == village_yonggu
        record = AuditRecord.objects.get(subject=f"farmer:{farmer.pk}")
        assert record.actor == assistant_zhao.user

    def test_not_in_another_assistants_village(
        self, client, assistant_zhao, village_luxi
    ):
        client.force_login(assistant_zhao.user)
        assert client.post(NEW, new(village_luxi)).status_code == 200
        assert not Farmer.objects.exists()

    def test_not_with_the_assistants_own_number(
        self, client, assistant_zhao, village_yonggu
    ):
        client.force_login(assistant_zhao.user)
        answer = client.post(
            NEW, new(village_yonggu, phone=f"86 {assistant_zhao.user.phone}")
        )
        assert answer.status_code == 200
        assert not Farmer.objects.exists()

    @pytest.mark.parametrize(
        "changes", [{"phone": "12"}, {"called": ""}, {"growing_since": "2999"}]
    )
    def test_says_what_is_wrong_at_the_form(
        self, client, assistant_zhao, village_yonggu, changes
    ):
        client.force_login(assistant_zhao.user)
        answer = client.post(NEW, new(village_yonggu, **changes))
        assert answer.status_code == 200 and answer.context["form"].errors
        assert not Farmer.objects.exists()


class TestFarmer:
    def test_the_assistant_changes_what_pages_say(
        self, client, assistant_zhao, farmer_wang
    ):
        client.force_login(assistant_zhao.user)
        said = {"called": "王大婶", "growing_since": "2015", "story": "种橙子。"}
        assert client.post(page_of(farmer_wang), said).url == page_of(farmer_wang)
        farmer_wang.refresh_from_db()
        assert farmer_wang.called == "王大婶" and farmer_wang.growing_since == 2015

    @pytest.mark.parametrize("who", ["assistant_qian", "stranger", "auditor"])
    def test_nobody_elses(self, client, who, request, farmer_wang):
        user = request.getfixturevalue(who)
        client.force_login(getattr(user, "user", user))
        assert client.get(page_of(farmer_wang)).status_code == 404
        assert client.post(page_of(farmer_wang), {"called": "别人"}).status_code == 404
        farmer_wang.refresh_from_db()
        assert farmer_wang.called == "王婶"

    def test_the_number_is_not_the_assistants_to_change(
        self, client, assistant_zhao, farmer_wang
    ):
        client.force_login(assistant_zhao.user)
        before = farmer_wang.phone
        page = client.get(page_of(farmer_wang)).content.decode()
        assert 'name="phone"' not in page and before not in page
        answer = client.post(page_of(farmer_wang), {"phone": new_phone()})
        assert answer.status_code == 403
        farmer_wang.refresh_from_db()
        assert farmer_wang.phone == before

    def test_the_operator_changes_it_and_the_old_account_is_let_go(
        self, client, operator, farmer_wang, stranger
    ):
        farmer_wang.user = stranger
        farmer_wang.save()
        client.force_login(operator)
        phone = new_phone()
        client.post(page_of(farmer_wang), {"phone": phone})
        farmer_wang.refresh_from_db()
        assert (farmer_wang.phone, farmer_wang.user) == (phone, None)
        assert AuditRecord.objects.filter(act="move_phone", actor=operator).exists()

    def test_a_number_of_another_farmer_is_refused(
        self, client, operator, farmer_wang, farmer_li
    ):
        client.force_login(operator)
        answer = client.post(page_of(farmer_wang), {"phone": farmer_li.phone})
        assert answer.status_code == 200
        farmer_wang.refresh_from_db()
        assert farmer_wang.phone != farmer_li.phone

    def test_a_calling_of_another_farmer_is_refused(
        self, client, village_yonggu, farmer_wang
    ):
        assistant = new_assistant(village_yonggu, name="吴示例")
        client.force_login(assistant.user)
        client.post(NEW, new(village_yonggu))
        answer = client.post(page_of(farmer_wang), {"called": "周婶"})
        assert answer.status_code == 200
        farmer_wang.refresh_from_db()
        assert farmer_wang.called == "王婶"
