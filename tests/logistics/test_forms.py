"""The address form: chained lists without scripts, and one of several places."""

import json

import pytest
from django.test import Client
from django.utils import translation

from logistics import address
from logistics.forms import AddressForm
from tests.factories.places import load_places

RIGHT = {
    "name": "李示例",
    "phone": "100 0000 0001",
    "province": "430000000000",
    "city": "430100000000",
    "county": "430104000000",
    "township": "430104011000",
    "detail": "尖山路39号2栋301",
}

LEVELS = ("province", "city", "county", "township")


@pytest.fixture(autouse=True)
def _places(db: None) -> None:
    load_places("430104", "430722101", "110105", "320106", "350102", "441900", "429004")


def form(**changes: str) -> AddressForm:
    return AddressForm(RIGHT | changes)


def choices(filled: AddressForm, field: str) -> list[tuple[str, str]]:
    return list(filled.fields[field].choices)  # type: ignore[attr-defined]


def offered(filled: AddressForm, field: str) -> list[str]:
    return [code for code, _name in choices(filled, field)]


class TestAddressForm:
    def test_gives_the_delivery_down_to_the_township(self) -> None:
        filled = form()
        assert filled.is_valid(), filled.errors
        assert filled.delivery() == {
            "recipient": "李示例",
            "phone": "10000000001",
            "division_code": "430104011000",
            "detail": "尖山路39号2栋301",
        }

    def test_needs_no_township(self) -> None:
        filled = form(township="")
        assert filled.is_valid()
        assert filled.delivery()["division_code"] == "430104000000"

    def test_asks_for_neither_last_name_nor_postcode(self) -> None:
        assert not {"last_name", "postcode"} & set(AddressForm().fields)

    def test_without_scripts_each_sending_fills_the_next_list(self) -> None:
        first = form(city="", county="", township="")
        assert set(first.errors) == {"city"}
        assert offered(first, "city") == ["", "430100000000", "430700000000"]
        assert offered(first, "county") == [""]
        second = form(county="", township="", city="430700000000")
        assert offered(second, "county") == ["", "430722000000"]

    @pytest.mark.parametrize(
        ("field", "foreign"),
        [
            ("city", "320100000000"),
            ("county", "110105000000"),
            ("township", "110105001000"),
            ("province", "990000000000"),
        ],
    )
    def test_a_place_outside_the_one_above_is_refused(
        self, field: str, foreign: str
    ) -> None:
        assert not form(**{field: foreign}).is_valid()

    def test_a_citys_only_choice_is_made_for_the_buyer(self) -> None:
        beijing = form(
            province="110000000000", city="", county="110105000000", township=""
        )
        assert beijing.is_valid(), beijing.errors
        assert beijing.cleaned_data["city"] == "110100000000"
        assert ("110100000000", "北京市") in choices(beijing, "city")

    def test_a_city_without_counties_is_its_own(self) -> None:
        dongguan = form(
            province="440000000000",
            city="441900000000",
            county="",
            township="441900004000",
        )
        assert dongguan.is_valid(), dongguan.errors
        assert dongguan.delivery()["division_code"] == "441900004000"

    def test_a_wrong_phone_number_is_said_at_its_field(self) -> None:
        assert "phone" in form(phone="0731-8888").errors


class TestFromAPaste:
    def test_fills_what_was_read(self) -> None:
        read = address.parse(
            "李示例,10000000001,湖南长沙岳麓区麓谷街道尖山路39号2栋301"
        )
        first = AddressForm(initial=AddressForm.initial_from(read))
        assert {name: first[name].value() for name in RIGHT} == RIGHT | {
            "phone": "10000000001"
        }
        assert "which" not in first.fields

    def test_shows_what_is_no_number_at_its_field(self) -> None:
        read = address.parse("李示例 12345 湖南长沙岳麓区尖山路39号")
        first = AddressForm(AddressForm.initial_from(read))
        assert first["phone"].value() == "12345"
        assert set(first.errors) == {"phone"}
        assert first["detail"].value() == "尖山路39号"

    def sent(self, **more: str) -> AddressForm:
        read = address.parse("李示例 10000000001 鼓楼区中山路1号")
        first = AddressForm(initial=AddressForm.initial_from(read))
        fields = ("name", "phone", "detail", "among")
        return AddressForm({name: first[name].value() for name in fields} | more)

    def test_asks_which_of_several_places_and_takes_the_answer(self) -> None:
        unanswered = self.sent()
        assert set(unanswered.errors) == {"which"}
        assert offered(unanswered, "which") == ["320106000000", "350102000000", "other"]
        assert "province" not in unanswered.fields
        answered = self.sent(which="350102000000")
        assert answered.is_valid(), answered.errors
        assert answered.delivery()["division_code"] == "350102000000"
        assert answered.cleaned_data["county"] == "350102000000"

    def test_an_answer_that_was_not_offered_is_none(self) -> None:
        assert set(self.sent(which="430104000000").errors) == {"which"}

    def test_none_of_them_brings_the_lists(self) -> None:
        lists = self.sent(which="other")
        assert set(lists.errors) == {"province"}
        assert "which" not in lists.fields
        assert form(which="other", among="320106000000").is_valid()

    @pytest.mark.parametrize(
        "among", ["999999000000", "x", "'; --", "1" * 3000, "," * 50]
    )
    def test_a_made_up_question_is_not_asked(self, among: str) -> None:
        assert not {"which", "among"} & set(form(among=among).fields)
        assert form(among=among).is_valid()

    def test_the_lists_may_be_sent_empty_by_a_browser(self) -> None:
        empty = AddressForm()
        assert "required" in str(empty["name"])
        assert empty.fields["city"].required
        assert "required" not in str(empty["city"])

    def test_spells_places_in_english_and_takes_them(self) -> None:
        with translation.override("en"):
            filled = form()
            names = {level: dict(choices(filled, level)) for level in LEVELS}
            assert filled.is_valid()
        assert names["province"][RIGHT["province"]] == "Hunan 湖南省"
        assert names["city"][RIGHT["city"]] == "Changsha city 长沙市"
        assert names["county"][RIGHT["county"]] == "Yuelu district 岳麓区"
        assert names["township"][RIGHT["township"]].endswith("subdistrict 麓谷街道")
        assert dict(choices(form(), "province"))[RIGHT["province"]] == "湖南省"

    def test_points_at_what_was_read_on_weak_grounds(self) -> None:
        read = address.parse("小雨 10000000001 湖南省长沙市岳麓区尖山路39号")
        assert read.unsure == ["name"]
        first = AddressForm(initial=AddressForm.initial_from(read))
        assert first.fields["name"].help_text
        assert not first.fields["detail"].help_text


class TestTheHelpers:
    def test_lists_what_lies_in_a_place(self, client: Client) -> None:
        url = "/address/children/430100000000/?level=county"
        answer = client.get(url)
        assert answer.json()["places"] == [{"code": "430104000000", "name": "岳麓区"}]
        assert "max-age" in answer["Cache-Control"]
        assert not answer.cookies

    def test_spells_the_names_where_the_address_asks_for_english(
        self, client: Client
    ) -> None:
        """Browsers keep the answer, so their language must not decide alone."""
        url = "/address/children/430100000000/?level=county"
        english = {"accept-language": "en"}
        spelled = client.get(f"{url}&lang=en").json()["places"]
        assert spelled == [{"code": "430104000000", "name": "Yuelu district 岳麓区"}]
        plain = client.get(f"{url}&lang=zh-Hans", headers=english).json()["places"]
        assert plain == [{"code": "430104000000", "name": "岳麓区"}]

    def test_knows_what_lies_in_nothing(self, client: Client) -> None:
        assert client.get("/address/children/990000000000/?level=city").json() == {
            "places": []
        }
        assert client.get("/address/children/430000000000/").status_code == 400
        assert (
            client.get("/address/children/430000000000/?level=village").status_code
            == 400
        )

    def test_reads_a_paste(self, client: Client) -> None:
        answer = client.post(
            "/address/parse/", {"text": "李示例,10000000001,湖南省长沙市岳麓区1号"}
        )
        assert answer.json()["county"] == "430104000000"
        assert answer.json()["missing"] == []

    def test_reads_nothing_endless_and_nothing_empty(self, client: Client) -> None:
        assert client.post("/address/parse/", {"text": "湖" * 501}).status_code == 400
        assert client.post("/address/parse/", {"text": " "}).status_code == 400
        assert client.get("/address/parse/").status_code == 405

    def test_refuses_another_sites_page(self) -> None:
        strict = Client(enforce_csrf_checks=True)
        assert strict.post("/address/parse/", {"text": "湖南"}).status_code == 403

    def test_speaks_json_that_a_page_can_read(self, client: Client) -> None:
        answer = client.post("/address/parse/", {"text": "鼓楼区中山路1号"})
        choices = json.loads(answer.content)["choices"]
        assert choices[0] == {
            "code": "320106000000",
            "name": "江苏省南京市鼓楼区",
        }
